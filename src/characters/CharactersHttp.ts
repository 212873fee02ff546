import { Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../Api.ts"
import { CurrentSession } from "../auth/SignedIn.ts"
import { Characters } from "./Characters.ts"

export const charactersLayer = HttpApiBuilder.group(
  Api,
  "characters",
  Effect.fnUntraced(function* (handlers) {
    const characters = yield* Characters
    return handlers.handleAll({
      get: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        return { character: yield* characters.get(params.character_id, user.id) }
      })
    })
  })
).pipe(Layer.provide(Characters.layer))
