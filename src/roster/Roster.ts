import { Schema } from "effect"
import { DiscordUser, UserId } from "../auth/User.ts"
import { CharacterId, BattlenetSnapshot, WarcraftlogsSnapshot } from "../characters/Character.ts"
import { RaidRole, Region } from "../game/Game.ts"
import { apiError } from "../http/ApiError.ts"
import { Timestamp } from "../http/Timestamp.ts"

export const PlayerId = Schema.String.check(Schema.isUUID()).pipe(Schema.brand("PlayerId"))
export type PlayerId = typeof PlayerId.Type

export const EntryId = Schema.String.check(Schema.isUUID()).pipe(Schema.brand("EntryId"))
export type EntryId = typeof EntryId.Type

export const PlayerStatus = Schema.Literals(["active", "trial", "bench", "inactive"])
export type PlayerStatus = typeof PlayerStatus.Type

export const Rank = Schema.Literals(["main", "alt"])
export type Rank = typeof Rank.Type

const { best_performance_average, median_performance_average, error, fetched_at } = WarcraftlogsSnapshot.fields
export const WarcraftlogsSummary = Schema.Struct({
  best_performance_average,
  median_performance_average,
  error,
  fetched_at
})

const { equipped_item_level, level } = BattlenetSnapshot.fields
export const BattlenetSummary = Schema.Struct({ equipped_item_level, level, error, fetched_at })

/** What the providers know, as far as a card shows it; null before the first refresh. */
const Summary = Schema.Struct({
  warcraftlogs: Schema.NullOr(WarcraftlogsSummary),
  battlenet: Schema.NullOr(BattlenetSummary)
}).annotate({ identifier: "RosterSummary" })

/** A guild's view of a character. */
export const Entry = Schema.Struct({
  entry_id: EntryId,
  /** The character's. */
  id: CharacterId,
  name: Schema.String,
  region: Region,
  server: Schema.String,
  class: Schema.String,
  race: Schema.NullOr(Schema.String),
  spec: Schema.String,
  role: RaidRole,
  rank: Rank,
  off_specs: Schema.Array(Schema.String),
  note: Schema.NullOr(Schema.String),
  summary: Summary,
  created_at: Timestamp,
  updated_at: Timestamp
}).annotate({ identifier: "RosterEntry" })
export type Entry = typeof Entry.Type

/** A person on a guild's roster, who need not have signed in. */
export const Player = Schema.Struct({
  id: PlayerId,
  /** The guild's word; Discord's is in `discord`. */
  name: Schema.String,
  discord_user_id: Schema.NullOr(Schema.String),
  status: PlayerStatus,
  note: Schema.NullOr(Schema.String),
  /** The member whom it is linked to. */
  user_id: Schema.NullOr(UserId),
  discord: Schema.NullOr(DiscordUser),
  /** The main first. */
  characters: Schema.Array(Entry),
  created_at: Timestamp,
  updated_at: Timestamp
}).annotate({ identifier: "RosterPlayer" })
export type Player = typeof Player.Type

export const Roster = Schema.Struct({ revision: Schema.Int, players: Schema.Array(Player) }).annotate({
  identifier: "Roster"
})
export type Roster = typeof Roster.Type

export const FieldFault = Schema.Struct({ field: Schema.String, reason: Schema.String })
export type FieldFault = typeof FieldFault.Type

export const Change = Schema.Literals(["created", "updated", "unchanged", "removed", "invalid"])
export type Change = typeof Change.Type

/** What became, or would become, of a player, or of a character where `character` says which. */
export const RosterRow = Schema.Struct({
  player: Schema.String,
  character: Schema.optionalKey(Schema.String),
  change: Change,
  /** Of an invalid row why; of an updated one which fields. */
  fields: Schema.optionalKey(Schema.Array(FieldFault))
}).annotate({ identifier: "RosterRow" })
export type RosterRow = typeof RosterRow.Type

export const RosterOutcome = Schema.Struct({
  dry_run: Schema.Boolean,
  /** After the write; of a dry run the current one. */
  revision: Schema.Int,
  changes: Schema.Struct({
    created: Schema.Int,
    updated: Schema.Int,
    unchanged: Schema.Int,
    removed: Schema.Int,
    invalid: Schema.Int
  }),
  rows: Schema.Array(RosterRow)
}).annotate({ identifier: "RosterOutcome" })
export type RosterOutcome = typeof RosterOutcome.Type

/** One entry of the history. The names are those of the time; the actor is null for what no request did. */
export const RosterChange = Schema.Struct({
  id: Schema.String,
  created_at: Timestamp,
  actor: Schema.NullOr(Schema.Struct({ user_id: UserId, discord: Schema.NullOr(DiscordUser) })),
  change: Schema.Literals([
    "player_added",
    "player_changed",
    "player_removed",
    "character_added",
    "character_changed",
    "character_removed"
  ]),
  player: Schema.Struct({ id: PlayerId, name: Schema.String }),
  character: Schema.NullOr(Schema.Struct({ id: CharacterId, name: Schema.NullOr(Schema.String) })),
  fields: Schema.Array(Schema.Struct({ field: Schema.String, from: Schema.Unknown, to: Schema.Unknown }))
}).annotate({ identifier: "RosterChange" })

/** The most that a roster holds, and that one person owns. */
export const limits = { players: 400, characters: 1500, owned: 50, offSpecs: 5, note: 500 }

export class OfficerRequired extends apiError(
  "guild.admin_required",
  403,
  "Only an officer or admin of this guild can do this."
) {}
export class PlayerNotFound extends apiError("player.not_found", 404, "That player is not on this guild's roster.") {}
export class PlayerInvalid extends apiError("player.validation_failed", 400, "The player's details are not valid.") {}
export class PlayerExists extends apiError(
  "player.already_exists",
  409,
  "The roster already has this player: by Discord id, by member or by name."
) {}
export class EntryNotFound extends apiError("character.not_found", 404, "Character was not found.") {}
export class CharacterInvalid extends apiError(
  "character.validation_failed",
  400,
  "The character's details are not valid."
) {}
export class CharacterExists extends apiError(
  "character.already_exists",
  409,
  "This character already belongs to somebody else."
) {}
export class TooManyCharacters extends apiError(
  "character.too_many",
  409,
  "Nobody can have more than 50 characters."
) {}
export class GuildUnknown extends apiError(
  "roster.guild_unknown",
  404,
  "The provider knows no guild by that name on that realm."
) {}
export class RosterFull extends apiError(
  "roster.full",
  409,
  "A roster holds at most 400 players and 1,500 characters."
) {}
export class RosterInvalid extends apiError(
  "roster.validation_failed",
  422,
  "Some rows are not valid, so nothing was changed."
) {}
export class PreconditionRequired extends apiError(
  "precondition.required",
  428,
  "Send the revision that you have seen as If-Match."
) {}
export class PreconditionFailed extends apiError(
  "precondition.failed",
  412,
  "The roster was changed by somebody else. Read it again first."
) {}
