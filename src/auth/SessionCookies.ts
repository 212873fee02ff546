import { Context, type Duration, Effect, Layer } from "effect"
import { Cookies, HttpEffect, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { AppConfig } from "../infra/AppConfig.ts"
import { Crypto } from "../infra/Crypto.ts"
import { parseCookies } from "./CookieHeader.ts"
import { longestLife } from "./SessionLife.ts"

/** A session token, and its hash by each secret of `Crypto.known`. */
export interface SentToken {
  readonly token: string
  readonly hashes: ReadonlyArray<string>
}

/** The cookies of one request. */
export interface SentCookies {
  /** The session tokens: one as a rule, none when there are too many to be ours. */
  readonly sessions: ReadonlyArray<SentToken>
  /** Whether any session cookie was sent, valid or not. */
  readonly hasSession: boolean
  /** The CSRF tokens: one as a rule. */
  readonly csrfs: ReadonlyArray<string>
  /** The secrets that bind a started sign-in to one browser: one as a rule. */
  readonly browsers: ReadonlyArray<string>
}

/** The hash of a session's token that all replicas know it by, also while the secret is changed. */
export const commonHash = ({ hashes }: SentToken) => hashes.at(-1)!

/** The cookies of the current request. */
export const RequestCookies = Context.Reference<SentCookies>("auth/RequestCookies", {
  defaultValue: () => ({ sessions: [], hasSession: false, csrfs: [], browsers: [] })
})

/**
 * A browser sends a cookie of each scope that has one of the name: of this host, of a COOKIE_DOMAIN before this one, or
 * another app's on a parent domain. More than these are not looked at.
 */
const mostValues = 4

const valuesOf = (values: ReadonlySet<string> | undefined): ReadonlyArray<string> => {
  const sent = [...(values ?? [])].filter((value) => value !== "")
  return sent.length <= mostValues ? sent : []
}

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
    /** Expires the session and its CSRF token in every scope that they can have been set in. */
    readonly clear: OnAnswer
    /** The same, and what a sign-in under another COOKIE_DOMAIN left. */
    readonly signOut: OnAnswer
  }
>()("auth/SessionCookies") {
  static readonly layer = Layer.effect(
    SessionCookies,
    Effect.gen(function* () {
      const { session } = yield* AppConfig
      const crypto = yield* Crypto
      const prefix = /^__(Host|Secure)-/i.exec(session.cookieName)?.[0] ?? ""
      const browserName = `${prefix}oauth_browser`

      /** The Domain attributes that a cookie can have been set with; the last is the one it is set with now. */
      const scopesOf = (name: string) =>
        session.cookieDomain === "localhost" || /^__Host-/i.test(name) ? [undefined] : [undefined, session.cookieDomain]

      const put = (
        name: string,
        domain: string | undefined,
        value: string,
        maxAge: Duration.Input,
        httpOnly: boolean
      ) => {
        const cookie = Cookies.makeCookieUnsafe(name, value, {
          path: "/",
          maxAge,
          httpOnly,
          secure: session.cookieSecure,
          sameSite: session.cookieSameSite.toLowerCase() as "strict" | "lax" | "none",
          ...(domain === undefined ? {} : { domain })
        })
        // One name can be set in two scopes, so the key needs the domain too.
        const key = `${name} ${domain ?? ""}`
        const add = ({ cookies }: Cookies.Cookies) => Cookies.fromReadonlyRecord({ ...cookies, [key]: cookie })
        return HttpEffect.appendPreResponseHandler((_, response) =>
          Effect.succeed(HttpServerResponse.updateCookies(response, add))
        )
      }

      const expire = (name: string, scopes: ReadonlyArray<string | undefined>, httpOnly: boolean): OnAnswer =>
        Effect.forEach(scopes, (domain) => put(name, domain, "", "0 seconds", httpOnly), { discard: true })
      const expireTwins = (name: string, httpOnly: boolean) => expire(name, scopesOf(name).slice(0, -1), httpOnly)

      /** The twins go first: a browser may take a Domain that is its host for none, and then they are the same cookie. */
      const set = (name: string, value: string, maxAge: Duration.Input, httpOnly: boolean): OnAnswer =>
        Effect.andThen(expireTwins(name, httpOnly), put(name, scopesOf(name).at(-1), value, maxAge, httpOnly))

      const setCsrf = (csrf: string) => set(session.csrfCookieName, csrf, longestLife, false)
      // The secret itself stays: another tab may be signing in with it.
      const expireBrowserTwins = expireTwins(browserName, true)
      const clear = Effect.andThen(
        expire(session.cookieName, scopesOf(session.cookieName), true),
        expire(session.csrfCookieName, scopesOf(session.csrfCookieName), false)
      )

      const parse = (header: string): SentCookies => {
        const cookies = parseCookies(header)
        const sent = cookies.get(session.cookieName)
        return {
          sessions: valuesOf(sent).map((token) => ({
            token,
            hashes: crypto.known.map(({ hash }) => hash("session", token))
          })),
          hasSession: sent !== undefined,
          csrfs: valuesOf(cookies.get(session.csrfCookieName)),
          browsers: valuesOf(cookies.get(browserName))
        }
      }

      class Sent implements SentCookies {
        readonly #header: string
        #known: SentCookies | undefined

        constructor(header: string) {
          this.#header = header
        }

        get #sent() {
          return (this.#known ??= parse(this.#header))
        }
        get sessions() {
          return this.#sent.sessions
        }
        get hasSession() {
          return this.#sent.hasSession
        }
        get csrfs() {
          return this.#sent.csrfs
        }
        get browsers() {
          return this.#sent.browsers
        }
      }

      return SessionCookies.of({
        read: (header = "") => new Sent(header),
        setSession: (token, csrf) =>
          Effect.all([set(session.cookieName, token, longestLife, true), setCsrf(csrf), expireBrowserTwins], {
            discard: true
          }),
        setCsrf,
        setBrowser: (secret) => set(browserName, secret, "1 hour", true),
        clear,
        signOut: Effect.andThen(clear, expireBrowserTwins)
      })
    })
  )
}
