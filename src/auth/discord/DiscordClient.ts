import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { HttpClientRequest } from "effect/http"
import { AppConfig } from "../../infra/AppConfig.ts"
import { version } from "../../infra/Version.ts"
import { decodeProfile } from "./DiscordProfile.ts"
import type { DiscordProfile } from "./DiscordProfile.ts"
import { orNull } from "../../infra/upstream/Lenient.ts"
import { UpstreamHttp } from "../../infra/upstream/UpstreamHttp.ts"
import type { Answer, UpstreamError } from "../../infra/upstream/Upstream.ts"
import { TokenText } from "../../infra/upstream/ClientCredentials.ts"

export type { DiscordProfile }

/** The code is used, expired, or was issued to another application. */
export class DiscordCodeRejected extends Schema.TaggedError<DiscordCodeRejected>()("DiscordCodeRejected", {}) {}

/** Discord no longer accepts this access or refresh token. */
export class DiscordTokenRejected extends Schema.TaggedError<DiscordTokenRejected>()("DiscordTokenRejected", {}) {}

/** `retryAfter` in seconds, 1 to 3600. */
export class DiscordRateLimited extends Schema.TaggedError<DiscordRateLimited>()("DiscordRateLimited", {
  retryAfter: Schema.Int
}) {}

/** `reason` is a fixed phrase such as "timeout" or "status 500", never text from Discord. */
export class DiscordUnavailable extends Schema.TaggedError<DiscordUnavailable>()("DiscordUnavailable", {
  stage: Schema.Literals(["exchange", "refresh", "profile", "revoke"]),
  reason: Schema.String
}) {}

type Stage = DiscordUnavailable["stage"]

export interface DiscordTokens {
  readonly accessToken: Redacted.Redacted<string>
  /** Null if Discord sent none. */
  readonly refreshToken: Redacted.Redacted<string> | null
  readonly tokenType: "Bearer"
  /** Scopes separated by spaces, `identify` among them. */
  readonly scope: string
  /** Seconds from now, at most a year. */
  readonly expiresIn: number
}

const TokenAnswer = Schema.Struct({
  access_token: TokenText,
  refresh_token: orNull(TokenText),
  token_type: Schema.String.check(Schema.isPattern(/^bearer$/i)),
  scope: Schema.String.check(Schema.isPattern(/^[\x20-\x7e]{0,1000}$/)),
  expires_in: Schema.Finite.check(Schema.isGreaterThan(0))
})

const decodeTokens = Schema.decodeUnknownOption(TokenAnswer)
const decodeRefusal = Schema.decodeUnknownOption(
  Schema.Struct({ error: orNull(Schema.String), error_description: orNull(Schema.String) })
)

/** Somebody waits for what the answer does not change. */
const revokeLimit = "2 seconds"

const yearInSeconds = 365 * 24 * 3600

const failure = (stage: Stage) => (error: UpstreamError) =>
  error._tag === "Throttled"
    ? new DiscordRateLimited({ retryAfter: error.retryAfter })
    : new DiscordUnavailable({ stage, reason: error.reason })

/** A limit on one user says nothing about other users. */
const sharedQuota = (headers: Readonly<Record<string, string | undefined>>) =>
  headers["x-ratelimit-scope"] !== "user" || headers["x-ratelimit-global"] === "true"

/** Discord's OAuth and profile endpoints (https://discord.com/developers/docs/topics/oauth2). */
export class DiscordClient extends Context.Service<
  DiscordClient,
  {
    /** Redeems a code. A code works once, so neither this client nor its caller may retry. */
    readonly exchangeCode: (grant: {
      readonly code: string
      readonly verifier: Redacted.Redacted<string>
    }) => Effect.Effect<DiscordTokens, DiscordCodeRejected | DiscordRateLimited | DiscordUnavailable>
    /** Uses up the refresh token. Store the new one at once, and never refresh one identity twice in parallel. */
    readonly refreshToken: (
      token: Redacted.Redacted<string>
    ) => Effect.Effect<DiscordTokens, DiscordTokenRejected | DiscordRateLimited | DiscordUnavailable>
    /** Ends every token that this application has of the same user. */
    readonly revokeToken: (
      token: Redacted.Redacted<string>
    ) => Effect.Effect<void, DiscordRateLimited | DiscordUnavailable>
    readonly currentUser: (
      accessToken: Redacted.Redacted<string>
    ) => Effect.Effect<DiscordProfile, DiscordTokenRejected | DiscordRateLimited | DiscordUnavailable>
  }
>()("auth/discord/DiscordClient") {
  static readonly layerNoDeps = Layer.effect(
    DiscordClient,
    Effect.gen(function* () {
      const { discord, frontendOrigin } = yield* AppConfig
      const upstream = (yield* UpstreamHttp).open("discord", `DiscordBot (${frontendOrigin}, ${version})`)

      const unavailable = (stage: Stage, reason: string) =>
        Effect.logWarning("A provider sent no usable response").pipe(
          Effect.annotateLogs({ provider: "discord", reason }),
          Effect.andThen(new DiscordUnavailable({ stage, reason }))
        )

      const asApplication = (path: string, form: Record<string, string>) =>
        HttpClientRequest.post(`${discord.apiBaseUrl}${path}`).pipe(
          HttpClientRequest.basicAuth(discord.clientId, discord.clientSecret),
          HttpClientRequest.bodyUrlParams(form)
        )

      const askTokens = (stage: Stage, form: Record<string, string>) =>
        Effect.mapError(upstream.guard(upstream.send(asApplication("/oauth2/token", form))), failure(stage))

      const credentialsRefused = (stage: Stage) =>
        Effect.logError("A provider rejected our credentials").pipe(
          Effect.annotateLogs({ provider: "discord", what: "client id and secret" }),
          Effect.andThen(new DiscordUnavailable({ stage, reason: "credentials refused" }))
        )

      /** Also in Discord's older words: `invalid_request`, and a description that names what was invalid. */
      const isInvalidGrant = ({ status, json }: Answer, what: "code" | "refresh_token") =>
        status === 400 &&
        Option.exists(
          decodeRefusal(json),
          ({ error, error_description }) =>
            error === "invalid_grant" ||
            (error === "invalid_request" && error_description?.startsWith(`Invalid "${what}" in request`) === true)
        )

      const readTokens = Effect.fnUntraced(function* (stage: Stage, { status, json }: Answer) {
        if (status === 401) return yield* credentialsRefused(stage)
        if (status >= 400) return yield* unavailable(stage, `status ${status}`)
        const tokens = Option.getOrUndefined(decodeTokens(json))
        if (tokens === undefined) return yield* unavailable(stage, "not understood")
        if (!tokens.scope.split(" ").includes("identify")) return yield* unavailable(stage, "scope")
        return {
          accessToken: Redacted.make(tokens.access_token),
          refreshToken: tokens.refresh_token === null ? null : Redacted.make(tokens.refresh_token),
          tokenType: "Bearer",
          scope: tokens.scope,
          expiresIn: Math.min(Math.ceil(tokens.expires_in), yearInSeconds)
        } as const
      })

      const exchangeCode = Effect.fn("DiscordClient.exchangeCode")(function* (grant: {
        readonly code: string
        readonly verifier: Redacted.Redacted<string>
      }) {
        const answer = yield* askTokens("exchange", {
          grant_type: "authorization_code",
          code: grant.code,
          redirect_uri: discord.redirectUrl,
          code_verifier: Redacted.value(grant.verifier)
        })
        if (isInvalidGrant(answer, "code")) return yield* new DiscordCodeRejected()
        return yield* readTokens("exchange", answer)
      })

      const refreshToken = Effect.fn("DiscordClient.refreshToken")(function* (token: Redacted.Redacted<string>) {
        const answer = yield* askTokens("refresh", {
          grant_type: "refresh_token",
          refresh_token: Redacted.value(token)
        })
        if (isInvalidGrant(answer, "refresh_token")) return yield* new DiscordTokenRejected()
        return yield* readTokens("refresh", answer)
      })

      const revokeToken = Effect.fn("DiscordClient.revokeToken")(function* (token: Redacted.Redacted<string>) {
        const request = asApplication("/oauth2/token/revoke", { token: Redacted.value(token) })
        const { status } = yield* upstream
          .guard(upstream.send(request, { repeatable: true }), revokeLimit)
          .pipe(Effect.mapError(failure("revoke")))
        if (status === 401) return yield* credentialsRefused("revoke")
        if (status >= 400) return yield* unavailable("revoke", `status ${status}`)
      })

      const currentUser = Effect.fn("DiscordClient.currentUser")(function* (accessToken: Redacted.Redacted<string>) {
        const { status, json } = yield* HttpClientRequest.get(`${discord.apiBaseUrl}/users/@me`).pipe(
          HttpClientRequest.bearerToken(accessToken),
          (request) => upstream.guard(upstream.send(request, { repeatable: true, sharedQuota })),
          Effect.mapError(failure("profile"))
        )
        if (status === 401) return yield* new DiscordTokenRejected()
        if (status >= 400) return yield* unavailable("profile", `status ${status}`)
        const profile = Option.getOrUndefined(decodeProfile(json))
        return profile ?? (yield* unavailable("profile", "not understood"))
      })

      return DiscordClient.of({ exchangeCode, refreshToken, revokeToken, currentUser })
    })
  )

  static readonly layer = DiscordClient.layerNoDeps.pipe(Layer.provide(UpstreamHttp.layer))
}
