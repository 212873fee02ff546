import { type Cause, Clock, Context, Effect, Layer, Metric, Result, Schedule, Schema, Semaphore } from "effect"
import type { ApiError, DependencyUnavailable } from "../../http/ApiError.ts"
import type { EntryId } from "../../roster/Roster.ts"
import { BnetClient } from "../battlenet/BnetClient.ts"
import { SnapshotsRepo } from "../SnapshotsRepo.ts"
import type { Provider, RefreshId } from "./GuildRefresh.ts"
import { RefreshPartsRepo, type Settled } from "./RefreshPartsRepo.ts"

/**
 * What a step comes to. `wait`: to be tried again after `pause` milliseconds. `gave-up`: its parts failed, as the provider
 * did not respond. `ended`: the refresh does not live any more.
 */
export const Step = Schema.Struct({
  next: Schema.Literals(["done", "wait", "gave-up", "ended"]),
  pause: Schema.Int,
  reason: Schema.NullOr(Schema.Literals(["reserve", "limit", "provider"]))
})
export type Step = typeof Step.Type

/** How often a step has waited, and whether the one before gave up. */
export interface Patience {
  readonly provider: number
  readonly limit: number
  readonly gaveUp: boolean
}

const settledAs = (next: "done" | "gave-up" | "ended"): Step => ({ next, pause: 0, reason: null })

/** Milliseconds between tries of a provider that does not respond. */
const pauses = [5000, 20_000, 60_000]
/** A limit that has not ended after so many waits is no limit. */
const mostWaits = 30
/** Characters a step, and of those at once. */
const groupSize = 10

const partsCounted = Metric.counter("guild_refresh_parts", {
  description: "Parts of guild refreshes, by provider and outcome.",
  incremental: true
})
const waitsCounted = Metric.counter("guild_refresh_waits", {
  description: "Waits of guild refreshes for a provider, by reason.",
  incremental: true
})

/** A lost connection is waited for: the step is not done until it is written down. */
const surely = <A, E extends { readonly _tag: string }, R>(self: Effect.Effect<A, E | DependencyUnavailable, R>) =>
  self.pipe(Effect.retry({ schedule: Schedule.spaced("1 second"), times: 20 }), Effect.orDie)

const sentences = {
  battlenet: "Battle.net is not responding.",
  warcraftlogs: "Warcraft Logs is not responding."
}

const inGroups = <A>(all: ReadonlyArray<A>, size: number) =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size))

type Failure = Pick<ApiError, "code" | "message" | "retryAfter">

/** The steps of a refresh. Each may be run again if its replica died before its answer was kept, and then does what is left. */
export class RefreshSteps extends Context.Service<
  RefreshSteps,
  {
    /** The entries that are to be asked for, in groups. */
    readonly plan: (id: RefreshId, provider: Provider) => Effect.Effect<ReadonlyArray<ReadonlyArray<EntryId>>>
    /** Profiles from Battle.net. */
    readonly profiles: (id: RefreshId, group: ReadonlyArray<EntryId>, patience: Patience) => Effect.Effect<Step>
    readonly fail: (id: RefreshId, cause: Cause.Cause<unknown>) => Effect.Effect<void>
  }
>()("refreshes/guild/RefreshSteps") {
  static readonly layer = Layer.effect(
    RefreshSteps,
    Effect.gen(function* () {
      const parts = yield* RefreshPartsRepo
      const bnet = yield* BnetClient
      const snapshots = yield* SnapshotsRepo

      const counted = (provider: Provider, settled: ReadonlyArray<Settled>) =>
        Effect.forEach(settled, ({ outcome }) =>
          Metric.update(Metric.withAttributes(partsCounted, { provider, outcome }), 1)
        )

      const plan = (id: RefreshId, provider: Provider) =>
        surely(parts.open(id, provider)).pipe(
          Effect.map((open) =>
            inGroups(
              open.map(({ entry_id }) => entry_id),
              groupSize
            )
          )
        )

      /** What becomes of parts for which a provider failed: another try later, or their end. */
      const afterFailures = Effect.fnUntraced(function* (
        id: RefreshId,
        provider: Provider,
        failed: ReadonlyArray<{ readonly entry_id: EntryId; readonly error: Failure }>,
        patience: Patience
      ) {
        const limited = failed.filter(({ error }) => error.code === "provider.rate_limited")
        const reason = limited.length > 0 ? ("limit" as const) : ("provider" as const)
        const tries = reason === "limit" ? mostWaits : patience.gaveUp ? 0 : pauses.length
        const nothing = { id, provider, spent: { requests: 0, points_left: null } }
        if (patience[reason] >= tries) {
          const settled = failed.map(({ entry_id }) => ({
            entry_id,
            outcome: "failed" as const,
            error: sentences[provider]
          }))
          yield* counted(provider, settled)
          return settledAs((yield* surely(parts.settle(nothing, settled))) ? "gave-up" : "ended")
        }
        const told = 1000 * Math.max(...failed.map(({ error }) => error.retryAfter ?? 0))
        const pause = Math.max(1000, Math.ceil(told), reason === "provider" ? pauses[patience.provider]! : 0)
        yield* Metric.update(Metric.withAttributes(waitsCounted, { provider, reason }), 1)
        const until = (yield* Clock.currentTimeMillis) + pause
        const lives = yield* surely(parts.wait(nothing, until, reason))
        return lives ? { next: "wait" as const, pause, reason } : settledAs("ended")
      })

      const profiles = Effect.fn("RefreshSteps.profiles")(function* (
        id: RefreshId,
        group: ReadonlyArray<EntryId>,
        patience: Patience
      ) {
        const open = yield* surely(parts.open(id, "battlenet", group))
        let lives = true
        // They would wait for each other's lock of the refresh, each with a connection.
        const turns = yield* Semaphore.make(1)
        const failed: Array<{ readonly entry_id: EntryId; readonly error: Failure }> = []
        yield* Effect.forEach(
          open,
          Effect.fnUntraced(function* (part) {
            if (!lives) return
            const asked = yield* Effect.result(bnet.character(part))
            if (Result.isFailure(asked) && asked.failure.code !== "provider.region_unsupported") {
              failed.push({ entry_id: part.entry_id, error: asked.failure })
              return
            }
            const error = Result.isFailure(asked) ? asked.failure.message : asked.success.error
            const settled: Settled = { entry_id: part.entry_id, outcome: error === null ? "done" : "failed", error }
            // One by one, so that little is asked again if this replica dies, and viewers see each.
            lives = yield* surely(
              parts
                .settle({ id, provider: "battlenet", spent: { requests: 3, points_left: null } }, [settled], (open) =>
                  Result.isSuccess(asked) && open.size > 0
                    ? Effect.asVoid(snapshots.storeBattlenet(part.character, asked.success))
                    : Effect.void
                )
                .pipe(turns.withPermits(1))
            )
            yield* counted("battlenet", [settled])
          }),
          { concurrency: groupSize }
        )
        if (!lives) return settledAs("ended")
        return failed.length === 0 ? settledAs("done") : yield* afterFailures(id, "battlenet", failed, patience)
      })

      const fail = (id: RefreshId, cause: Cause.Cause<unknown>) =>
        Effect.logError("A guild refresh failed", cause).pipe(
          Effect.annotateLogs({ refresh: id }),
          Effect.andThen(parts.fail(id)),
          Effect.ignore
        )

      return RefreshSteps.of({ plan, profiles, fail })
    })
  )
}
