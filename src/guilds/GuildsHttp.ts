import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../Api.ts"
import { CurrentSession } from "../http/SignedIn.ts"
import { Guilds } from "./Guilds.ts"

export const guildsLayer = HttpApiBuilder.group(
  Api,
  "guilds",
  Effect.fnUntraced(function* (handlers) {
    const guilds = yield* Guilds
    return handlers.handleAll({
      create: Effect.fnUntraced(function* ({ payload }) {
        const { user } = yield* CurrentSession
        return { guild: yield* guilds.create(payload, user.id) }
      }),
      list: Effect.fnUntraced(function* () {
        const { user } = yield* CurrentSession
        return { guilds: yield* guilds.list(user.id) }
      }),
      get: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        return { guild: yield* guilds.get(params.guild_id, user.id) }
      }),
      members: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        return { members: yield* guilds.members(params.guild_id, user.id) }
      }),
      characters: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        return { characters: yield* guilds.characters(params.guild_id, user.id) }
      })
    })
  })
)
