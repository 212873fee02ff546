import { Effect, Layer } from "effect"
import { Api } from "../Api.ts"
import { Caller } from "../auth/SignedIn.ts"
import { groupOf } from "../http/Handlers.ts"
import { Refreshes } from "./Refreshes.ts"

/** Refreshes from Warcraft Logs and Battle.net, requested by a character's owner. */
export const refreshesLayer = groupOf(
  Api,
  "refreshes",
  Effect.fnUntraced(function* (handlers) {
    const refreshes = yield* Refreshes
    return handlers.handleAll({
      warcraftlogs: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* Caller
        return { warcraftlogs: yield* refreshes.warcraftlogs(params.character_id, user.id) }
      }),
      battlenet: Effect.fnUntraced(function* ({ params }) {
        const { user } = yield* Caller
        return { battlenet: yield* refreshes.battlenet(params.character_id, user.id) }
      })
    })
  })
).pipe(Layer.provide(Refreshes.layer))
