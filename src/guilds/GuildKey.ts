import { Schema } from "effect"
import { KeyScope } from "../auth/KeyScope.ts"
import { UserId } from "../auth/User.ts"
import { apiError } from "../http/ApiError.ts"
import { field } from "../http/Documented.ts"
import { NullableTimestamp, Timestamp } from "../http/Timestamp.ts"
import { named, Person } from "./Guild.ts"

/** Of the user that a key acts as. */
export const KeyId = UserId

const scopes = field(Schema.Array(KeyScope), "What it may be used for.", ["plans:read"])

export const GuildKey = Schema.Struct({
  id: field(KeyId, "Of the key; histories tell it as `user_id`."),
  name: field(Schema.String, "What its maker called it.", "Discord bot"),
  prefix: field(Schema.String, "How its token begins.", "raid_q83vASNF"),
  scopes,
  created_by: field(Schema.NullOr(Person), "Its maker: it ends when they are no admin of the guild any more."),
  created_at: field(Timestamp, "When it was made."),
  expires_at: field(NullableTimestamp, "When it ends; null if it does not."),
  last_used_at: field(NullableTimestamp, "When it was last used, to within a minute; null if never.")
}).annotate({ identifier: "GuildKey", description: "What lets a program act for a guild." })
export type GuildKey = typeof GuildKey.Type

export const NewGuildKey = Schema.Struct({
  ...GuildKey.fields,
  token: field(
    Schema.String,
    "Sent as `Authorization: Bearer`. Shown this once: it is stored hashed.",
    "raid_q83vASNF_x5fXcZl0Jq1mrze8BI0VniQq83vASNFZ4mrze8BI0Vn"
  )
}).annotate({ identifier: "NewGuildKey", description: "A new key." })
export type NewGuildKey = typeof NewGuildKey.Type

export const KeyOptions = Schema.Struct({
  name: named("Its", "Discord bot"),
  scopes: field(
    Schema.Array(KeyScope).check(Schema.isMinLength(1), Schema.isMaxLength(KeyScope.literals.length)),
    "What it may be used for. To write does not include to read.",
    ["plans:read"]
  ),
  expires_in_seconds: Schema.optionalKey(
    field(
      Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 315_360_000 }))),
      "Seconds until it ends, at most ten years; without it, or with null, it does not end.",
      31_536_000
    )
  )
}).annotate({ identifier: "KeyOptions", description: "A key to be made." })
export type KeyOptions = typeof KeyOptions.Type

export class KeyNotFound extends apiError("guild.key_not_found", 404, "Key was not found.") {}
export class TooManyKeys extends apiError(
  "guild.too_many_keys",
  409,
  "A guild has at most 20 keys. Revoke one first."
) {}
