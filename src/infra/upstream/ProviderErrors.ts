import { apiError } from "../../http/ApiError.ts"

/** Warcraft Logs or Battle.net is down, too slow or not understood. */
export class ProviderUnavailable extends apiError(
  "provider.unavailable",
  503,
  "The game data provider does not answer at the moment. Please try again later."
) {}

/** The provider's quota is spent; `retryAfter` says for how long. */
export class ProviderRateLimited extends apiError(
  "provider.rate_limited",
  503,
  "The game data provider asks us to slow down. Please try again later."
) {}

export class RegionUnsupported extends apiError(
  "provider.region_unsupported",
  422,
  "Battle.net cannot be asked about characters of this region."
) {}
