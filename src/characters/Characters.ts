import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import {
  type Character,
  type CharacterDetail,
  type CharacterId,
  CharacterNotFound,
  RefreshForbidden
} from "./Character.ts"
import { CharactersRepo } from "./CharactersRepo.ts"

const orNotFound = <A>(found: A | undefined) => (found === undefined ? new CharacterNotFound() : Effect.succeed(found))

/** Characters, with their snapshots from the providers. */
export class Characters extends Context.Service<
  Characters,
  {
    /** The characters on a guild's roster, by name. Undefined if the user is not a member. */
    readonly ofGuild: CharactersRepo["Service"]["ofGuild"]
    /** A character of the user, of someone who shares a guild with them, or on the roster of a guild of theirs. */
    readonly get: (
      id: CharacterId,
      user: UserId,
      known: string
    ) => Effect.Effect<Tagged<{ readonly character: CharacterDetail }>, CharacterNotFound | DependencyUnavailable>
    /** For its owner, and for officers and admins of a guild whose roster holds it. */
    readonly refreshable: (
      id: CharacterId,
      user: UserId
    ) => Effect.Effect<Character, CharacterNotFound | RefreshForbidden | DependencyUnavailable>
  }
>()("characters/Characters") {
  static readonly layer = Layer.effect(
    Characters,
    Effect.gen(function* () {
      const repo = yield* CharactersRepo
      return Characters.of({
        ofGuild: repo.ofGuild,
        get: (id, user, known) => Effect.flatMap(repo.find(id, user, known), orNotFound),
        refreshable: (id, user) =>
          Effect.flatMap(
            repo.findRefreshable(id, user),
            (found): Effect.Effect<Character, CharacterNotFound | RefreshForbidden> =>
              found === null ? Effect.fail(new RefreshForbidden()) : orNotFound(found)
          )
      })
    })
  ).pipe(Layer.provide(CharactersRepo.layer))
}
