import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { SignedIn } from "../auth/SignedIn.ts"
import { documented, field } from "../http/Documented.ts"
import { JsonBody } from "../http/Envelope.ts"
import { conditional } from "../http/ETag.ts"
import { CharacterDetail, CharacterId, CharacterNotFound } from "./Character.ts"

export class CharactersApi extends HttpApiGroup.make("characters")
  .add(
    HttpApiEndpoint.get("get", "/:character_id", {
      params: { character_id: field(CharacterId, "The character.") },
      success: Schema.Struct({ character: CharacterDetail }),
      error: CharacterNotFound.wire
    })
      .annotateMerge(conditional)
      .annotateMerge(documented("Read a character", "For its owner and whoever shares a guild with them."))
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(
    OpenApi.annotations({ title: "Characters", description: "Characters with their parses, gear and profile." })
  )
  .prefix("/characters") {}
