import { Context, type Duration, Effect, Layer } from "effect"
import { HttpEffect, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { AppConfig } from "../infra/AppConfig.ts"
import { Crypto } from "../infra/Crypto.ts"
import { parseCookies } from "./CookieHeader.ts"
import { longestLife } from "./SessionLife.ts"

/** The cookies of one request. */
interface SentCookies {
  /** The session token and its stored hash; undefined if there is none, or if several values conflict. */
  readonly session: { readonly token: string; readonly hash: string } | undefined
  /** Whether any session cookie was sent, valid or not. */
  readonly hasSession: boolean
  /** The secret that binds a started sign-in to one browser. */
  readonly browser: string | undefined
}

/** The cookies of the current request. */
export const RequestCookies = Context.Reference<SentCookies>("auth/RequestCookies", {
  defaultValue: () => ({ session: undefined, hasSession: false, browser: undefined })
})

type OnAnswer = Effect.Effect<void, never, HttpServerRequest.HttpServerRequest>

/**
 * @effect-expect-leaking HttpServerRequest
 * Reads the sign-in cookies of a request, and sets them on the response.
 */
export class SessionCookies extends Context.Service<
  SessionCookies,
  {
    /** Read when first asked for, once: not every route asks. */
    readonly read: (header: string | undefined) => SentCookies
    readonly setSession: (token: string, csrf: string) => OnAnswer
    readonly setCsrf: (csrf: string) => OnAnswer
    readonly setBrowser: (secret: string) => OnAnswer
    readonly clear: OnAnswer
  }
>()("auth/SessionCookies") {
  static readonly layer = Layer.effect(
    SessionCookies,
    Effect.gen(function* () {
      const { session } = yield* AppConfig
      const crypto = yield* Crypto
      const prefix = /^__(Host|Secure)-/i.exec(session.cookieName)?.[0] ?? ""
      const browserName = `${prefix}oauth_browser`

      const set = (name: string, value: string, maxAge: Duration.Input, httpOnly: boolean) => {
        const hostOnly = session.cookieDomain === "localhost" || /^__Host-/i.test(name)
        const options = {
          path: "/",
          maxAge,
          httpOnly,
          secure: session.cookieSecure,
          sameSite: session.cookieSameSite.toLowerCase() as "strict" | "lax" | "none",
          ...(hostOnly ? {} : { domain: session.cookieDomain })
        }
        return HttpEffect.appendPreResponseHandler((_, response) =>
          Effect.succeed(HttpServerResponse.setCookieUnsafe(response, name, value, options))
        )
      }
      const setCsrf = (csrf: string) => set(session.csrfCookieName, csrf, longestLife, false)

      /** If there are several different values, none is used. */
      const only = (values: ReadonlySet<string> | undefined) => {
        const [value = "", ...others] = values ?? []
        return value !== "" && others.length === 0 ? value : undefined
      }

      const parse = (header: string): SentCookies => {
        const cookies = parseCookies(header)
        const sent = cookies.get(session.cookieName)
        const token = only(sent)
        return {
          session: token === undefined ? undefined : { token, hash: crypto.hash("session", token) },
          hasSession: sent !== undefined,
          browser: only(cookies.get(browserName))
        }
      }

      return SessionCookies.of({
        read: (header) => {
          let known: SentCookies | undefined
          const sent = () => (known ??= parse(header ?? ""))
          return {
            get session() {
              return sent().session
            },
            get hasSession() {
              return sent().hasSession
            },
            get browser() {
              return sent().browser
            }
          }
        },
        setSession: (token, csrf) => Effect.andThen(set(session.cookieName, token, longestLife, true), setCsrf(csrf)),
        setCsrf,
        setBrowser: (secret) => set(browserName, secret, "1 hour", true),
        clear: Effect.andThen(
          set(session.cookieName, "", "0 seconds", true),
          set(session.csrfCookieName, "", "0 seconds", false)
        )
      })
    })
  )
}
