import { Schema, Struct } from "effect"
import { field } from "../http/Documented.ts"
import { limits, type Roster, RosterOutcome } from "./Roster.ts"
import type { Written } from "./RosterRules.ts"

const MaybeText = Schema.NullOr(Schema.String)
const text = (description: string, example: string | null) => Schema.optionalKey(field(MaybeText, description, example))

/** A character as a list has it. Left out is as it is, null is none; region and realm are the guild's unless given. */
export const WrittenCharacter = Schema.Struct({
  name: text("Name in the game: 2 to 12 letters.", "Velindra"),
  region: text("Region of the realm; the guild's if left out.", "eu"),
  server: text("Realm, by name or slug; the guild's if left out.", "Spineshatter"),
  class: text("A class of the guild's game version, in English.", "Mage"),
  race: text("In English; null when unknown.", "Undead"),
  spec: text("A specialisation of the class.", "Frost"),
  role: text("`tank`, `heal`, `melee` or `ranged`; the spec's if left out.", "ranged"),
  rank: text("`main` or `alt`.", "main"),
  off_specs: Schema.optionalKey(field(Schema.NullOr(Schema.Array(Schema.String)), "At most 5.", ["Fire"])),
  note: text("At most 500 characters; null is none.", null)
})
export type WrittenCharacter = typeof WrittenCharacter.Type

const playerName = "At most 64 visible characters."
const discordId = text("Discord id: 17 to 20 digits.", "930000000000000071")
const status = text("`active`, `trial`, `bench` or `inactive`.", "active")
const note = text("At most 500 characters; null is none.", "Away in August")

const player = {
  name: text(playerName, "Aldra"),
  discord_user_id: discordId,
  status,
  note,
  characters: field(Schema.Array(WrittenCharacter), "With at most one main.")
}

const WrittenPlayer = Schema.Struct(player)
export type WrittenPlayer = typeof WrittenPlayer.Type

/** The whole roster as it is sent, and as an export gives it. */
export const RosterFile = Schema.Struct({
  players: field(Schema.Array(WrittenPlayer), "At most 400, with at most 1,500 characters.")
}).annotate({
  identifier: "RosterFile",
  description: "The whole roster as it is sent, and as an export gives it."
})

/** A dry run of what a provider lists, with the list, to be imported. */
export const DiscoveredRoster = Schema.Struct({
  ...RosterOutcome.fields,
  players: field(Schema.Array(WrittenPlayer), "What was found, to be imported."),
  /** How many characters are not on the list: of too low a level or rank, that cannot be read, beyond a roster's size. */
  left_out: Schema.Struct({
    level: field(Schema.Int, "Of too low a level.", 1),
    rank: field(Schema.Int, "Of too low a rank in the guild.", 0),
    unreadable: field(Schema.Int, "That cannot be read.", 0),
    too_many: field(Schema.Int, "Beyond a roster's size.", 0)
  })
}).annotate({ identifier: "DiscoveredRoster", description: "What a provider lists, with a dry run of its import." })
export type DiscoveredRoster = typeof DiscoveredRoster.Type

/** As other planners keep it: the Discord id one level deeper. */
const ImportedPlayer = Schema.Struct({
  ...player,
  discord: Schema.optionalKey(
    field(Schema.NullOr(Schema.Struct({ userId: discordId })), "Where other planners keep the Discord id.")
  )
})

export const ImportedFile = Schema.Union([
  Schema.Struct({ players: field(Schema.Array(ImportedPlayer), "At most 400, with at most 1,500 characters.") }),
  Schema.Array(ImportedPlayer)
]).annotate({ identifier: "ImportedRoster", description: "A roster of ours, or as other planners keep it." })

export const playersOf = (file: typeof ImportedFile.Type): ReadonlyArray<WrittenPlayer> =>
  ("players" in file ? file.players : file).map(({ discord, ...written }) => {
    const id: Written = written.discord_user_id ?? discord?.userId
    return id === undefined ? written : { ...written, discord_user_id: id }
  })

export const NewPlayer = Schema.Struct({
  name: field(Schema.String, playerName, "Aldra"),
  discord_user_id: discordId,
  status,
  note
})
export type NewPlayer = typeof NewPlayer.Type

export const PlayerPatch = Schema.Struct({
  name: Schema.optionalKey(field(Schema.String, playerName, "Aldra")),
  discord_user_id: discordId,
  status,
  note
})
export type PlayerPatch = typeof PlayerPatch.Type

export const EntryPatch = Schema.Struct({
  ...Struct.omit(WrittenCharacter.fields, ["name", "region", "server"]),
  player_id: Schema.optionalKey(field(Schema.String.check(Schema.isUUID()), "Moves the character to that player."))
})
export type EntryPatch = typeof EntryPatch.Type

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Why a parsed body is too much to look at more closely; undefined if it is not. */
export const tooMany = (json: unknown): string | undefined => {
  const players: unknown = isObject(json) ? json["players"] : json
  if (!Array.isArray(players)) return undefined
  if (players.length > limits.players) return `has more than ${limits.players} players`
  let characters = 0
  for (const player of players as ReadonlyArray<unknown>) {
    const list = isObject(player) ? player["characters"] : undefined
    if (!Array.isArray(list)) continue
    characters += list.length
    if (characters > limits.characters) return `has more than ${limits.characters} characters`
    for (const character of list as ReadonlyArray<unknown>) {
      const offSpecs = isObject(character) ? character["off_specs"] : undefined
      if (Array.isArray(offSpecs) && offSpecs.length > 20) return "has a character with more than 20 off-specs"
    }
  }
  return undefined
}

/** A roster as it is sent: sent back, it changes nothing. */
export const fileOf = ({ players }: Roster): typeof RosterFile.Type => ({
  players: players.map(({ characters, ...player }) => ({
    ...Struct.pick(player, ["name", "discord_user_id", "status", "note"]),
    characters: characters.map(
      Struct.pick(["name", "region", "server", "class", "race", "spec", "role", "rank", "off_specs", "note"])
    )
  }))
})
