import { quantile } from "../bench/Client.ts"
import type { Answer } from "./Ask.ts"

/** One line of a report: what was measured, how often, and whether it is as it should be. */
export interface Figure {
  readonly what: string
  readonly n: number
  /** Milliseconds, or counts when there is only one value. */
  readonly p50?: number
  readonly p95?: number
  readonly p99?: number
  readonly worst: number
  readonly goal: string
  readonly ok: boolean
  /** Whether other work on the machine can be what made it miss. */
  readonly timed: boolean
}

/** Of a figure that is told beside the others. */
export const noGoal = "none"

/** Times in milliseconds against limits. */
export const times = (
  what: string,
  values: ReadonlyArray<number>,
  limits: { readonly p99?: number; readonly worst?: number }
): Figure => {
  const sorted = Float64Array.from(values).toSorted()
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((part) => quantile(sorted, part)) as [number, number, number]
  const worst = sorted.at(-1) ?? Number.NaN
  const goals = [
    ...(limits.p99 === undefined ? [] : [`p99 ≤ ${limits.p99} ms`]),
    ...(limits.worst === undefined ? [] : [`worst ≤ ${limits.worst} ms`])
  ]
  const within = p99 <= (limits.p99 ?? Number.POSITIVE_INFINITY) && worst <= (limits.worst ?? Number.POSITIVE_INFINITY)
  return {
    what,
    n: values.length,
    p50,
    p95,
    p99,
    worst,
    goal: goals.join(", ") || noGoal,
    ok: values.length > 0 && within,
    timed: true
  }
}

/** How many of `n` went wrong; none may. */
export const none = (what: string, n: number, wrong: number): Figure => ({
  what,
  n,
  worst: wrong,
  goal: "0",
  ok: wrong === 0 && n > 0,
  timed: false
})

export const statusesOf = (answers: ReadonlyArray<Answer>) => {
  const counts: Record<string, number> = {}
  for (const { status } of answers) {
    const name = status === 0 ? "none" : String(status)
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

export const no500 = (answers: ReadonlyArray<Answer>) =>
  none("answers 500", answers.length, answers.filter(({ status }) => status === 500).length)

export const msOf = (answers: ReadonlyArray<Answer>) => answers.map(({ ms }) => ms)

/** Each 503 of a data route says when to come again. */
export const toldWhen = (answers: ReadonlyArray<Answer>) => {
  const refused = answers.filter(({ status }) => status === 503)
  return none("503 without Retry-After", answers.length, refused.filter((one) => one.retryAfter === undefined).length)
}

export interface Result {
  readonly title: string
  /** What was sent, in one sentence. */
  readonly load: string
  readonly statuses: Readonly<Record<string, number>>
  readonly figures: ReadonlyArray<Figure>
}
