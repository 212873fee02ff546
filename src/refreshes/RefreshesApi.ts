import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { NeededScope } from "../auth/KeyScope.ts"
import { SignedIn } from "../auth/SignedIn.ts"
import {
  BattlenetSnapshot,
  CharacterId,
  CharacterNotFound,
  RefreshForbidden,
  WarcraftlogsSnapshot
} from "../characters/Character.ts"
import { RateLimitExceeded } from "../http/ApiError.ts"
import { documented, field } from "../http/Documented.ts"
import { JsonBody } from "../http/Envelope.ts"
import { Allowance } from "../limits/Allowance.ts"
import { ProviderRateLimited, ProviderUnavailable, RegionUnsupported } from "../infra/upstream/ProviderErrors.ts"

const params = {
  character_id: field(CharacterId, "The character: the caller's own, or on a roster that the caller leads.")
}
const failures = [
  CharacterNotFound.wire,
  RefreshForbidden.wire,
  ProviderUnavailable.wire,
  ProviderRateLimited.wire,
  RateLimitExceeded.wire
] as const

export class RefreshesApi extends HttpApiGroup.make("refreshes")
  .add(
    HttpApiEndpoint.post("warcraftlogs", "/:character_id/warcraftlogs/refresh", {
      params,
      success: Schema.Struct({ warcraftlogs: WarcraftlogsSnapshot }),
      error: failures
    })
      .annotate(NeededScope, "refresh")
      .annotate(Allowance, "refreshes")
      .annotate(OpenApi.Identifier, "characters.refreshWarcraftlogs")
      .annotateMerge(
        documented(
          "Refresh from Warcraft Logs",
          "Reads parses and gear anew, which takes up to 6 seconds, and answers what is now stored."
        )
      ),
    HttpApiEndpoint.post("battlenet", "/:character_id/battlenet/refresh", {
      params,
      success: Schema.Struct({ battlenet: BattlenetSnapshot }),
      error: [...failures, RegionUnsupported.wire]
    })
      .annotate(NeededScope, "refresh")
      .annotate(Allowance, "refreshes")
      .annotate(OpenApi.Identifier, "characters.refreshBattlenet")
      .annotateMerge(
        documented(
          "Refresh from Battle.net",
          "Reads the profile anew, which takes up to 6 seconds, and answers what is now stored."
        )
      )
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(
    OpenApi.annotations({
      title: "Refreshes",
      description:
        "Reading a character anew from the providers of game data, for its owner and for those who lead its guild; limited per user."
    })
  )
  .prefix("/characters") {}
