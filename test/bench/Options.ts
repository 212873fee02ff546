import { parseArgs } from "node:util"
import { type Kind, kinds } from "./Kinds.ts"
import { type RouteName, routes } from "./Routes.ts"

const usage = `npm run bench -- [--rounds 3] [--requests 8000] [--routes session,health] [--only bundle,plain] [--quick] [--report]
  --memory [N]  the bundle's resident memory over N requests, a million unless told
  --p99         p50 and p99 at 70 % of the top rate, in place of the table
  --scale       the bundle from 10,000 to 1,000,000 people, and from 40 to 1,000 members
  --replicas    1, 2 and 4 of the bundle on one PostgreSQL, and one with pools of other sizes
  routes: ${Object.keys(routes).join(", ")}
  only:   ${Object.keys(kinds).join(", ")}
`

const fail = (message: string): never => {
  process.stderr.write(`${message}\n${usage}`)
  process.exit(2)
}

const pick = <Name extends string>(text: string | undefined, known: Readonly<Record<Name, unknown>>) => {
  const all = Object.keys(known) as Array<Name>
  if (text === undefined) return all
  for (const name of text.split(",")) if (!Object.hasOwn(known, name)) fail(`There is no ${name}.`)
  return all.filter((name) => text.split(",").includes(name))
}

/** Bounded, so that a slip of the finger does not run all night. */
const numberOf = (name: string, text: string, max: number) => {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 && number <= max ? number : fail(`--${name} must be 1 to ${max}.`)
}

/** Other than the table. */
const modes = ["memory", "p99", "scale", "replicas"] as const

export interface Options {
  readonly mode: "table" | (typeof modes)[number]
  readonly rounds: number
  /** In one sample. */
  readonly requests: number
  readonly memoryRequests: number
  readonly routes: ReadonlyArray<RouteName>
  readonly kinds: ReadonlyArray<Kind>
  readonly report: boolean
}

export const readOptions = (): Options => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string" },
      requests: { type: "string" },
      routes: { type: "string" },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      report: { type: "boolean", default: false },
      memory: { type: "boolean", default: false },
      p99: { type: "boolean", default: false },
      scale: { type: "boolean", default: false },
      replicas: { type: "boolean", default: false },
      help: { type: "boolean", default: false }
    }
  })
  if (values.help) fail("Measures this service beside others.")
  if (positionals.length > 0 && !values.memory) fail(`What is ${positionals[0]}?`)
  return {
    mode: modes.find((mode) => values[mode]) ?? "table",
    rounds: numberOf("rounds", values.rounds ?? (values.quick ? "1" : "3"), 100),
    requests: numberOf("requests", values.requests ?? (values.quick ? "2000" : "8000"), 1_000_000),
    memoryRequests: numberOf("memory", positionals[0] ?? "1000000", 100_000_000),
    routes: pick(values.routes, routes),
    kinds: pick(values.only, kinds),
    report: values.report
  }
}
