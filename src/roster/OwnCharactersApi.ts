import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { SignedIn } from "../auth/SignedIn.ts"
import { Character, CharacterId, CharacterNotFound } from "../characters/Character.ts"
import { JsonBody } from "../http/Envelope.ts"
import { CharacterExists, CharacterInvalid, TooManyCharacters } from "./Roster.ts"

const text = Schema.optionalKey(Schema.NullOr(Schema.String))

export const OwnCharacter = Schema.Struct({
  name: Schema.String,
  region: Schema.String,
  server: Schema.String,
  class: Schema.String,
  race: text,
  spec: Schema.String,
  role: text,
  rank: text
})
export type OwnCharacter = typeof OwnCharacter.Type

export const OwnCharacterPatch = Schema.Struct({
  name: text,
  region: text,
  server: text,
  class: text,
  race: text,
  spec: text,
  role: text,
  rank: text
})
export type OwnCharacterPatch = typeof OwnCharacterPatch.Type

const params = { character_id: CharacterId }

/** A person's own characters. They join the rosters of the guilds in which their owner is raider or more. */
export class OwnCharactersApi extends HttpApiGroup.make("ownCharacters")
  .add(
    HttpApiEndpoint.post("create", "/", {
      payload: OwnCharacter,
      success: Schema.Struct({ character: Character }).pipe(HttpApiSchema.status(201)),
      error: [CharacterInvalid.wire, CharacterExists.wire, TooManyCharacters.wire]
    }),
    HttpApiEndpoint.patch("update", "/:character_id", {
      params,
      payload: OwnCharacterPatch,
      success: Schema.Struct({ character: Character }),
      error: [CharacterNotFound.wire, CharacterInvalid.wire, CharacterExists.wire]
    }),
    HttpApiEndpoint.delete("remove", "/:character_id", {
      params,
      success: HttpApiSchema.NoContent,
      error: CharacterNotFound.wire
    })
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .prefix("/characters") {}
