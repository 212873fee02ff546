import { Schema } from "effect"
import { apiError } from "../http/ApiError.ts"
import { Timestamp } from "../http/Timestamp.ts"
import { DiscordUser, UserId } from "./User.ts"

export const SessionId = Schema.String.check(Schema.isUUID()).pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

/** Country and region as ISO codes, city in English; null when unknown. */
const Location = Schema.Struct({
  country: Schema.NullOr(Schema.String),
  region: Schema.NullOr(Schema.String),
  city: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Location" })

export const User = Schema.Struct({ id: UserId, created_at: Timestamp, discord: DiscordUser }).annotate({
  identifier: "User"
})

export const Session = Schema.Struct({
  id: SessionId,
  created_at: Timestamp,
  last_seen_at: Timestamp,
  expires_at: Timestamp,
  user_agent: Schema.NullOr(Schema.String),
  login_location: Location,
  current_location: Location,
  is_current: Schema.Boolean
}).annotate({ identifier: "Session" })

export class CurrentSessionDeleteForbidden extends apiError(
  "auth.current_session_delete_forbidden",
  400,
  "This is your current session. Log out to end it."
) {}
export class SessionNotFound extends apiError("auth.session_not_found", 404, "Session was not found.") {}
export class Unauthorized extends apiError("auth.unauthorized", 401, "Please sign in.") {}
export class SessionRevoked extends apiError(
  "auth.session_revoked",
  401,
  "This session has been ended. Please sign in again."
) {}
export class SessionExpired extends apiError(
  "auth.session_expired",
  401,
  "This session has expired. Please sign in again."
) {}
export class ReloginRequired extends apiError("auth.relogin_required", 401, "Please sign in with Discord again.") {}
export class CsrfRequired extends apiError("auth.csrf_required", 403, "The X-CSRF-Token header is missing.") {}
export class CsrfInvalid extends apiError(
  "auth.csrf_invalid",
  403,
  "The X-CSRF-Token header does not match this session."
) {}
