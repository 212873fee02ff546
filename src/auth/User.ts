import { Schema } from "effect"
import { field } from "../http/Documented.ts"

export const UserId = Schema.String.check(Schema.isUUID())
  .annotate({ identifier: "UserId", examples: ["0199c3f0-6f3e-7a57-8f1c-2b7a1f6f0a11"] })
  .pipe(Schema.brand("UserId"))
export type UserId = typeof UserId.Type

/** A user's public Discord profile. */
export const DiscordUser = Schema.Struct({
  id: field(Schema.String, "Id at Discord, a number of 17 to 20 digits.", "180000000000000001"),
  username: field(Schema.String, "The unique name at Discord.", "cyra"),
  global_name: field(Schema.NullOr(Schema.String), "The name to show; null if none is set.", "Cyra"),
  avatar_url: field(
    Schema.String,
    "Picture of 128 pixels at Discord's CDN; a default one if none is set.",
    "https://cdn.discordapp.com/embed/avatars/3.png",
    { format: "uri" }
  )
}).annotate({ identifier: "DiscordUser", description: "The public part of a Discord profile, as last read." })
export type DiscordUser = typeof DiscordUser.Type

/** A key of a guild, as its history shows it. */
export const ActorKey = Schema.Struct({
  name: field(Schema.String, "What its maker called it.", "Discord bot"),
  prefix: field(Schema.String, "How its token begins.", "raid_q83vASNF")
}).annotate({ identifier: "ActorKey", description: "A key of a guild, by which a program did something." })

/** Who did something: a person or a key. */
export const Actor = Schema.Struct({
  user_id: field(UserId, "Who did it; of a key, its id."),
  discord: field(Schema.NullOr(DiscordUser), "As Discord knows them; null for a key, and for who is gone."),
  key: field(Schema.NullOr(ActorKey), "The key that did it; null for a person.", null)
})
export type Actor = typeof Actor.Type
