import { Clock, Context, Effect, Layer, Result, Semaphore } from "effect"
import type { EntryId } from "../../roster/Roster.ts"
import { counted } from "../../infra/upstream/Upstream.ts"
import { BnetClient } from "../battlenet/BnetClient.ts"
import { SnapshotsRepo } from "../SnapshotsRepo.ts"
import type { RefreshId } from "./GuildRefresh.ts"
import { RefreshPartsRepo } from "./RefreshPartsRepo.ts"
import { came, type Failure, inGroups, ledgerOf, type Patience, type Step, surely } from "./Step.ts"

/** Characters a step, all at once. */
const groupSize = 10

/** Steps with Battle.net, each a few requests for each of a group. */
export class BattlenetSteps extends Context.Service<
  BattlenetSteps,
  {
    /** The entries that are to be asked for, in groups. */
    readonly plan: (id: RefreshId) => Effect.Effect<ReadonlyArray<ReadonlyArray<EntryId>>>
    readonly profiles: (id: RefreshId, group: ReadonlyArray<EntryId>, patience: Patience) => Effect.Effect<Step>
  }
>()("refreshes/guild/BattlenetSteps") {
  static readonly layer = Layer.effect(
    BattlenetSteps,
    Effect.gen(function* () {
      const parts = yield* RefreshPartsRepo
      const bnet = yield* BnetClient
      const snapshots = yield* SnapshotsRepo
      const { write, postpone } = ledgerOf(parts, "battlenet")

      const plan = (id: RefreshId) =>
        Effect.map(surely(parts.open(id, "battlenet")), (open) =>
          inGroups(
            open.map(({ entry_id }) => entry_id),
            groupSize
          )
        )

      const profiles = Effect.fn("BattlenetSteps.profiles")(function* (
        id: RefreshId,
        group: ReadonlyArray<EntryId>,
        patience: Patience
      ) {
        const open = yield* surely(parts.open(id, "battlenet", group))
        // They would wait for each other's lock of the refresh, each with a connection.
        const turns = yield* Semaphore.make(1)
        let lives = true
        let unanswered = 0
        const failed: Array<readonly [EntryId, Failure]> = []
        yield* Effect.forEach(
          open,
          Effect.fnUntraced(function* (part) {
            const { result: asked, requests } = yield* counted(bnet.character(part))
            if (Result.isFailure(asked) && asked.failure.code !== "provider.region_unsupported") {
              const at = (yield* Clock.currentTimeMillis) + (asked.failure.retryAfter ?? 0) * 1000
              const reason = asked.failure.code === "provider.rate_limited" ? "limit" : "provider"
              unanswered += requests
              failed.push([part.entry_id, { reason, at }])
              return
            }
            const error = Result.isFailure(asked) ? asked.failure.message : asked.success.error
            const outcome = error === null ? ("done" as const) : ("failed" as const)
            // One by one, so that little is asked again if this replica dies, and viewers see each.
            const alive = yield* write(
              id,
              { requests, points_left: null },
              { settled: [{ entry_id: part.entry_id, outcome, error }] },
              (open) =>
                Result.isSuccess(asked) && open.size > 0
                  ? snapshots.storeProfiles([{ character: part.character, found: asked.success }])
                  : Effect.void
            ).pipe(turns.withPermits(1))
            lives &&= alive
          }),
          { concurrency: groupSize }
        )
        if (!lives) return came("ended")
        if (failed.length === 0) return came("done")
        // A limit counts for all of them.
        const worst = failed
          .map(([, failure]) => failure)
          .toSorted((a, b) => (a.reason < b.reason ? -1 : b.at - a.at))[0]!
        return yield* postpone(
          id,
          failed.map(([entry]) => entry),
          worst,
          patience,
          { requests: unanswered, points_left: null }
        )
      })

      return BattlenetSteps.of({ plan, profiles })
    })
  )
}
