import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../Api.ts"
import { RateLimits } from "../limits/RateLimits.ts"
import { CurrentSession } from "../auth/SignedIn.ts"
import { Characters } from "./Characters.ts"

export const charactersLayer = HttpApiBuilder.group(
  Api,
  "characters",
  Effect.fnUntraced(function* (handlers) {
    const characters = yield* Characters
    const limits = yield* RateLimits
    return handlers.handleAll({
      get: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* CurrentSession
        return { character: yield* characters.get(params.character_id, user.id) }
      }),
      refreshWarcraftlogs: Effect.fnUntraced(function* ({ params }) {
        const { user, token } = yield* CurrentSession
        yield* limits.refresh(user.id, token)
        return { warcraftlogs: yield* characters.refreshWarcraftlogs(params.character_id, user.id) }
      }),
      refreshBattlenet: Effect.fnUntraced(function* ({ params }) {
        const { user, token } = yield* CurrentSession
        yield* limits.refresh(user.id, token)
        return { battlenet: yield* characters.refreshBattlenet(params.character_id, user.id) }
      })
    })
  })
)
