import { Effect, Layer } from "effect"
import { Api } from "../Api.ts"
import { CurrentSession } from "../auth/SignedIn.ts"
import { knownTags, tagged } from "../http/ETag.ts"
import { groupOf } from "../http/Handlers.ts"
import { Characters } from "./Characters.ts"

export const charactersLayer = groupOf(
  Api,
  "characters",
  Effect.fnUntraced(function* (handlers) {
    const characters = yield* Characters
    return handlers.handleAll({
      get: Effect.fnUntraced(function* ({ params, request }) {
        const { user } = yield* CurrentSession
        return tagged(yield* characters.get(params.character_id, user.id, knownTags(request)))
      })
    })
  })
).pipe(Layer.provide(Characters.layer))
