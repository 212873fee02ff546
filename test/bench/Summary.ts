import { type Kind, kinds } from "./Kinds.ts"
import type { Statements } from "./Compare.ts"
import { answers, type RouteName, routes } from "./Routes.ts"
import { type Sample, tolerated } from "./Sample.ts"

/** The samples of all rounds, in their order, by route and kind. */
export type Results = Map<`${Kind} ${RouteName}`, Array<Sample>>

export interface Memory {
  readonly kind: Kind
  readonly startMs: number
  readonly idle: number
  readonly rss: number
  readonly peak: number
}

export interface Measured {
  readonly kinds: ReadonlyArray<Kind>
  readonly routes: ReadonlyArray<RouteName>
  readonly results: Results
  readonly statements: Statements
  readonly memory: ReadonlyArray<Memory>
}

export type Row = ReadonlyArray<string>

const median = (numbers: ReadonlyArray<number>) => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

const spread = (numbers: ReadonlyArray<number>, digits: number) => {
  const text = (number: number) => number.toFixed(digits)
  const one = text(median(numbers))
  return numbers.length === 1 ? one : `${one} (${text(Math.min(...numbers))}..${text(Math.max(...numbers))})`
}

const pairs = ({ kinds, routes }: Measured) =>
  routes.flatMap((route) => kinds.filter((kind) => answers(kind, route)).map((kind) => ({ route, kind })))

export const figures = (measured: Measured): ReadonlyArray<Row> => [
  ["route", "server", "requests/s", "CPU us/request", "p50 ms", "p99 ms", "bytes", "statements", "core used", "load"],
  ...pairs(measured).map(({ route, kind }) => {
    const samples = measured.results.get(`${kind} ${route}`) ?? []
    const of = (pick: (sample: Sample) => number) => samples.map(pick)
    const disturbed = samples.filter(({ foreign }) => foreign > tolerated).length
    return [
      routes[route].title,
      kinds[kind].title,
      spread(
        of(({ rate }) => rate),
        0
      ),
      spread(
        of(({ micros }) => micros),
        0
      ),
      spread(
        of(({ p50 }) => p50),
        2
      ),
      spread(
        of(({ p99 }) => p99),
        2
      ),
      Math.round(median(of(({ bytes }) => bytes))).toString(),
      String(measured.statements[`${kind} ${route}`] ?? ""),
      `${Math.round(median(of(({ share }) => share)) * 100)} %`,
      `${median(of(({ load }) => Number(load))).toFixed(1)}${disturbed > 0 ? `, ${disturbed} disturbed` : ""}`
    ]
  })
]

/** Ours against another, of the same round: what the machine did to one it mostly did to the other. */
const ratio = ({ results }: Measured, route: RouteName, one: Kind, other: Kind) => {
  const ours = results.get(`${one} ${route}`)
  const theirs = results.get(`${other} ${route}`)
  if (ours === undefined || theirs === undefined) return ""
  return spread(
    ours.map(({ micros }, round) => micros / theirs[round]!.micros),
    2
  )
}

export const ratios = (measured: Measured): ReadonlyArray<Row> => [
  [
    "CPU a request of",
    ...(["fastify", "plain", "betterAuth"] as const).map((peer) => `bundle / ${peer}`),
    "source / bundle"
  ],
  ...measured.routes.map((route) => [
    routes[route].title,
    ratio(measured, route, "bundle", "fastify"),
    ratio(measured, route, "bundle", "plain"),
    ratio(measured, route, "bundle", "betterAuth"),
    ratio(measured, route, "source", "bundle")
  ])
]

export const memories = ({ memory }: Measured): ReadonlyArray<Row> => [
  ["server", "first answer ms", "idle MB", "after the load MB", "at its highest MB"],
  ...memory.map(({ kind, startMs, ...megabytes }) => [
    kinds[kind].title,
    startMs.toFixed(0),
    ...[megabytes.idle, megabytes.rss, megabytes.peak].map((number) => number.toFixed(0))
  ])
]

/** Columns for a terminal. */
export const plainTable = (rows: ReadonlyArray<Row>) => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

export const markdownTable = ([head = [], ...rows]: ReadonlyArray<Row>) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")
