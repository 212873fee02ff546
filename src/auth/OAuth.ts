import { apiError } from "../http/ApiError.ts"

export class InvalidOAuthState extends apiError(
  "auth.invalid_oauth_state",
  400,
  "This sign-in was not started in this browser. Please start again."
) {}
export class OAuthStateExpired extends apiError(
  "auth.oauth_state_expired",
  400,
  "This sign-in took too long. Please start again."
) {}
export class OAuthStateConsumed extends apiError(
  "auth.oauth_state_consumed",
  409,
  "This sign-in has already been completed."
) {}
export class DiscordCodeRefused extends apiError(
  "auth.discord_code_rejected",
  400,
  "Discord did not accept this sign-in. Please start again."
) {}
export class CodeExchangeFailed extends apiError(
  "auth.discord_code_exchange_failed",
  502,
  "Discord could not complete the sign-in. Please try again."
) {}
export class CodeExchangeLimited extends apiError(
  "auth.discord_code_exchange_failed",
  503,
  "Discord is limiting our requests. Please try again later."
) {}
export class ProfileFetchFailed extends apiError(
  "auth.discord_profile_fetch_failed",
  502,
  "Your Discord profile could not be loaded. Please try again."
) {}
export class ProfileFetchLimited extends apiError(
  "auth.discord_profile_fetch_failed",
  503,
  "Discord is limiting our requests. Please try again later."
) {}
