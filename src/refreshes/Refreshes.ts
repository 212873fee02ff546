import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import {
  type BattlenetSnapshot,
  type CharacterId,
  CharacterNotFound,
  type RefreshForbidden,
  type WarcraftlogsSnapshot
} from "../characters/Character.ts"
import { Characters } from "../characters/Characters.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { parseJson } from "../http/JsonText.ts"
import { BnetClient } from "./battlenet/BnetClient.ts"
import type { ProviderRateLimited, ProviderUnavailable, RegionUnsupported } from "../infra/upstream/ProviderErrors.ts"
import { refreshTurns } from "./RefreshTurns.ts"
import { SnapshotsRepo } from "./SnapshotsRepo.ts"
import { metricOf } from "./warcraftlogs/Queries.ts"
import { WclClient } from "./warcraftlogs/WclClient.ts"

const orNotFound = <A>(found: A | null | undefined) =>
  found === undefined || found === null ? new CharacterNotFound() : Effect.succeed(found)

type RefreshFailure =
  | CharacterNotFound
  | RefreshForbidden
  | ProviderUnavailable
  | ProviderRateLimited
  | DependencyUnavailable

/**
 * Refreshes a character from a provider, for its owner and for those who lead a guild whose roster holds it. A request
 * made while a refresh is running gets that refresh's result. A failed fetch leaves the stored snapshot unchanged.
 */
export class Refreshes extends Context.Service<
  Refreshes,
  {
    readonly warcraftlogs: (id: CharacterId, user: UserId) => Effect.Effect<WarcraftlogsSnapshot, RefreshFailure>
    readonly battlenet: (
      id: CharacterId,
      user: UserId
    ) => Effect.Effect<BattlenetSnapshot, RefreshFailure | RegionUnsupported>
  }
>()("refreshes/Refreshes") {
  static readonly layer = Layer.effect(
    Refreshes,
    Effect.gen(function* () {
      const characters = yield* Characters
      const snapshots = yield* SnapshotsRepo
      const wcl = yield* WclClient
      const bnet = yield* BnetClient
      const warcraftlogs = yield* refreshTurns<WarcraftlogsSnapshot, RefreshFailure>(wcl)
      const battlenet = yield* refreshTurns<BattlenetSnapshot, RefreshFailure | RegionUnsupported>(bnet)

      const detail = (id: CharacterId, user: UserId) =>
        Effect.map(characters.get(id, user, ""), ({ body }) => parseJson(body!).character)

      return Refreshes.of({
        warcraftlogs: Effect.fn("Refreshes.warcraftlogs")(function* (id, user) {
          const who = yield* characters.refreshable(id, user)
          const fetch = wcl.character({ ...who, realm: bnet.realm(who) }).pipe(
            Effect.flatMap((found) => snapshots.storeWarcraftlogs(id, found)),
            Effect.flatMap(orNotFound)
          )
          const stored = Effect.flatMap(detail(id, user), ({ warcraftlogs }) => orNotFound(warcraftlogs))
          return yield* warcraftlogs({ character: id, asks: metricOf(who), fetch, stored })
        }),
        battlenet: Effect.fn("Refreshes.battlenet")(function* (id, user) {
          const who = yield* characters.refreshable(id, user)
          const fetch = bnet.character(who).pipe(
            Effect.flatMap((found) => snapshots.storeBattlenet(id, found)),
            Effect.flatMap(orNotFound)
          )
          const stored = Effect.flatMap(detail(id, user), ({ battlenet }) => orNotFound(battlenet))
          return yield* battlenet({ character: id, asks: "profile", fetch, stored })
        })
      })
    })
  ).pipe(Layer.provide([Characters.layer, SnapshotsRepo.layer, WclClient.layer, BnetClient.layer]))
}
