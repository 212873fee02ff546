import { Clock, Context, Duration, Effect, Layer, type Redacted } from "effect"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import { Crypto } from "../infra/Crypto.ts"
import { csrfTokenOf } from "./Csrf.ts"
import { DiscordClient } from "./discord/DiscordClient.ts"
import { GeoIp } from "../infra/GeoIp.ts"
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
import type { SentToken } from "./SessionCookies.ts"
import { sealTokens } from "./SealedTokens.ts"
import { SignInRepo } from "./SignInRepo.ts"

/** The time limit for both calls to Discord together. */
const patience = "5500 millis"

type OAuthFailure =
  | InvalidOAuthState
  | OAuthStateExpired
  | OAuthStateConsumed
  | DiscordCodeRefused
  | CodeExchangeFailed
  | CodeExchangeLimited
  | ProfileFetchFailed
  | ProfileFetchLimited

const refusals = {
  unknown: () => new InvalidOAuthState(),
  expired: () => new OAuthStateExpired(),
  consumed: () => new OAuthStateConsumed()
}

/** What a sign-in begins with. */
interface Start {
  readonly browsers: ReadonlyArray<string>
  /** A path in the app. */
  readonly returnTo: string | null
}

/** What Discord sends back through the browser. */
interface Callback {
  readonly code: string
  readonly state: string
  readonly browsers: ReadonlyArray<string>
  /** The session tokens that the browser already had, with their hashes; those sessions end. */
  readonly presented: ReadonlyArray<SentToken>
}

/** A session of a sign-in, and the path in the app that the sign-in began with. */
interface Finished {
  readonly token: string
  readonly csrf: string
  readonly returnTo: string | null
}

/** While the secret is changed, replicas may not know the new one for this long after one that does has started. */
const rollout = Duration.toMillis("1 hour")

/** Signing in with Discord: the authorization code grant with PKCE, bound to the browser that started it. */
export class SignIn extends Context.Service<
  SignIn,
  {
    /** The URL to send the browser to, and the secret it must send back. All tabs of a browser share one secret. */
    readonly begin: (
      start: Start
    ) => Effect.Effect<{ readonly url: string; readonly browser: string }, DependencyUnavailable>
    /** Once; the browser that has the session which it opened may ask again, and gets the same. */
    readonly finish: (callback: Callback) => Effect.Effect<Finished, OAuthFailure | DependencyUnavailable>
  }
>()("auth/SignIn") {
  static readonly layerNoDeps = Layer.effect(
    SignIn,
    Effect.gen(function* () {
      const { discord } = yield* AppConfig
      const crypto = yield* Crypto
      const repo = yield* SignInRepo
      const client = yield* DiscordClient
      const geoIp = yield* GeoIp

      const startedAt = yield* Clock.currentTimeMillis

      const begin = Effect.fn("SignIn.begin")(function* ({ browsers, returnTo }: Start) {
        const isRollout = (yield* Clock.currentTimeMillis) - startedAt < rollout
        const { hash, verifier } = isRollout ? crypto.common : crypto
        const browser = browsers.find((secret) => /^[\w-]{43}$/.test(secret)) ?? (yield* crypto.token)
        const state = yield* crypto.token
        yield* repo.begin({
          stateHash: hash("oauth-state", state),
          browserHash: hash("oauth-browser", browser),
          returnTo
        })
        const url = new URL(discord.authorizeUrl)
        for (const [key, value] of Object.entries({
          client_id: discord.clientId,
          response_type: "code",
          redirect_uri: discord.redirectUrl,
          scope: "identify",
          state,
          code_challenge: crypto.challenge(verifier(state)),
          code_challenge_method: "S256"
        })) {
          url.searchParams.set(key, value)
        }
        return { url: url.href, browser }
      })

      const exchange = (code: string, verifier: Redacted.Redacted<string>) =>
        client.exchangeCode({ code, verifier }).pipe(
          Effect.catchTags({
            DiscordCodeRejected: () => new DiscordCodeRefused(),
            DiscordRateLimited: ({ retryAfter }) => new CodeExchangeLimited({ retryAfter }),
            DiscordUnavailable: () => new CodeExchangeFailed()
          })
        )

      const profileOf = (token: Redacted.Redacted<string>) =>
        client.currentUser(token).pipe(
          Effect.catchTags({
            DiscordTokenRejected: () => new ProfileFetchFailed(),
            DiscordRateLimited: ({ retryAfter }) => new ProfileFetchLimited({ retryAfter }),
            DiscordUnavailable: () => new ProfileFetchFailed()
          })
        )

      /** Exchanges the code and fetches the profile. A failure has the error code of the stage that failed. */
      const ask = Effect.fnUntraced(function* (code: string, verifier: Redacted.Redacted<string>) {
        let exchanged = false
        return yield* Effect.gen(function* () {
          const tokens = yield* exchange(code, verifier)
          exchanged = true
          return { tokens, profile: yield* profileOf(tokens.accessToken) }
        }).pipe(
          Effect.timeoutOrElse({
            duration: patience,
            orElse: () => Effect.fail(exchanged ? new ProfileFetchFailed() : new CodeExchangeFailed())
          })
        )
      })

      const finish = Effect.fn("SignIn.finish")(function* ({ code, state, browsers, presented }: Callback) {
        const stateHashes = crypto.known.map(({ hash }) => hash("oauth-state", state))
        const { verdict, stateHash, kept, returnTo } = yield* repo.consume({
          stateHashes,
          browserHashes: browsers.flatMap((secret) => crypto.known.map(({ hash }) => hash("oauth-browser", secret))),
          presentedTokenHashes: presented.flatMap(({ hashes }) => hashes)
        })
        if (kept !== null) {
          const { token } = presented.find(({ hashes }) => hashes.includes(kept.tokenHash))!
          return { token, csrf: csrfTokenOf(crypto, token, kept.csrfHash), returnTo }
        }
        if (verdict !== "won") return yield* refusals[verdict]()
        const { verifier } = crypto.known[stateHashes.indexOf(stateHash!)]!
        const { tokens, profile } = yield* ask(code, verifier(state)).pipe(
          Effect.tapError((error) => Effect.ignore(repo.fail(error.code)))
        )
        const token = yield* crypto.token
        const csrf = crypto.common.csrfToken(token)
        const { ip } = yield* RequestInfo
        yield* repo.complete(profile, {
          stateHash: stateHash!,
          tokenHash: crypto.hash("session", token),
          previousTokenHash: crypto.known.length === 1 ? null : crypto.common.hash("session", token),
          csrfHash: crypto.hash("csrf", csrf),
          presentedTokenHashes: presented.flatMap(({ hashes }) => hashes),
          ...(yield* sealTokens(crypto, tokens)),
          location: geoIp.locate(ip)
        })
        return { token, csrf, returnTo }
      })

      return SignIn.of({ begin, finish })
    })
  )

  static readonly layer = SignIn.layerNoDeps.pipe(Layer.provide([SignInRepo.layer, DiscordClient.layer]))
}
