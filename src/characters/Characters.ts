import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import type { GuildId } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { BnetClient } from "../refreshes/battlenet/BnetClient.ts"
import type { ProviderRateLimited, ProviderUnavailable, RegionUnsupported } from "../refreshes/ProviderErrors.ts"
import { WclClient } from "../refreshes/warcraftlogs/WclClient.ts"
import {
  type BattlenetSnapshot,
  type Character,
  type CharacterDetail,
  type CharacterId,
  CharacterNotFound,
  type WarcraftlogsSnapshot
} from "./Character.ts"
import { CharactersRepo } from "./CharactersRepo.ts"
import { refreshTurns } from "../refreshes/RefreshTurns.ts"

const orNotFound = <A>(found: A | null | undefined) =>
  found === undefined || found === null ? new CharacterNotFound() : Effect.succeed(found)

type RefreshFailure = CharacterNotFound | ProviderUnavailable | ProviderRateLimited | DependencyUnavailable

/** Characters, and what the providers know of them. A fetch that fails leaves the stored snapshot as it was. */
export class Characters extends Context.Service<
  Characters,
  {
    /** Undefined when the user is no member of the guild. */
    readonly ofGuild: (
      guild: GuildId,
      user: UserId
    ) => Effect.Effect<ReadonlyArray<Character> | undefined, DependencyUnavailable>
    readonly get: (
      id: CharacterId,
      user: UserId
    ) => Effect.Effect<CharacterDetail, CharacterNotFound | DependencyUnavailable>
    /** For the owner; who asks while a refresh is under way gets what that one finds. */
    readonly refreshWarcraftlogs: (id: CharacterId, user: UserId) => Effect.Effect<WarcraftlogsSnapshot, RefreshFailure>
    readonly refreshBattlenet: (
      id: CharacterId,
      user: UserId
    ) => Effect.Effect<BattlenetSnapshot, RefreshFailure | RegionUnsupported>
  }
>()("characters/Characters") {
  static readonly layer = Layer.effect(
    Characters,
    Effect.gen(function* () {
      const repo = yield* CharactersRepo
      const wcl = yield* WclClient
      const bnet = yield* BnetClient
      const warcraftlogs = yield* refreshTurns<WarcraftlogsSnapshot, RefreshFailure>(wcl)
      const battlenet = yield* refreshTurns<BattlenetSnapshot, RefreshFailure | RegionUnsupported>(bnet)

      const owned = (id: CharacterId, user: UserId) => Effect.flatMap(repo.findOwned(id, user), orNotFound)

      return Characters.of({
        ofGuild: repo.ofGuild,
        get: (id, user) => Effect.flatMap(repo.find(id, user), orNotFound),
        refreshWarcraftlogs: Effect.fn("Characters.refreshWarcraftlogs")(function* (id, user) {
          const fetch = owned(id, user).pipe(
            Effect.flatMap(wcl.character),
            Effect.flatMap((found) => repo.storeWarcraftlogs(id, found)),
            Effect.flatMap(orNotFound)
          )
          const stored = Effect.flatMap(repo.find(id, user), (found) => orNotFound(found?.warcraftlogs))
          return yield* warcraftlogs({ character: id, user, fetch, stored })
        }),
        refreshBattlenet: Effect.fn("Characters.refreshBattlenet")(function* (id, user) {
          const fetch = owned(id, user).pipe(
            Effect.flatMap(bnet.character),
            Effect.flatMap((found) => repo.storeBattlenet(id, found)),
            Effect.flatMap(orNotFound)
          )
          const stored = Effect.flatMap(repo.find(id, user), (found) => orNotFound(found?.battlenet))
          return yield* battlenet({ character: id, user, fetch, stored })
        })
      })
    })
  )
}
