import { Data } from "effect"

/**
 * Refreshes in bulk must wait. `reserve`: what is left of the hour is kept for single refreshes. `retry-after`: Warcraft
 * Logs refuses all our requests until then.
 */
export class QuotaSpent extends Data.TaggedError("QuotaSpent")<{
  /** Milliseconds of the Unix clock. */
  readonly until: number
  readonly reason: "reserve" | "retry-after"
}> {}

/** What is known of the hour's points; null before the first answer. */
export interface PointsKnown {
  readonly limit: number
  readonly left: number
  /** Milliseconds of the Unix clock. */
  readonly resetsAt: number
}
