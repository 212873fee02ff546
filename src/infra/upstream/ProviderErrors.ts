import { apiError } from "../../http/ApiError.ts"

/** Warcraft Logs or Battle.net is down, too slow, or sent an unexpected response. */
export class ProviderUnavailable extends apiError(
  "provider.unavailable",
  503,
  "The game data provider is not responding. Please try again later."
) {}

/** The provider's quota is exhausted for `retryAfter` seconds. */
export class ProviderRateLimited extends apiError(
  "provider.rate_limited",
  503,
  "The game data provider is limiting our requests. Please try again later."
) {}

export class RegionUnsupported extends apiError(
  "provider.region_unsupported",
  422,
  "Battle.net data is not available for this region."
) {}
