import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { apiError } from "../http/ApiError.ts"
import { documented, field } from "../http/Documented.ts"
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
      params: { game_version: field(Schema.String, "Which.", "classicann") },
      success: Schema.Struct({ game_version: GameVersionDetail }),
      error: GameVersionNotFound.wire
    })
      .annotateMerge(documented("What a game version has", "Classes, specialisations, races and realms."))
      .annotateMerge(conditional)
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Game versions",
      description: "What the game has: classes, specialisations, races and realms. For everybody."
    })
  )
  .prefix("/game-versions") {}
