import { Effect, Layer, Schedule } from "effect"
import { AppConfig } from "../infra/AppConfig.ts"
import { type Swept, SweepRepo } from "./SweepRepo.ts"

const batch = 1000

/** Removes rows past their retention, in batches, and returns the counts. Skips while another replica sweeps. */
export const sweep = Effect.gen(function* () {
  const { auditRetentionDays } = yield* AppConfig
  const { remove } = yield* SweepRepo

  const all = Effect.fnUntraced(function* (what: Swept, olderThanDays: number) {
    let total = 0
    let removed: number | undefined
    do {
      removed = yield* remove(what, olderThanDays, batch)
      total += removed ?? 0
    } while (removed === batch)
    return total
  })

  const removed = {
    states: yield* all("oauth_states", 1),
    sessions: yield* all("user_sessions", 30),
    events: yield* all("security_audit_events", auditRetentionDays)
  }
  if (Object.values(removed).some((count) => count > 0)) {
    yield* Effect.logInfo("Removed rows past their retention").pipe(Effect.annotateLogs(removed))
  }
  return removed
}).pipe(Effect.withSpan("Sweep.sweep"))

/** Sweeps one minute after the start, then every hour. */
export const layerNoDeps = sweep.pipe(
  Effect.catchCause((cause) => Effect.logWarning("The retention sweep failed", cause)),
  Effect.repeat(Schedule.spaced("1 hour")),
  Effect.delay("1 minute"),
  Effect.forkScoped,
  Layer.effectDiscard
)

export const layer = layerNoDeps.pipe(Layer.provide(SweepRepo.layer))
