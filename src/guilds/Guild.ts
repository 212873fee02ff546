import { Schema, SchemaTransformation, Struct } from "effect"
import { ActorKey, DiscordUser, UserId } from "../auth/User.ts"
import { Faction, GameVersion, Region } from "../game/Game.ts"
import { apiError } from "../http/ApiError.ts"
import { field } from "../http/Documented.ts"
import { NullableTimestamp, Timestamp } from "../http/Timestamp.ts"

export const GuildId = Schema.String.check(Schema.isUUID())
  .annotate({ identifier: "GuildId", examples: ["a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae"] })
  .pipe(Schema.brand("GuildId"))
export type GuildId = typeof GuildId.Type

/** From the fewest rights to the most. */
export const GuildRole = Schema.Literals(["applicant", "raider", "officer", "admin"]).annotate({ examples: ["raider"] })

/** Control characters and those that reorder text. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u{202A}-\u{202E}\u{2066}-\u{2069}]/u
const visible = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u{2800}]/u

/** How text of people is stored: trimmed, NFC. */
export const tidy = (text: string) => text.normalize("NFC").trim()

/** Whether a text has something visible in it, nothing that moves other text, and not too many code points. */
export const isReadable = (text: string, max: number) =>
  text.length <= max * 2 && [...text].length <= max && visible.test(text) && !unprintable.test(text)

/** The name of a guild, realm or key as it is stored: tidy, 1 to 64 code points, readable. */
export const named = (whose: string, example: string) =>
  field(Schema.String, `${whose} name: 1 to 64 visible characters, after trimming and NFC.`, example, {
    minLength: 1,
    maxLength: 64
  }).pipe(
    Schema.decodeTo(
      Schema.String.check(Schema.makeFilter((name: string) => isReadable(name, 64))),
      SchemaTransformation.transform({ decode: tidy, encode: (name) => name })
    )
  )

/** Input is case-insensitive. */
const folded = <L extends ReadonlyArray<string>>(values: Schema.Literals<L>, description: string, example: L[number]) =>
  field(Schema.String, description, example, { enum: values.literals }).pipe(
    Schema.decodeTo(values, SchemaTransformation.transform({ decode: (s) => s.toLowerCase(), encode: (s) => s }))
  )

/** The fields of a guild as they are validated… */
const details = {
  name: named("The guild's", "Night Watch"),
  realm: named("The realm's", "Spineshatter"),
  region: folded(Region, "Region of the realm, in any case.", "eu"),
  faction: folded(Faction, "In any case.", "horde"),
  game_version: folded(GameVersion, "In any case.", "classicann")
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
  name: field(Schema.String, "The guild's name.", "Night Watch"),
  realm: field(Schema.String, "The realm's name.", "Spineshatter"),
  region: field(Region, "Region of the realm."),
  faction: Faction,
  game_version: field(GameVersion, "`classic1x` is Classic Era; the other two both name the Anniversary realms.")
} satisfies Record<Detail, Schema.Top>

export const NewGuild = Schema.Struct(details)
export type NewGuild = typeof NewGuild.Type

/** Any subset of those fields. */
export const GuildPatch = Schema.Struct(details).mapFields(Struct.map(Schema.optionalKey))
export type GuildPatch = typeof GuildPatch.Type

const InviteTerms = Schema.Struct({
  expires_at: field(NullableTimestamp, "When it ends; null if it does not."),
  max_uses: field(Schema.NullOr(Schema.Int), "How many may accept it; null if any number may.", 25),
  uses: field(Schema.Int, "How many have accepted it.", 3)
}).annotate({ identifier: "InviteTerms", description: "How long and how often an invite can be accepted." })

export const Guild = Schema.Struct({
  id: GuildId,
  ...shownDetails,
  invite_url: Schema.optionalKey(
    field(
      Schema.String,
      "Only for admins and officers, and only while an invite is live.",
      "https://raids.example/guild-invites/Zl0Jq1x5fXc",
      { format: "uri" }
    )
  ),
  invite: Schema.optionalKey(field(InviteTerms, "Wherever `invite_url` is.")),
  created_at: field(Timestamp, "When it was made."),
  updated_at: field(Timestamp, "When its details were last changed."),
  deleted_at: field(NullableTimestamp, "Null: a deleted one is not shown.", null),
  membership_role: field(GuildRole, "The caller's role, from the fewest rights to the most.", "admin")
}).annotate({ identifier: "Guild", description: "A guild, as the caller may see it." })
export type Guild = typeof Guild.Type

export const Person = Schema.Struct({ user_id: UserId, discord: DiscordUser }).annotate({
  identifier: "Person",
  description: "A user, as others see them."
})

export const Member = Schema.Struct({
  user_id: UserId,
  role: field(GuildRole, "From the fewest rights to the most."),
  discord: DiscordUser,
  created_at: field(Timestamp, "When they joined."),
  updated_at: field(Timestamp, "When the membership was last changed.")
}).annotate({ identifier: "Member", description: "A user in a guild." })
export type Member = typeof Member.Type

export const Invite = Schema.Struct({
  guild_id: GuildId,
  code: field(Schema.String, "The last part of the invite's address.", "Zl0Jq1x5fXc"),
  ...InviteTerms.fields
}).annotate({ identifier: "Invite", description: "The live invite of a guild; a new one ends the one before." })
export type Invite = typeof Invite.Type

export const GuildPreview = Schema.Struct(Struct.pick(shownDetails, ["name", "realm", "region", "faction"])).annotate({
  identifier: "GuildPreview",
  description: "What a user may see of a guild before joining it."
})
export type GuildPreview = typeof GuildPreview.Type

export const GuildEvent = Schema.Struct({
  id: field(Schema.String, "Id of the event.", "0199c3f3-1b52-7f10-9d6e-3a1b5c7d9e0f", { format: "uuid" }),
  type: field(Schema.String, "What happened; later versions may add types.", "role_changed"),
  created_at: field(Timestamp, "When it happened."),
  actor: field(Schema.NullOr(Person), "Who did it; null for a key, and if that user no longer exists."),
  key: field(Schema.NullOr(ActorKey), "The key that did it; null for a person.", null),
  target: field(Schema.NullOr(Person), "Whom it was done to; null if nobody, or no longer a user."),
  details: field(Schema.Record(Schema.String, Schema.Unknown), "Facts about an event of this type.", {
    from: "raider",
    to: "officer"
  })
}).annotate({ identifier: "GuildEvent", description: "One entry of a guild's history." })
export type GuildEvent = typeof GuildEvent.Type

export class GuildNotFound extends apiError("guild.not_found", 404, "Guild was not found.") {}
export class GuildInvalid extends apiError("guild.validation_failed", 400, "The guild's details are not valid.", {
  fields: [{ field: "region", reason: detailRules.region }]
}) {}
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
