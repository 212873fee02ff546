import { Schema, Struct } from "effect"
import { limits, type Roster, RosterOutcome } from "./Roster.ts"
import type { Written } from "./RosterRules.ts"

const text = Schema.optionalKey(Schema.NullOr(Schema.String))

/** A character as a list has it. Left out is as it is, null is none; region and realm are the guild's unless given. */
export const WrittenCharacter = Schema.Struct({
  name: text,
  region: text,
  server: text,
  class: text,
  race: text,
  spec: text,
  role: text,
  rank: text,
  off_specs: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String))),
  note: text
})
export type WrittenCharacter = typeof WrittenCharacter.Type

const player = {
  name: text,
  discord_user_id: text,
  status: text,
  note: text,
  characters: Schema.Array(WrittenCharacter)
}

const WrittenPlayer = Schema.Struct(player)
export type WrittenPlayer = typeof WrittenPlayer.Type

/** The whole roster as it is sent, and as an export gives it. */
export const RosterFile = Schema.Struct({ players: Schema.Array(WrittenPlayer) }).annotate({ identifier: "RosterFile" })

/** A dry run of what a provider lists, with the list, to be imported. */
export const DiscoveredRoster = Schema.Struct({
  ...RosterOutcome.fields,
  players: RosterFile.fields.players,
  /** How many characters are not on the list: of too low a level or rank, that cannot be read, beyond a roster's size. */
  left_out: Schema.Struct({ level: Schema.Int, rank: Schema.Int, unreadable: Schema.Int, too_many: Schema.Int })
}).annotate({ identifier: "DiscoveredRoster" })
export type DiscoveredRoster = typeof DiscoveredRoster.Type

/** As other planners keep it: the Discord id one level deeper. */
const ImportedPlayer = Schema.Struct({
  ...player,
  discord: Schema.optionalKey(Schema.NullOr(Schema.Struct({ userId: text })))
})

export const ImportedFile = Schema.Union([
  Schema.Struct({ players: Schema.Array(ImportedPlayer) }),
  Schema.Array(ImportedPlayer)
]).annotate({ identifier: "ImportedRoster" })

export const playersOf = (file: typeof ImportedFile.Type): ReadonlyArray<WrittenPlayer> =>
  ("players" in file ? file.players : file).map(({ discord, ...written }) => {
    const id: Written = written.discord_user_id ?? discord?.userId
    return id === undefined ? written : { ...written, discord_user_id: id }
  })

export const NewPlayer = Schema.Struct({ name: Schema.String, discord_user_id: text, status: text, note: text })
export type NewPlayer = typeof NewPlayer.Type

export const PlayerPatch = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  discord_user_id: text,
  status: text,
  note: text
})
export type PlayerPatch = typeof PlayerPatch.Type

export const EntryPatch = Schema.Struct({
  ...Struct.omit(WrittenCharacter.fields, ["name", "region", "server"]),
  /** Moves the character to another player. */
  player_id: Schema.optionalKey(Schema.String.check(Schema.isUUID()))
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
