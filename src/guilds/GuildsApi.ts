import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { Character } from "../characters/Character.ts"
import { JsonBody } from "../http/Envelope.ts"
import { SignedIn } from "../http/SignedIn.ts"
import { Guild, GuildId, GuildInvalid, GuildNotFound, Member } from "./Guild.ts"

const params = { guild_id: GuildId }

/** What a guild is made from; bounds are the guild's own, so that a fault is `guild.validation_failed`. */
export const GuildDetails = Schema.Struct({
  name: Schema.String,
  realm: Schema.String,
  region: Schema.String,
  faction: Schema.String,
  game_version: Schema.String
})

export class GuildsApi extends HttpApiGroup.make("guilds")
  .add(
    HttpApiEndpoint.post("create", "/", {
      payload: GuildDetails,
      success: Schema.Struct({ guild: Guild }).pipe(HttpApiSchema.status(201)),
      error: GuildInvalid.wire
    }),
    HttpApiEndpoint.get("list", "/", { success: Schema.Struct({ guilds: Schema.Array(Guild) }) }),
    HttpApiEndpoint.get("get", "/:guild_id", {
      params,
      success: Schema.Struct({ guild: Guild }),
      error: GuildNotFound.wire
    }),
    HttpApiEndpoint.get("members", "/:guild_id/members", {
      params,
      success: Schema.Struct({ members: Schema.Array(Member) }),
      error: GuildNotFound.wire
    }),
    HttpApiEndpoint.get("characters", "/:guild_id/characters", {
      params,
      success: Schema.Struct({ characters: Schema.Array(Character) }),
      error: GuildNotFound.wire
    })
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .prefix("/guilds") {}
