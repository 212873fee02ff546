import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { RateLimitExceeded } from "../http/ApiError.ts"
import { JsonBody } from "../http/Envelope.ts"
import { SignedIn } from "../auth/SignedIn.ts"
import { ProviderRateLimited, ProviderUnavailable, RegionUnsupported } from "../refreshes/ProviderErrors.ts"
import {
  BattlenetSnapshot,
  CharacterDetail,
  CharacterId,
  CharacterNotFound,
  WarcraftlogsSnapshot
} from "./Character.ts"

const params = { character_id: CharacterId }

export class CharactersApi extends HttpApiGroup.make("characters")
  .add(
    HttpApiEndpoint.get("get", "/:character_id", {
      params,
      success: Schema.Struct({ character: CharacterDetail }),
      error: CharacterNotFound.wire
    }),
    HttpApiEndpoint.post("refreshWarcraftlogs", "/:character_id/warcraftlogs/refresh", {
      params,
      success: Schema.Struct({ warcraftlogs: WarcraftlogsSnapshot }),
      error: [CharacterNotFound.wire, ProviderUnavailable.wire, ProviderRateLimited.wire, RateLimitExceeded.wire]
    }),
    HttpApiEndpoint.post("refreshBattlenet", "/:character_id/battlenet/refresh", {
      params,
      success: Schema.Struct({ battlenet: BattlenetSnapshot }),
      error: [
        CharacterNotFound.wire,
        ProviderUnavailable.wire,
        ProviderRateLimited.wire,
        RegionUnsupported.wire,
        RateLimitExceeded.wire
      ]
    })
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .prefix("/characters") {}
