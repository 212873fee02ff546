import { Clock, Context, Effect, Layer, Result } from "effect"
import type { EntryId } from "../../roster/Roster.ts"
import { counted } from "../../infra/upstream/Upstream.ts"
import type { ProviderRateLimited, ProviderUnavailable } from "../../infra/upstream/ProviderErrors.ts"
import { BnetClient } from "../battlenet/BnetClient.ts"
import type { Reading } from "../battlenet/Reading.ts"
import { SnapshotsRepo } from "../SnapshotsRepo.ts"
import type { RefreshId } from "./GuildRefresh.ts"
import { type OpenPart, RefreshPartsRepo } from "./RefreshPartsRepo.ts"
import { came, type Failure, inGroups, ledgerOf, type Patience, type Step, surely } from "./Step.ts"

/** Characters a step: so few that it ends within the time of a shutdown. */
const groupSize = 5

/** Steps with Battle.net, each a few requests, one after the other, for each of a group. */
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

      const failureOf = (error: ProviderUnavailable | ProviderRateLimited) =>
        Effect.map(Clock.currentTimeMillis, (now): Failure => ({
          reason: error.code === "provider.rate_limited" ? "limit" : "provider",
          at: now + (error.retryAfter ?? 0) * 1000
        }))

      /** One document more than is kept of it; without anything found where that provider does not serve the region. */
      const further = (part: OpenPart, kept: unknown) =>
        bnet.further(part, kept as Reading | null).pipe(
          Effect.map(({ found, left }) => ({ found, left, error: found.error })),
          Effect.catchTag("provider.region_unsupported", ({ message }) =>
            Effect.succeed({ found: undefined, left: [], error: message })
          )
        )

      /** Each answer is written down before the next question, so that only one is asked again if this replica dies. */
      const settle = Effect.fnUntraced(function* (id: RefreshId, part: OpenPart) {
        const { entry_id, character } = part
        let kept = part.kept
        for (let round = part.round + 1; ; round += 1) {
          const { result, requests } = yield* counted(further(part, kept))
          if (Result.isFailure(result)) return { failure: yield* failureOf(result.failure), requests, entry_id }
          const { found, left, error } = result.success
          kept = { found, left }
          const outcome = error === null ? ("done" as const) : ("failed" as const)
          const isLast = left.length === 0
          const news = isLast ? { settled: [{ entry_id, outcome, error }] } : { kept: [{ entry_id, round, kept }] }
          const lives = yield* write(id, { requests, points_left: null }, news, (written) =>
            isLast && found !== undefined && written.size > 0
              ? snapshots.storeProfiles([{ character, found }])
              : Effect.void
          )
          if (isLast || !lives) return lives
        }
      })

      const profiles = Effect.fn("BattlenetSteps.profiles")(function* (
        id: RefreshId,
        group: ReadonlyArray<EntryId>,
        patience: Patience
      ) {
        const failed: Array<{ readonly failure: Failure; readonly requests: number; readonly entry_id: EntryId }> = []
        for (const part of yield* surely(parts.open(id, "battlenet", group))) {
          const end = yield* settle(id, part)
          if (end === false) return came("ended")
          if (end !== true) failed.push(end)
        }
        if (failed.length === 0) return came("done")
        // A limit counts for all of them.
        const worst = failed
          .map(({ failure }) => failure)
          .toSorted((a, b) => (a.reason < b.reason ? -1 : b.at - a.at))[0]!
        const requests = failed.reduce((sum, one) => sum + one.requests, 0)
        const entries = failed.map(({ entry_id }) => entry_id)
        return yield* postpone(id, entries, worst, patience, { requests, points_left: null })
      })

      return BattlenetSteps.of({ plan, profiles })
    })
  )
}
