import { Effect, Layer, Schedule } from "effect"
import { AppConfig } from "../infra/AppConfig.ts"
import { type Swept, SweepRepo } from "./SweepRepo.ts"

const batch = 1000

/** Removes what nobody may need any more, batch by batch; what it removed, and nothing while another replica does it. */
export const sweep = Effect.gen(function* () {
  const { auditRetentionDays } = yield* AppConfig
  const repo = yield* SweepRepo
  const total: { -readonly [Kind in keyof Swept]: number } = { states: 0, sessions: 0, events: 0 }
  let swept: Swept | undefined
  do {
    swept = yield* repo.sweep(auditRetentionDays, batch)
    total.states += swept?.states ?? 0
    total.sessions += swept?.sessions ?? 0
    total.events += swept?.events ?? 0
  } while (swept !== undefined && Math.max(swept.states, swept.sessions, swept.events) === batch)
  if (Math.max(total.states, total.sessions, total.events) > 0) {
    yield* Effect.logInfo("Removed what was past its retention").pipe(Effect.annotateLogs(total))
  }
  return total satisfies Swept
}).pipe(Effect.withSpan("Sweep.sweep"))

/** Sweeps a minute after the start, and then every hour. */
export const layer = sweep.pipe(
  Effect.catchCause((cause) => Effect.logWarning("The retention sweep failed", cause)),
  Effect.repeat(Schedule.spaced("1 hour")),
  Effect.delay("1 minute"),
  Effect.forkScoped,
  Layer.effectDiscard
)
