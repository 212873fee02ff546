import { Schema } from "effect"

export const UserId = Schema.String.check(Schema.isUUID()).pipe(Schema.brand("UserId"))
export type UserId = typeof UserId.Type

/** A user's public Discord profile. */
export const DiscordUser = Schema.Struct({
  id: Schema.String,
  username: Schema.String,
  global_name: Schema.NullOr(Schema.String),
  avatar_url: Schema.String
}).annotate({ identifier: "DiscordUser" })
export type DiscordUser = typeof DiscordUser.Type
