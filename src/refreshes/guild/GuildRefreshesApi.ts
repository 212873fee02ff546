import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { NeededScope } from "../../auth/KeyScope.ts"
import { SignedIn } from "../../auth/SignedIn.ts"
import { GuildId, GuildNotFound } from "../../guilds/Guild.ts"
import { RateLimitExceeded } from "../../http/ApiError.ts"
import { documented, field } from "../../http/Documented.ts"
import { JsonBody } from "../../http/Envelope.ts"
import { eventStream, streamed } from "../../http/EventStream.ts"
import { Allowance } from "../../limits/Allowance.ts"
import { OfficerRequired } from "../../roster/Roster.ts"
import {
  GuildRefresh,
  RefreshId,
  RefreshNews,
  RefreshNotFound,
  RefreshOptions,
  RefreshSummary
} from "./GuildRefresh.ts"

const params = { guild_id: field(GuildId, "The guild.") }
const refreshParams = { ...params, refresh_id: field(RefreshId, "The refresh.") }

export class GuildRefreshesApi extends HttpApiGroup.make("guildRefreshes")
  .add(
    HttpApiEndpoint.post("start", "/", {
      params,
      payload: RefreshOptions,
      success: Schema.Struct({ refresh: GuildRefresh }).pipe(HttpApiSchema.status(202)),
      error: [GuildNotFound.wire, OfficerRequired.wire, RateLimitExceeded.wire]
    })
      .annotate(NeededScope, "refresh")
      .annotate(Allowance, "refreshes")
      .annotateMerge(
        documented(
          "Refresh the roster",
          "Reads the roster's characters anew, in few requests and within the providers' limits; it goes on when nobody watches, and when a server fails. A guild has one at a time: while one is under way, that is the answer.",
          { stale_after_seconds: 900 }
        )
      ),
    HttpApiEndpoint.get("list", "/", {
      params,
      success: Schema.Struct({
        refreshes: field(Schema.Array(RefreshSummary), "At most 20, without their parts.")
      }),
      error: GuildNotFound.wire
    })
      .annotate(NeededScope, "refresh")
      .annotateMerge(
        documented("List refreshes", "The latest first: one that is under way is the first. They are kept for 4 weeks.")
      ),
    HttpApiEndpoint.get("get", "/:refresh_id", {
      params: refreshParams,
      success: Schema.Struct({ refresh: GuildRefresh }),
      error: [GuildNotFound.wire, RefreshNotFound.wire]
    })
      .annotate(NeededScope, "refresh")
      .annotateMerge(documented("Read a refresh", "How far it is, and the outcome of each character.")),
    HttpApiEndpoint.get("events", "/:refresh_id/events", {
      params: refreshParams,
      success: eventStream(["refresh"], RefreshNews),
      error: [GuildNotFound.wire, RefreshNotFound.wire, RateLimitExceeded.wire]
    })
      .annotate(NeededScope, "refresh")
      .annotateMerge(
        documented(
          "Follow a refresh",
          "An event for what was settled, a few times a second at most, and the last one when it is final. Nothing is lost by a cut: `Last-Event-ID` gets what came meanwhile. A 204 says that nothing more will come."
        )
      )
      .annotateMerge(streamed),
    HttpApiEndpoint.delete("cancel", "/:refresh_id", {
      params: refreshParams,
      success: HttpApiSchema.NoContent,
      error: [GuildNotFound.wire, OfficerRequired.wire, RefreshNotFound.wire]
    })
      .annotate(NeededScope, "refresh")
      .annotateMerge(
        documented(
          "Cancel a refresh",
          "What is settled stays. A request on its way is not called back; of a final one nothing changes."
        )
      )
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(
    OpenApi.annotations({
      title: "Guild refreshes",
      description: "Reading a whole roster anew from the providers of game data, within their limits."
    })
  )
  .prefix("/guilds/:guild_id/refreshes") {}
