import { Schema } from "effect"
import { Actor, DiscordUser, UserId } from "../auth/User.ts"
import { CharacterId, BattlenetSnapshot, WarcraftlogsSnapshot } from "../characters/Character.ts"
import { RaidRole, Region } from "../game/Game.ts"
import { apiError } from "../http/ApiError.ts"
import { field } from "../http/Documented.ts"
import { Timestamp } from "../http/Timestamp.ts"

export const PlayerId = Schema.String.check(Schema.isUUID())
  .annotate({ identifier: "PlayerId", examples: ["0199c3f4-1a2b-7e0f-9a1b-2c3d4e5f6071"] })
  .pipe(Schema.brand("PlayerId"))
export type PlayerId = typeof PlayerId.Type

export const EntryId = Schema.String.check(Schema.isUUID())
  .annotate({ identifier: "EntryId", examples: ["0199c3f4-3c4d-7e0f-9a1b-2c3d4e5f6071"] })
  .pipe(Schema.brand("EntryId"))
export type EntryId = typeof EntryId.Type

export const PlayerStatus = Schema.Literals(["active", "trial", "bench", "inactive"])
export type PlayerStatus = typeof PlayerStatus.Type

export const Rank = Schema.Literals(["main", "alt"])
export type Rank = typeof Rank.Type

const {
  best_performance_average,
  median_performance_average,
  error,
  fetched_at,
  rankings_fetched_at,
  gear_fetched_at
} = WarcraftlogsSnapshot.fields
export const WarcraftlogsSummary = Schema.Struct({
  best_performance_average,
  median_performance_average,
  error,
  fetched_at,
  rankings_fetched_at,
  gear_fetched_at
})

const { equipped_item_level, level, class: className, race, identity } = BattlenetSnapshot.fields
export const BattlenetSummary = Schema.Struct({
  equipped_item_level,
  level,
  class: className,
  race,
  differs: field(
    Schema.Array(Schema.Literals(["class", "race"])),
    "What the roster has otherwise than Battle.net; empty when they agree or one of them does not know.",
    []
  ),
  identity,
  error,
  fetched_at
})

/** What the providers know, as far as a card shows it; null before the first refresh. */
const Summary = Schema.Struct({
  warcraftlogs: field(Schema.NullOr(WarcraftlogsSummary), "Null before the first refresh."),
  battlenet: field(Schema.NullOr(BattlenetSummary), "Null before the first refresh.")
}).annotate({ identifier: "RosterSummary", description: "What the providers know, as far as a card shows it." })

const MaybeText = Schema.NullOr(Schema.String)
const noteText = field(MaybeText, "A note of the guild, at most 500 characters; null is none.", "Can bring a totem")

/** A guild's view of a character. */
export const Entry = Schema.Struct({
  entry_id: field(EntryId, "Of the entry."),
  id: field(CharacterId, "Of the character."),
  name: field(Schema.String, "Name in the game.", "Cyrandel"),
  region: field(Region, "Region of the realm."),
  server: field(Schema.String, "Name of the realm.", "Spineshatter"),
  class: field(Schema.String, "A class of the guild's game version, in English.", "Mage"),
  race: field(MaybeText, "In English; null when unknown.", "Undead"),
  spec: field(Schema.String, "A specialisation of the class.", "Frost"),
  role: field(RaidRole, "The spec's, unless the guild says otherwise.", "ranged"),
  rank: field(Rank, "A player has at most one main.", "main"),
  off_specs: field(Schema.Array(Schema.String), "What it can also play; at most 5.", ["Fire"]),
  note: noteText,
  summary: Summary,
  created_at: field(Timestamp, "When it was added."),
  updated_at: field(Timestamp, "When it was last changed.")
}).annotate({ identifier: "RosterEntry", description: "A guild's view of a character." })
export type Entry = typeof Entry.Type

/** A person on a guild's roster, who need not have signed in. */
export const Player = Schema.Struct({
  id: field(PlayerId, "Of the player."),
  name: field(Schema.String, "The guild's word; Discord's is in `discord`.", "Aldra"),
  discord_user_id: field(MaybeText, "Discord id; null when unknown.", "930000000000000001"),
  status: field(PlayerStatus, "An inactive player is kept, and seated nowhere.", "active"),
  note: noteText,
  user_id: field(Schema.NullOr(UserId), "The member whom it is linked to."),
  discord: field(Schema.NullOr(DiscordUser), "That member, as Discord knows them."),
  characters: field(Schema.Array(Entry), "The main first."),
  created_at: field(Timestamp, "When it was added."),
  updated_at: field(Timestamp, "When it was last changed.")
}).annotate({ identifier: "RosterPlayer", description: "A person on a guild's roster, who need not have signed in." })
export type Player = typeof Player.Type

const revision = field(Schema.Int, "Grows with every change; it is the answer's `ETag`, too.", 12)

export const Roster = Schema.Struct({ revision, players: Schema.Array(Player) }).annotate({
  identifier: "Roster",
  description: "Everybody on a guild's roster, by name."
})
export type Roster = typeof Roster.Type

const FieldFault = Schema.Struct({
  field: field(Schema.String, "Name of the field.", "spec"),
  reason: field(Schema.String, "A sentence's end for people.", "is no specialisation of Mage")
})
export type FieldFault = typeof FieldFault.Type

export const Change = Schema.Literals(["created", "updated", "unchanged", "removed", "invalid"])
export type Change = typeof Change.Type

/** What became, or would become, of a player, or of a character where `character` says which. */
export const RosterRow = Schema.Struct({
  player: field(Schema.String, "Name of the player.", "Aldra"),
  character: Schema.optionalKey(
    field(Schema.String, "Name of the character; the row is the player's without it.", "Cyrandel")
  ),
  change: field(Change, "What becomes of it.", "created"),
  fields: Schema.optionalKey(
    field(Schema.Array(FieldFault), "Of an invalid row why; of an updated one which fields.", [])
  )
}).annotate({ identifier: "RosterRow", description: "What becomes of one player or character." })
export type RosterRow = typeof RosterRow.Type

const countOf = (what: string, example: number) => field(Schema.Int, `Rows that are ${what}.`, example)

export const RosterOutcome = Schema.Struct({
  dry_run: field(Schema.Boolean, "Whether nothing was written.", true),
  revision: field(Schema.Int, "After the write; of a dry run the current one.", 12),
  changes: Schema.Struct({
    created: countOf("new", 2),
    updated: countOf("changed", 0),
    unchanged: countOf("as they were", 0),
    removed: countOf("gone", 0),
    invalid: countOf("refused", 0)
  }),
  rows: Schema.Array(RosterRow)
}).annotate({ identifier: "RosterOutcome", description: "What a list changes, row by row." })
export type RosterOutcome = typeof RosterOutcome.Type

/** One entry of the history. The names are those of the time; the actor is null for what no request did. */
export const RosterChange = Schema.Struct({
  id: field(Schema.String, "A number that grows.", "41"),
  created_at: field(Timestamp, "When it was done."),
  actor: field(Schema.NullOr(Actor), "Null for what no request did."),
  change: field(
    Schema.Literals([
      "player_added",
      "player_changed",
      "player_removed",
      "character_added",
      "character_changed",
      "character_removed"
    ]),
    "What was done.",
    "character_changed"
  ),
  player: Schema.Struct({
    id: field(PlayerId, "Of the player."),
    name: field(Schema.String, "At that time.", "Aldra")
  }),
  character: field(
    Schema.NullOr(
      Schema.Struct({
        id: field(CharacterId, "Of the character."),
        name: field(MaybeText, "At that time.", "Cyrandel")
      })
    ),
    "Null for a change of the player."
  ),
  fields: field(
    Schema.Array(
      Schema.Struct({
        field: field(Schema.String, "Name of the field.", "spec"),
        from: field(Schema.Unknown, "What it was.", "Frost"),
        to: field(Schema.Unknown, "What it is now.", "Fire")
      })
    ),
    "What was changed of it."
  )
}).annotate({ identifier: "RosterChange", description: "One change of the roster's history." })

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
