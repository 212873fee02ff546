import { Context } from "effect"
import { HttpApiMiddleware } from "effect/http-api"
import { DependencyUnavailable, RateLimitExceeded } from "../http/ApiError.ts"
import type { JsonText } from "../http/JsonText.ts"
import {
  CsrfInvalid,
  CsrfRequired,
  ReloginRequired,
  type Session,
  SessionExpired,
  type SessionId,
  SessionRevoked,
  Unauthorized,
  type User
} from "./Session.ts"
import type { UserId } from "./User.ts"

/** The live session of the current request. */
export class CurrentSession extends Context.Service<
  CurrentSession,
  {
    readonly token: string
    readonly user: { readonly id: UserId }
    readonly session: { readonly id: SessionId }
    /** Both as answers show them. */
    readonly json: JsonText<{ readonly user: typeof User.Type; readonly session: typeof Session.Type }>
  }
>()("auth/CurrentSession") {}

/** Requires a live session and, for unsafe methods, its CSRF token. */
export class SignedIn extends HttpApiMiddleware.Service<SignedIn, { provides: CurrentSession }>()("auth/SignedIn", {
  error: [
    Unauthorized.wire,
    SessionRevoked.wire,
    SessionExpired.wire,
    ReloginRequired.wire,
    RateLimitExceeded.wire,
    CsrfRequired.wire,
    CsrfInvalid.wire,
    DependencyUnavailable.wire
  ]
}) {}
