import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { SignedIn } from "../auth/SignedIn.ts"
import { JsonBody } from "../http/Envelope.ts"
import { conditional } from "../http/ETag.ts"
import { CharacterDetail, CharacterId, CharacterNotFound } from "./Character.ts"

export class CharactersApi extends HttpApiGroup.make("characters")
  .add(
    HttpApiEndpoint.get("get", "/:character_id", {
      params: { character_id: CharacterId },
      success: Schema.Struct({ character: CharacterDetail }),
      error: CharacterNotFound.wire
    }).annotateMerge(conditional)
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .prefix("/characters") {}
