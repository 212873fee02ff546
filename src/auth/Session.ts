import { Schema } from "effect"
import { apiError } from "../http/ApiError.ts"
import { field } from "../http/Documented.ts"
import { Timestamp } from "../http/Timestamp.ts"
import { DiscordUser, UserId } from "./User.ts"

export const SessionId = Schema.String.check(Schema.isUUID())
  .annotate({ identifier: "SessionId", examples: ["0199c3f1-02aa-7c3e-9a44-6f1d6f5c1e0a"] })
  .pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

const Location = Schema.Struct({
  country: field(Schema.NullOr(Schema.String), "ISO 3166-1 code.", "SE"),
  region: field(Schema.NullOr(Schema.String), "The second part of an ISO 3166-2 code.", "AB"),
  city: field(Schema.NullOr(Schema.String), "In English.", "Stockholm")
}).annotate({ identifier: "Location", description: "Where an address is, roughly; null where that is unknown." })

export const User = Schema.Struct({
  id: UserId,
  created_at: field(Timestamp, "When this person signed in first."),
  discord: DiscordUser
}).annotate({ identifier: "User", description: "A person who has signed in." })

export const Session = Schema.Struct({
  id: SessionId,
  created_at: field(Timestamp, "When it began."),
  last_seen_at: field(Timestamp, "When it was last used, to within 5 minutes."),
  expires_at: field(
    Timestamp,
    "When it ends unless it is used: 30 days after its last use, at most 90 days after its begin."
  ),
  user_agent: field(Schema.NullOr(Schema.String), "The browser's `User-Agent`, at most 512 characters.", "Mozilla/5.0"),
  login_location: field(Location, "Where it began."),
  current_location: field(Location, "Where it was last used."),
  is_current: field(Schema.Boolean, "Whether it is the session of this request.", true)
}).annotate({ identifier: "Session", description: "A sign-in of one browser." })

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
