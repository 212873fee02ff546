import { Schema, SchemaTransformation, Struct } from "effect"
import { DiscordUser, UserId } from "../auth/User.ts"
import { Faction, GameVersion, Region } from "../game/Game.ts"
import { apiError } from "../http/ApiError.ts"
import { NullableTimestamp, Timestamp } from "../http/Timestamp.ts"

export const GuildId = Schema.String.check(Schema.isUUID()).pipe(Schema.brand("GuildId"))
export type GuildId = typeof GuildId.Type

/** From the fewest rights to the most. */
export const GuildRole = Schema.Literals(["applicant", "raider", "officer", "admin"])

/** Control characters and those that reorder text. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u{202A}-\u{202E}\u{2066}-\u{2069}]/u
const visible = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u{2800}]/u

/** How text of people is stored: trimmed, NFC. */
export const tidy = (text: string) => text.normalize("NFC").trim()

/** Whether a text has something visible in it, nothing that moves other text, and not too many code points. */
export const isReadable = (text: string, max: number) =>
  text.length <= max * 2 && [...text].length <= max && visible.test(text) && !unprintable.test(text)

/** The name of a guild or realm as it is stored: tidy, 1 to 64 code points, readable. */
export const Name = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String.check(Schema.makeFilter((name: string) => isReadable(name, 64))),
    SchemaTransformation.transform({ decode: tidy, encode: (name) => name })
  )
)

/** Input is case-insensitive. */
const folded = <S extends Schema.Codec<string, string>>(values: S) =>
  Schema.String.pipe(
    Schema.decodeTo(values, SchemaTransformation.transform({ decode: (s) => s.toLowerCase(), encode: (s) => s }))
  )

/** The fields of a guild as they are validated… */
const details = {
  name: Name,
  realm: Name,
  region: folded(Region),
  faction: folded(Faction),
  game_version: folded(GameVersion)
}

type Detail = keyof typeof details

/** …the rule for each, in words… */
const nameRule = "must have 1 to 64 visible characters and no control characters"
export const detailRules: Readonly<Record<Detail, string>> = {
  name: nameRule,
  realm: nameRule,
  region: "must be one of us, eu, kr, tw, cn",
  faction: "must be alliance or horde",
  game_version: "must be one of classic1x, classic, classicann"
}

/** …and as they are returned: stored values are not validated again. */
const shownDetails = {
  name: Schema.String,
  realm: Schema.String,
  region: Region,
  faction: Faction,
  game_version: GameVersion
} satisfies Record<Detail, Schema.Top>

export const NewGuild = Schema.Struct(details)
export type NewGuild = typeof NewGuild.Type

/** Any subset of those fields. */
export const GuildPatch = Schema.Struct(details).mapFields(Struct.map(Schema.optionalKey))
export type GuildPatch = typeof GuildPatch.Type

/** How long and how often an invite can be accepted; null means no limit. */
const InviteTerms = Schema.Struct({
  expires_at: NullableTimestamp,
  max_uses: Schema.NullOr(Schema.Int),
  uses: Schema.Int
}).annotate({ identifier: "InviteTerms" })

export const Guild = Schema.Struct({
  id: GuildId,
  ...shownDetails,
  /** Only for admins and officers, and only while an invite is live. */
  invite_url: Schema.optionalKey(Schema.String),
  invite: Schema.optionalKey(InviteTerms),
  created_at: Timestamp,
  updated_at: Timestamp,
  deleted_at: NullableTimestamp,
  membership_role: GuildRole
}).annotate({ identifier: "Guild" })
export type Guild = typeof Guild.Type

const Person = Schema.Struct({ user_id: UserId, discord: DiscordUser })

export const Member = Schema.Struct({
  user_id: UserId,
  role: GuildRole,
  discord: DiscordUser,
  created_at: Timestamp,
  updated_at: Timestamp
}).annotate({ identifier: "Member" })
export type Member = typeof Member.Type

export const Invite = Schema.Struct({ guild_id: GuildId, code: Schema.String, ...InviteTerms.fields }).annotate({
  identifier: "Invite"
})
export type Invite = typeof Invite.Type

/** What a user may see of a guild before joining it. */
export const GuildPreview = Schema.Struct(Struct.pick(shownDetails, ["name", "realm", "region", "faction"])).annotate({
  identifier: "GuildPreview"
})
export type GuildPreview = typeof GuildPreview.Type

/** One entry of a guild's history. Actor and target are null if the event has none or the user no longer exists. */
export const GuildEvent = Schema.Struct({
  id: Schema.String,
  type: Schema.String,
  created_at: Timestamp,
  actor: Schema.NullOr(Person),
  target: Schema.NullOr(Person),
  details: Schema.Record(Schema.String, Schema.Unknown)
}).annotate({ identifier: "GuildEvent" })
export type GuildEvent = typeof GuildEvent.Type

export class GuildNotFound extends apiError("guild.not_found", 404, "Guild was not found.") {}
export class GuildInvalid extends apiError("guild.validation_failed", 400, "The guild's details are not valid.") {}
export class AdminRequired extends apiError("guild.admin_required", 403, "Only an admin of this guild can do this.") {}
export class InvalidRole extends apiError(
  "guild.invalid_role",
  400,
  "The role must be applicant, raider, officer or admin."
) {}
export class MemberNotFound extends apiError(
  "guild.member_not_found",
  404,
  "That user is not a member of this guild."
) {}
export class LastAdmin extends apiError(
  "guild.last_admin",
  409,
  "A guild must have an admin. Make another member an admin first."
) {}
export class InviteNotFound extends apiError(
  "guild.invite_not_found",
  404,
  "This invite does not exist or is no longer valid."
) {}
export class AlreadyMember extends apiError("guild.already_member", 409, "You are already a member of this guild.") {}
