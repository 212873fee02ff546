import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { root } from "../bench/Kinds.ts"
import { load, machine } from "../bench/Machine.ts"
import { cases } from "./Cases.ts"
import { type Figure, noGoal, type Result } from "./Figures.ts"

export interface Done extends Result {
  readonly id: string
  readonly seconds: number
  /** How often it was measured until no time missed. */
  readonly times: number
}

const loadBefore = load()

const number = (value: number | undefined) =>
  value === undefined ? "" : Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 1 : 0)

const cells = ({ what, n, p50, p95, p99, worst, goal, ok }: Figure) => [
  what,
  String(n),
  ...[p50, p95, p99, worst].map(number),
  goal,
  goal === noGoal ? "" : ok ? "holds" : "**misses**"
]

const counts = (statuses: Readonly<Record<string, number>>) =>
  Object.entries(statuses)
    .map(([status, count]) => `${status} × ${count}`)
    .join(", ")

export const say = ({ id, title, figures, statuses, seconds }: Done) => {
  process.stdout.write(`\n${id} ${title} (${seconds.toFixed(0)} s)\n  answers: ${counts(statuses)}\n`)
  for (const figure of figures) {
    const { what, n, p50, p95, p99, worst, goal, ok } = figure
    const spread = p50 === undefined ? "" : `p50 ${number(p50)} p95 ${number(p95)} p99 ${number(p99)} worst `
    process.stdout.write(`  ${ok ? "holds " : "MISSES"} ${what}: ${spread}${number(worst)}, n ${n}, goal ${goal}\n`)
  }
}

const section = ({ id, title, load, statuses, figures, seconds, times }: Done) => `## ${id}: ${title}

${load}. ${counts(statuses) && `Answers: ${counts(statuses)}. `}Took ${seconds.toFixed(0)} s${times > 1 ? ` at measurement ${times}` : ""}; \`npm run faults -- --case ${id}\` repeats it.

| what | N | p50 | p95 | p99 | worst | goal | verdict |
| --- | --- | --- | --- | --- | --- | --- | --- |
${figures.map((figure) => `| ${cells(figure).join(" | ")} |`).join("\n")}
`

const path = `${root}docs/reliability.md`

const begins = /^(?=## )/m

/** The sections that the file has, by the ids of their cases. */
const written = () => {
  const text = existsSync(path) ? readFileSync(path, "utf8") : ""
  const parts = text.split(begins).filter((part) => part.startsWith("## "))
  return new Map(parts.map((part) => [/^## ([^:]+):/.exec(part)?.[1] ?? "", `${part.trimEnd()}\n`]))
}

/** Writes the sections of the cases that were run, and keeps the others. */
export const writeReport = (
  done: ReadonlyArray<Done>,
  servers: { readonly postgres: string; readonly redis: string }
) => {
  const sections = written()
  for (const one of done) sections.set(one.id, section(one))
  const all = Object.keys(cases).flatMap((id) => sections.get(id) ?? [])
  const misses = all.join("").match(/\*\*misses\*\*/g)?.length ?? 0
  const holding = all.join("").match(/\| holds \|/g)?.length ?? 0
  writeFileSync(
    path,
    `# Reliability

Made by \`npm run faults -- --all --report\`; a run replaces the sections of its cases. Times are milliseconds, other figures are
counts. ${holding} figures hold, ${misses} miss.

- Machine: ${machine()}. Load average before and after the last run: ${loadBefore}, ${load()}: other work ran beside it.
- Node ${process.versions.node}, PostgreSQL ${servers.postgres}, ${servers.redis}, with clients, proxies and servers on the same machine.
- Two replicas of the built bundle behind a balancer that repeats no request that was sent. The faults are made by a proxy in
  front of PostgreSQL and Redis, by signals, and by stops and starts of the servers themselves.
- A case that takes less than two minutes and misses a time is measured again, up to five times in all; the last one counts.
  What was lost, doubled or answered with 500 is never measured again.

${all.join("\n")}`
  )
  process.stdout.write(`\nWrote ${path}\n`)
}
