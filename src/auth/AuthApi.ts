import { Context, Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { JsonBody } from "../http/Envelope.ts"
import { Allowance } from "../limits/Allowance.ts"
import { SignedIn } from "./SignedIn.ts"
import {
  CodeExchangeFailed,
  CodeExchangeLimited,
  DiscordCodeRefused,
  InvalidOAuthState,
  OAuthStateConsumed,
  OAuthStateExpired,
  ProfileFetchFailed,
  ProfileFetchLimited
} from "./OAuth.ts"
import { CurrentSessionDeleteForbidden, Session, SessionId, SessionNotFound, User } from "./Session.ts"

const CallbackText = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(1024))

/** Signing in; needs no session. */
export class SignInApi extends HttpApiGroup.make("signIn")
  .add(
    HttpApiEndpoint.get("url", "/discord/url", { success: Schema.Struct({ url: Schema.String }) }).annotate(
      Allowance,
      "sign-in"
    ),
    HttpApiEndpoint.post("callback", "/discord/callback", {
      payload: Schema.Struct({ code: CallbackText, state: CallbackText }),
      success: HttpApiSchema.NoContent,
      error: [
        InvalidOAuthState.wire,
        OAuthStateExpired.wire,
        OAuthStateConsumed.wire,
        DiscordCodeRefused.wire,
        CodeExchangeFailed.wire,
        CodeExchangeLimited.wire,
        ProfileFetchFailed.wire,
        ProfileFetchLimited.wire
      ]
    }).annotate(Allowance, "callback")
  )
  .middleware(JsonBody)
  .prefix("/auth") {}

const csrfHeader = {
  "X-CSRF-Token": { schema: { type: "string" }, description: "Send it back in the header of the same name." }
}

const withCsrf = Context.make(OpenApi.Transform, (operation) => {
  const { responses } = operation as { responses: Record<string, object> }
  return { ...operation, responses: { ...responses, 204: { ...responses["204"], headers: csrfHeader } } }
})

/** The current session and the user's other sessions. */
export class SessionsApi extends HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.get("current", "/session", { success: Schema.Struct({ user: User, session: Session }) }),
    HttpApiEndpoint.get("list", "/sessions", { success: Schema.Struct({ sessions: Schema.Array(Session) }) }),
    HttpApiEndpoint.delete("remove", "/sessions/:session_id", {
      params: { session_id: SessionId },
      success: HttpApiSchema.NoContent,
      error: [CurrentSessionDeleteForbidden.wire, SessionNotFound.wire]
    }),
    HttpApiEndpoint.post("logoutOthers", "/logout-all-other-sessions", { success: HttpApiSchema.NoContent }),
    HttpApiEndpoint.get("csrf", "/csrf", { success: HttpApiSchema.NoContent }).annotateMerge(withCsrf),
    HttpApiEndpoint.post("logout", "/logout", { success: HttpApiSchema.NoContent })
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .prefix("/auth") {}
