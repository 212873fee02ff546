import { Context } from "effect"
import { HttpApiMiddleware } from "effect/http-api"
import { DependencyUnavailable, RateLimitExceeded } from "../http/ApiError.ts"
import type { Guard } from "../http/Documented.ts"
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
    readonly csrfHash: string
    readonly user: { readonly id: UserId }
    readonly session: { readonly id: SessionId }
    /** Both as answers show them. */
    readonly json: JsonText<{ readonly user: typeof User.Type; readonly session: typeof Session.Type }>
  }
>()("auth/CurrentSession") {}

const guard: Guard = {
  schemes: {
    session: {
      type: "apiKey",
      in: "cookie",
      name: "session",
      description: "Set by signing in. An installation may give the cookie another name (`SESSION_COOKIE_NAME`)."
    },
    csrf: {
      type: "apiKey",
      in: "header",
      name: "X-CSRF-Token",
      description:
        "The value of the cookie `csrf` (or `CSRF_COOKIE_NAME`), which `GET /api/v1/auth/csrf` answers in this header too. " +
        "Every request that changes something needs it."
    }
  },
  needed: (isUnsafe) => (isUnsafe ? ["session", "csrf"] : ["session"])
}

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
}) {
  static readonly guard = guard
}
