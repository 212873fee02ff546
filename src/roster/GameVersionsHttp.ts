import { Effect, Layer } from "effect"
import { createHash } from "node:crypto"
import { Api } from "../Api.ts"
import { GameVersionNotFound } from "../game/GameVersionsApi.ts"
import { gameVersions } from "../game/GameVersions.ts"
import { groupOf } from "../http/Handlers.ts"
import { cacheable } from "../http/ETag.ts"
import { Realms } from "./Realms.ts"

/** It stands here rather than in `game`, as the realms are Battle.net's. */
export const gameVersionsLayer = groupOf(
  Api,
  "gameVersions",
  Effect.fnUntraced(function* (handlers) {
    const realms = yield* Realms
    return handlers.handleAll({
      get: Effect.fnUntraced(function* ({ params, request }) {
        const data = gameVersions.get(params.game_version)
        if (data === undefined) return yield* new GameVersionNotFound()
        const detail = { id: params.game_version, ...data, realms: yield* realms.known(params.game_version) }
        const body = JSON.stringify({ game_version: detail })
        const tag = createHash("sha256").update(body).digest("hex").slice(0, 16)
        return cacheable(request, { tag, body }, "public, max-age=3600")
      })
    })
  })
).pipe(Layer.provide(Realms.layer))
