import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { apiError } from "../http/ApiError.ts"
import { conditional } from "../http/ETag.ts"
import { GameVersionDetail } from "./GameData.ts"

export class GameVersionNotFound extends apiError(
  "game_version.not_found",
  404,
  "This game version is not known. Known are classic1x, classic, classicann, tbc and retail."
) {}

/** What the game has: classes, specs, races and realms. For everybody. */
export class GameVersionsApi extends HttpApiGroup.make("gameVersions")
  .add(
    HttpApiEndpoint.get("get", "/:game_version", {
      params: { game_version: Schema.String },
      success: Schema.Struct({ game_version: GameVersionDetail }),
      error: GameVersionNotFound.wire
    }).annotateMerge(conditional)
  )
  .prefix("/game-versions") {}
