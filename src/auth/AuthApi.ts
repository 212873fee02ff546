import { Context, Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { DependencyUnavailable } from "../http/ApiError.ts"
import { documented, Extra, field } from "../http/Documented.ts"
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

/**
 * A path in the app, and nothing that a browser could take for another site: one slash at its begin, none after another,
 * no backslash, nor these or control characters percent-encoded. As browsers write paths, it is ASCII.
 */
const ReturnTo = Schema.String.check(
  Schema.isMaxLength(512),
  Schema.isPattern(/^(?!.*(?:\/\/|%2[fF]|%5[cC]|%[01]|%7[fF]))\/[!-[\]-~]*$/)
)

const CallbackText = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(1024))

/** Declares on an endpoint, by the status of its success, the headers it sets. */
const setting = (status: number, headers: object) => Context.make(Extra, { responses: { [status]: { headers } } })

const cookies = (description: string, more: object = {}) => ({
  "Set-Cookie": { schema: { type: "string" }, description, ...more }
})

export class SignInApi extends HttpApiGroup.make("signIn")
  .add(
    HttpApiEndpoint.get("url", "/discord/url", {
      query: {
        return_to: Schema.optionalKey(
          field(
            ReturnTo,
            "Where in the app to go on after signing in; the callback answers it as `X-Return-To`. A path in ASCII with one " +
              "slash at its begin, without `//`, backslash and control characters, percent-encoded or not.",
            "/guild-invites/Zl0Jq1x5fXc"
          )
        )
      },
      success: Schema.Struct({
        url: field(
          Schema.String,
          "Discord's page for this sign-in.",
          "https://discord.com/oauth2/authorize?client_id=1&response_type=code&scope=identify&state=Zl0Jq1x5fXc",
          { format: "uri" }
        )
      }),
      error: DependencyUnavailable.wire
    })
      .annotate(Allowance, "sign-in")
      .annotateMerge(setting(200, cookies("A secret that binds this sign-in to the browser, for an hour.")))
      .annotateMerge(
        documented(
          "Begin to sign in",
          "Send the browser to `url`. Discord sends it back to the app with `code` and `state`, within 10 minutes."
        )
      ),
    HttpApiEndpoint.post("callback", "/discord/callback", {
      payload: Schema.Struct({
        code: field(CallbackText, "As Discord sent it.", "NhhvTDYsFcdgNLnnLijcl7Ku7bEEeee"),
        state: field(CallbackText, "As Discord sent it.", "Zl0Jq1x5fXcV9dJ0aQ2m3n4p5r6s7t8u")
      }),
      success: HttpApiSchema.NoContent,
      error: [
        InvalidOAuthState.wire,
        OAuthStateExpired.wire,
        OAuthStateConsumed.wire,
        DiscordCodeRefused.wire,
        CodeExchangeFailed.wire,
        CodeExchangeLimited.wire,
        ProfileFetchFailed.wire,
        ProfileFetchLimited.wire,
        DependencyUnavailable.wire
      ]
    })
      .annotate(Allowance, "callback")
      .annotateMerge(
        setting(204, {
          ...cookies("The session, which scripts cannot read, and the CSRF token, which they can."),
          "X-Return-To": {
            required: false,
            schema: { type: "string" },
            description: "The `return_to` that the sign-in began with, if it did with one.",
            example: "/guild-invites/Zl0Jq1x5fXc"
          }
        })
      )
      .annotateMerge(
        documented(
          "Finish signing in",
          "From the browser that began it, once. A session that the browser presents as well ends, unless this sign-in " +
            "opened it: then the browser has only sent its callback again, and for an hour the answer is the same."
        )
      )
  )
  .middleware(JsonBody)
  .annotateMerge(OpenApi.annotations({ title: "Sign-in", description: "Signing in with Discord; needs no session." }))
  .prefix("/auth") {}

const csrfHeaders = {
  ...cookies("The CSRF token."),
  "X-CSRF-Token": { schema: { type: "string" }, description: "The same. Send it back in the header of this name." }
}

export class SessionsApi extends HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.get("current", "/session", {
      success: Schema.Struct({ user: User, session: Session })
    })
      .annotateMerge(
        setting(200, cookies("The CSRF token, if the request came without it or with another.", { required: false }))
      )
      .annotateMerge(documented("Who am I?", "The user, and the session of this request.")),
    HttpApiEndpoint.get("list", "/sessions", {
      success: Schema.Struct({ sessions: Schema.Array(Session) })
    }).annotateMerge(documented("Where am I signed in?", "The user's live sessions, the last used first.")),
    HttpApiEndpoint.delete("remove", "/sessions/:session_id", {
      params: { session_id: field(SessionId, "Another session of the caller.") },
      success: HttpApiSchema.NoContent,
      error: [CurrentSessionDeleteForbidden.wire, SessionNotFound.wire]
    }).annotateMerge(documented("End another session", "The session of this request is ended by logging out.")),
    HttpApiEndpoint.post("logoutOthers", "/logout-all-other-sessions", {
      success: HttpApiSchema.NoContent
    }).annotateMerge(documented("End all other sessions", "Only the session of this request stays.")),
    HttpApiEndpoint.get("csrf", "/csrf", { success: HttpApiSchema.NoContent })
      .annotateMerge(setting(204, csrfHeaders))
      .annotateMerge(
        documented(
          "Get the CSRF token",
          "As a cookie and as a header, for an app that cannot read the cookie. It stays the same as long as the session."
        )
      ),
    HttpApiEndpoint.post("logout", "/logout", { success: HttpApiSchema.NoContent })
      .annotateMerge(setting(204, cookies("Deletes the cookies of this session.")))
      .annotateMerge(documented("Log out", "Ends the session of this request."))
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(
    OpenApi.annotations({
      title: "Sessions",
      description: "The session of this request, and the user's other sessions."
    })
  )
  .prefix("/auth") {}
