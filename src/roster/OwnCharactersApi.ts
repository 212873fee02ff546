import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { SignedIn } from "../auth/SignedIn.ts"
import { Character, CharacterId, CharacterNotFound } from "../characters/Character.ts"
import { documented, field } from "../http/Documented.ts"
import { JsonBody } from "../http/Envelope.ts"
import { CharacterExists, CharacterInvalid, TooManyCharacters } from "./Roster.ts"

const MaybeText = Schema.NullOr(Schema.String)
const words = {
  name: ["Name in the game: 2 to 12 letters.", "Morwenna"],
  region: ["`us`, `eu`, `kr`, `tw` or `cn`.", "eu"],
  server: ["Realm, by name or slug.", "Spineshatter"],
  class: ["In English.", "Mage"],
  race: ["In English; null when unknown.", "Undead"],
  spec: ["A specialisation of the class.", "Frost"],
  role: ["`tank`, `heal`, `melee` or `ranged`; the spec's if left out.", "ranged"],
  rank: ["`main` or `alt`.", "alt"]
} as const
const text = (name: keyof typeof words) => field(Schema.String, words[name][0], words[name][1])
const optional = (name: keyof typeof words) => Schema.optionalKey(field(MaybeText, words[name][0], words[name][1]))

export const OwnCharacter = Schema.Struct({
  name: text("name"),
  region: text("region"),
  server: text("server"),
  class: text("class"),
  race: optional("race"),
  spec: text("spec"),
  role: optional("role"),
  rank: optional("rank")
})
export type OwnCharacter = typeof OwnCharacter.Type

export const OwnCharacterPatch = Schema.Struct({
  name: optional("name"),
  region: optional("region"),
  server: optional("server"),
  class: optional("class"),
  race: optional("race"),
  spec: optional("spec"),
  role: optional("role"),
  rank: optional("rank")
})
export type OwnCharacterPatch = typeof OwnCharacterPatch.Type

const params = { character_id: field(CharacterId, "The character.") }

/** A person's own characters. They join the rosters of the guilds in which their owner is raider or more. */
export class OwnCharactersApi extends HttpApiGroup.make("ownCharacters")
  .add(
    HttpApiEndpoint.post("create", "/", {
      payload: OwnCharacter,
      success: Schema.Struct({ character: Character }).pipe(HttpApiSchema.status(201)),
      error: [CharacterInvalid.wire, CharacterExists.wire, TooManyCharacters.wire]
    }).annotateMerge(
      documented("Add one's own character", "It joins the rosters of the guilds in which its owner is raider or more.")
    ),
    HttpApiEndpoint.patch("update", "/:character_id", {
      params,
      payload: OwnCharacterPatch,
      success: Schema.Struct({ character: Character }),
      error: [CharacterNotFound.wire, CharacterInvalid.wire, CharacterExists.wire]
    }).annotateMerge(documented("Change one's own character", "What is left out stays.", { rank: "main" })),
    HttpApiEndpoint.delete("remove", "/:character_id", {
      params,
      success: HttpApiSchema.NoContent,
      error: CharacterNotFound.wire
    }).annotateMerge(
      documented("Give up one's own character", "It stays, without an owner, where a guild's roster has it.")
    )
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(OpenApi.annotations({ title: "Own characters", description: "A person's own characters." }))
  .prefix("/characters") {}
