import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { SignedIn } from "../auth/SignedIn.ts"
import { documented, field } from "../http/Documented.ts"
import { JsonBody } from "../http/Envelope.ts"
import { AdminRequired, GuildId, GuildNotFound } from "./Guild.ts"
import { GuildKey, KeyId, KeyNotFound, KeyOptions, NewGuildKey, TooManyKeys } from "./GuildKey.ts"

const params = { guild_id: field(GuildId, "The guild.") }
const adminOnly = [GuildNotFound.wire, AdminRequired.wire] as const

export class KeysApi extends HttpApiGroup.make("keys")
  .add(
    HttpApiEndpoint.get("list", "/", {
      params,
      success: Schema.Struct({ keys: Schema.Array(GuildKey) }),
      error: adminOnly
    }).annotateMerge(documented("List a guild's keys", "For its admins: the live ones, newest first.")),
    HttpApiEndpoint.post("create", "/", {
      params,
      payload: KeyOptions,
      success: Schema.Struct({ key: NewGuildKey }).pipe(HttpApiSchema.status(201)),
      error: [...adminOnly, TooManyKeys.wire]
    }).annotateMerge(
      documented("Make a key", "For its admins. A program acts by it as an officer of this guild; at most 20.")
    ),
    HttpApiEndpoint.delete("revoke", "/:key_id", {
      params: { ...params, key_id: field(KeyId, "The key.") },
      success: HttpApiSchema.NoContent,
      error: [...adminOnly, KeyNotFound.wire]
    }).annotateMerge(documented("Revoke a key", "For its admins. Nothing is done by it from then on."))
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(
    OpenApi.annotations({
      title: "Keys",
      description: "What lets bots and spreadsheets act for a guild. No key makes, shows or revokes one."
    })
  )
  .prefix("/guilds/:guild_id/keys") {}
