import { Context, Duration, Effect, Layer } from "effect"
import { HttpEffect, HttpServerRequest, HttpServerResponse } from "effect/http"
import { AppConfig } from "../infra/AppConfig.ts"

/** The longest life of a session: a cookie never dies before its session. */
const sessionLife = Duration.days(90)

/** Every value a request sends under a cookie name; two that differ are a conflict that nobody should win. */
const valuesOf = (header: string, name: string) => {
  const values = new Set<string>()
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=")
    if (at > 0 && pair.slice(0, at).trim() === name)
      values.add(
        pair
          .slice(at + 1)
          .trim()
          .replace(/^"(.*)"$/, "$1")
      )
  }
  return [...values]
}

/**
 * @effect-expect-leaking HttpServerRequest
 * The cookies of signing in: reading them from a request, and setting them on its answer.
 */
export class SessionCookies extends Context.Service<
  SessionCookies,
  {
    /** The session token, undefined without one or with two different ones. */
    readonly session: (request: HttpServerRequest.HttpServerRequest) => string | undefined
    /** Whether any session cookie was sent, a dead or conflicting one too. */
    readonly hasSession: (request: HttpServerRequest.HttpServerRequest) => boolean
    /** The secret that ties a begun sign-in to one browser. */
    readonly browser: (request: HttpServerRequest.HttpServerRequest) => string | undefined
    readonly setSession: (
      token: string,
      csrf: string
    ) => Effect.Effect<void, never, HttpServerRequest.HttpServerRequest>
    readonly setCsrf: (csrf: string) => Effect.Effect<void, never, HttpServerRequest.HttpServerRequest>
    readonly setBrowser: (secret: string) => Effect.Effect<void, never, HttpServerRequest.HttpServerRequest>
    readonly clear: Effect.Effect<void, never, HttpServerRequest.HttpServerRequest>
  }
>()("auth/SessionCookies") {
  static readonly layer = Layer.effect(
    SessionCookies,
    Effect.gen(function* () {
      const { session } = yield* AppConfig
      const prefix = /^__(Host|Secure)-/i.exec(session.cookieName)?.[0] ?? ""
      const browserName = `${prefix}oauth_browser`

      const set = (name: string, value: string, maxAge: Duration.Duration, httpOnly: boolean) =>
        HttpEffect.appendPreResponseHandler((_, response) =>
          Effect.succeed(
            HttpServerResponse.setCookieUnsafe(response, name, value, {
              path: "/",
              maxAge,
              httpOnly,
              secure: session.cookieSecure,
              sameSite: session.cookieSameSite.toLowerCase() as "strict" | "lax" | "none",
              ...(session.cookieDomain === "localhost" || /^__Host-/i.test(name)
                ? {}
                : { domain: session.cookieDomain })
            })
          )
        )
      const setCsrf = (csrf: string) => set(session.csrfCookieName, csrf, sessionLife, false)
      const setToken = (token: string) => set(session.cookieName, token, sessionLife, true)
      const only = (name: string) => (request: HttpServerRequest.HttpServerRequest) => {
        const values = valuesOf(request.headers.cookie ?? "", name)
        return values.length === 1 && values[0] !== "" ? values[0] : undefined
      }

      return SessionCookies.of({
        session: only(session.cookieName),
        hasSession: (request) => valuesOf(request.headers.cookie ?? "", session.cookieName).length > 0,
        browser: only(browserName),
        setSession: (token, csrf) => Effect.andThen(setToken(token), setCsrf(csrf)),
        setCsrf,
        setBrowser: (secret) => set(browserName, secret, Duration.hours(1), true),
        clear: Effect.andThen(
          set(session.cookieName, "", Duration.zero, true),
          set(session.csrfCookieName, "", Duration.zero, false)
        )
      })
    })
  )
}
