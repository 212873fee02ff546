import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import type { GuildId } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { BnetClient } from "../infra/BnetClient.ts"
import type { ProviderRateLimited, ProviderUnavailable, RegionUnsupported } from "../infra/Provider.ts"
import { WclClient } from "../infra/WclClient.ts"
import {
  type BattlenetSnapshot,
  type Character,
  type CharacterDetail,
  type CharacterId,
  CharacterNotFound,
  type WarcraftlogsSnapshot
} from "./Character.ts"
import { CharactersRepo } from "./CharactersRepo.ts"

const orNotFound = <A>(found: A | undefined) =>
  found === undefined ? Effect.fail(new CharacterNotFound()) : Effect.succeed(found)

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
    readonly refreshWarcraftlogs: (
      id: CharacterId,
      user: UserId
    ) => Effect.Effect<
      WarcraftlogsSnapshot,
      CharacterNotFound | ProviderUnavailable | ProviderRateLimited | DependencyUnavailable
    >
    readonly refreshBattlenet: (
      id: CharacterId,
      user: UserId
    ) => Effect.Effect<
      BattlenetSnapshot,
      CharacterNotFound | ProviderUnavailable | ProviderRateLimited | RegionUnsupported | DependencyUnavailable
    >
  }
>()("characters/Characters") {
  static readonly layer = Layer.effect(
    Characters,
    Effect.gen(function* () {
      const repo = yield* CharactersRepo
      const wcl = yield* WclClient
      const bnet = yield* BnetClient

      const owned = (id: CharacterId, user: UserId) => Effect.flatMap(repo.findOwned(id, user), orNotFound)

      return Characters.of({
        ofGuild: repo.ofGuild,
        get: (id, user) => Effect.flatMap(repo.find(id, user), orNotFound),
        refreshWarcraftlogs: Effect.fn("Characters.refreshWarcraftlogs")(function* (id, user) {
          const found = yield* wcl.character(yield* owned(id, user))
          return yield* Effect.flatMap(repo.storeWarcraftlogs(id, found), orNotFound)
        }),
        refreshBattlenet: Effect.fn("Characters.refreshBattlenet")(function* (id, user) {
          const found = yield* bnet.character(yield* owned(id, user))
          return yield* Effect.flatMap(repo.storeBattlenet(id, found), orNotFound)
        })
      })
    })
  )
}
