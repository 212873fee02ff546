import { Effect, Layer } from "effect"
import { AppConfig } from "../infra/AppConfig.ts"
import { Jobs } from "../infra/Jobs.ts"
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
    events: (yield* all("security_audit_events", auditRetentionDays)) + (yield* all("nameless_events", 0)),
    // Events that a key wrote tell its name for as long as they are kept.
    keys: yield* all("dead_keys", auditRetentionDays)
  }
  if (Object.values(removed).some((count) => count > 0)) {
    yield* Effect.logInfo("Removed rows past their retention").pipe(Effect.annotateLogs(removed))
  }
  return removed
}).pipe(Effect.withSpan("Sweep.sweep"))

/** On one replica at a time, every hour. */
export const layerNoDeps = Layer.effectDiscard(
  Effect.flatMap(Jobs, ({ singleton }) => singleton("sweep", "1 hour", sweep))
)

export const layer = layerNoDeps.pipe(Layer.provide(SweepRepo.layer))
