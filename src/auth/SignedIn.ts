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
import { InvalidKey, NeededScope, ScopeMissing } from "./KeyScope.ts"
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

/** Who calls an endpoint that takes keys too: a person by their session, or a program by a key. */
export class Caller extends Context.Service<
  Caller,
  {
    /** Of a key, the user that it acts as. */
    readonly user: { readonly id: UserId }
    /** The id of the session or key that lets the caller in. */
    readonly right: string
  }
>()("auth/Caller") {}

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
    },
    key: {
      type: "http",
      scheme: "bearer",
      description:
        "A key of a guild, which an admin makes at `POST /api/v1/guilds/{guild_id}/keys`. It acts as an officer of that guild, " +
        "where its scopes say so, and needs no cookie and no CSRF token. Beside a cookie the key decides."
    }
  },
  needed: (isUnsafe, annotations) => {
    const bySession = isUnsafe ? ["session", "csrf"] : ["session"]
    return Context.get(annotations, NeededScope) === undefined ? [bySession] : [bySession, ["key"]]
  },
  // OpenAPI has a place for it, which generators and linters know for OAuth alone.
  note: (annotations) => {
    const scope = Context.get(annotations, NeededScope)
    return scope === undefined ? undefined : `A key needs the scope \`${scope}\`.`
  }
}

/**
 * Requires a live session and, for unsafe methods, its CSRF token. An endpoint with a `NeededScope` takes a key that has it
 * as well, and learns its `Caller`; any other learns the `CurrentSession`.
 */
export class SignedIn extends HttpApiMiddleware.Service<SignedIn, { provides: CurrentSession | Caller }>()(
  "auth/SignedIn",
  {
    error: [
      InvalidKey.wire,
      ScopeMissing.wire,
      Unauthorized.wire,
      SessionRevoked.wire,
      SessionExpired.wire,
      ReloginRequired.wire,
      RateLimitExceeded.wire,
      CsrfRequired.wire,
      CsrfInvalid.wire,
      DependencyUnavailable.wire
    ]
  }
) {
  static readonly guard = guard
}
