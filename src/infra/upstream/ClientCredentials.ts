import { Cache, Duration, Effect, Exit, Option, Redacted, Schema } from "effect"
import { HttpClientRequest } from "effect/http"
import { orNull } from "./Lenient.ts"
import { type Answer, Unanswered, type Upstream, type UpstreamError } from "./Upstream.ts"

/** Text that is safe in an Authorization header. */
export const TokenText = Schema.String.check(Schema.isPattern(/^[\x21-\x7e]{1,8192}$/))

const TokenAnswer = Schema.Struct({
  access_token: TokenText,
  /** Seconds. */
  expires_in: orNull(Schema.Finite)
})

interface Token {
  readonly text: Redacted.Redacted<string>
  readonly seconds: number
}

const decodeToken = Schema.decodeUnknownOption(TokenAnswer)

export interface Credentials {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
}

/** Sends a request with our bearer token. If the token is rejected, fetches a new one and retries once. */
interface SendAuthorized {
  (request: HttpClientRequest.HttpClientRequest): Effect.Effect<Answer, UpstreamError>
  /** Fetches the token if there is none. Without it, each request of an operation would try and fail. */
  readonly ready: Effect.Effect<void, UpstreamError>
}

/**
 * The client-credentials grant (RFC 6749, 4.4) with one token in memory. Concurrent callers share one fetch. Failures
 * are not cached.
 */
export const clientCredentials = Effect.fnUntraced(function* (
  name: string,
  upstream: Upstream,
  credentials: Credentials
) {
  const refused = (what: string) =>
    Effect.logError("A provider rejected our credentials").pipe(
      Effect.annotateLogs({ provider: name, what }),
      Effect.andThen(Unanswered.because("credentials refused", 60))
    )

  const fetchToken = Effect.gen(function* () {
    const answer = yield* upstream.send(
      HttpClientRequest.post(credentials.tokenUrl).pipe(
        HttpClientRequest.basicAuth(credentials.clientId, credentials.clientSecret),
        HttpClientRequest.bodyUrlParams({ grant_type: "client_credentials" })
      ),
      { repeatable: true }
    )
    if (answer.status === 400 || answer.status === 401) return yield* refused("client id and secret")
    if (answer.status >= 400) return yield* Unanswered.because(`status ${answer.status}`)
    const token = Option.getOrUndefined(decodeToken(answer.json))
    if (token === undefined) return yield* Unanswered.because("not understood")
    return { text: Redacted.make(token.access_token), seconds: Math.max(token.expires_in ?? 300, 0) }
  }).pipe(
    // A fetch that hangs must not hold up later callers that join it.
    Effect.timeoutOrElse({ duration: "4 seconds", orElse: () => Unanswered.because("timeout") })
  )

  const tokens = yield* Cache.makeWith((): Effect.Effect<Token, UpstreamError> => fetchToken, {
    capacity: 1,
    // Dropped a little early, so that it does not expire in transit.
    timeToLive: Exit.match({
      onFailure: () => Duration.zero,
      onSuccess: ({ seconds }) => Duration.seconds(seconds - Math.min(seconds * 0.2, 300))
    })
  })

  const send = Effect.fnUntraced(function* (request: HttpClientRequest.HttpClientRequest) {
    for (let attempt = 1; attempt <= 2; attempt++) {
      const token = yield* Cache.get(tokens, "token")
      const answer = yield* upstream.send(HttpClientRequest.bearerToken(request, token.text), { repeatable: true })
      if (answer.status !== 401) return answer
      yield* Cache.invalidateWhen(tokens, "token", (cached) => cached === token)
    }
    return yield* refused("a fresh token")
  })

  const ready = Effect.asVoid(Cache.get(tokens, "token"))
  return Object.assign(send, { ready }) satisfies SendAuthorized as SendAuthorized
})
