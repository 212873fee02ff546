import { Effect, Layer } from "effect"
import { Api } from "../Api.ts"
import { CurrentSession } from "../auth/SignedIn.ts"
import { groupOf } from "../http/Handlers.ts"
import { Keys } from "./Keys.ts"

const group = groupOf(
  Api,
  "keys",
  Effect.fnUntraced(function* (handlers) {
    const keys = yield* Keys
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        return { keys: yield* keys.list(params.guild_id, user.id) }
      }),
      create: Effect.fnUntraced(function* ({ params, payload }) {
        const { user } = yield* CurrentSession
        return { key: yield* keys.create(params.guild_id, user.id, payload) }
      }),
      revoke: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        yield* keys.revoke(params.guild_id, user.id, params.key_id)
      })
    })
  })
)

/** The keys of a guild. */
export const keysLayer = Layer.provide(group, Keys.layer)
