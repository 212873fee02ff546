import { parseArgs } from "node:util"
import { cases } from "./Cases.ts"

export const readOptions = () => {
  const usage = `npm run faults -- --case D03,D09 [--rounds 50] | --all [--short] [--report]
  --short   few rounds of each
  --report  writes docs/reliability.md
  cases:    ${Object.keys(cases).join(", ")}
`
  const fail = (message: string): never => {
    process.stderr.write(`${message}\n${usage}`)
    process.exit(2)
  }
  const { values } = parseArgs({
    options: {
      case: { type: "string" },
      all: { type: "boolean", default: false },
      rounds: { type: "string" },
      short: { type: "boolean", default: false },
      report: { type: "boolean", default: false },
      help: { type: "boolean", default: false }
    }
  })
  if (values.help || (values.case === undefined && !values.all)) fail("Breaks what the service needs, and measures it.")
  const all = Object.entries(cases).filter(([, { tested }]) => !(values.short && tested))
  const ids = values.all ? all.map(([id]) => id) : values.case!.split(",")
  for (const id of ids) if (!Object.hasOwn(cases, id)) fail(`There is no ${id}.`)
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0 && rounds <= 10_000))
    fail("--rounds must be 1 to 10000.")
  return { ids, rounds, short: values.short, report: values.report }
}
