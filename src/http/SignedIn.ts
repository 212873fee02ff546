import { Context } from "effect"
import { HttpApiMiddleware } from "effect/http-api"
import { DependencyUnavailable } from "./ApiError.ts"
import {
  CsrfInvalid,
  CsrfRequired,
  ReloginRequired,
  type Session,
  SessionExpired,
  SessionRevoked,
  Unauthorized,
  type User
} from "../auth/Session.ts"

/** The live session a request was made in. */
export class CurrentSession extends Context.Service<
  CurrentSession,
  { readonly token: string; readonly user: typeof User.Type; readonly session: typeof Session.Type }
>()("http/CurrentSession") {}

/** Demands a live session and, for unsafe methods, its CSRF token. */
export class SignedIn extends HttpApiMiddleware.Service<SignedIn, { provides: CurrentSession }>()("http/SignedIn", {
  error: [
    Unauthorized.wire,
    SessionRevoked.wire,
    SessionExpired.wire,
    ReloginRequired.wire,
    CsrfRequired.wire,
    CsrfInvalid.wire,
    DependencyUnavailable.wire
  ]
}) {}
