import { Schema, SchemaTransformation } from "effect"
import { DiscordUser, UserId } from "../auth/User.ts"
import { Region } from "../characters/Character.ts"
import { apiError } from "../http/ApiError.ts"
import { Timestamp } from "../http/Timestamp.ts"

export const GuildId = Schema.String.check(Schema.isUUID()).pipe(Schema.brand("GuildId"))
export type GuildId = typeof GuildId.Type

/** From the least right to the most. */
const Role = Schema.Literals(["applicant", "raider", "officer", "admin"])

const Faction = Schema.Literals(["alliance", "horde"])
const GameVersion = Schema.Literals(["classic1x", "classic", "classicann"])

export const Guild = Schema.Struct({
  id: GuildId,
  name: Schema.String,
  realm: Schema.String,
  region: Region,
  faction: Faction,
  game_version: GameVersion,
  /** For admins and officers, while an invite is live. */
  invite_url: Schema.optionalKey(Schema.String),
  created_at: Timestamp,
  updated_at: Timestamp,
  deleted_at: Schema.NullOr(Timestamp),
  membership_role: Role
}).annotate({ identifier: "Guild" })
export type Guild = typeof Guild.Type

export const Member = Schema.Struct({
  user_id: UserId,
  role: Role,
  discord: DiscordUser,
  created_at: Timestamp,
  updated_at: Timestamp
}).annotate({ identifier: "Member" })
export type Member = typeof Member.Type

/** Text that shows nothing, or lies about its order. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u{202A}-\u{202E}\u{2066}-\u{2069}]/u
const visible = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u{2800}]/u

/** A guild's or realm's name as it is kept: trimmed, NFC, 1 to 64 code points that a person can see. */
export const Name = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String.check(
      Schema.makeFilter((name: string) => [...name].length <= 64 && visible.test(name) && !unprintable.test(name))
    ),
    SchemaTransformation.transform({ decode: (name) => name.normalize("NFC").trim(), encode: (name) => name })
  )
)

/** Letter case does not matter on the way in. */
const folded = <S extends Schema.Codec<string, string>>(values: S) =>
  Schema.String.pipe(
    Schema.decodeTo(values, SchemaTransformation.transform({ decode: (s) => s.toLowerCase(), encode: (s) => s }))
  )

export const NewGuild = Schema.Struct({
  name: Name,
  realm: Name,
  region: folded(Region),
  faction: folded(Faction),
  game_version: folded(GameVersion)
})
export type NewGuild = typeof NewGuild.Type

export class GuildNotFound extends apiError("guild.not_found", 404, "Guild was not found.") {}
export class GuildInvalid extends apiError("guild.validation_failed", 400, "The guild's details are not valid.") {}
