import { Clock, Data, Duration, Effect, Exit, Option, type Scope } from "effect"
import { type Headers, type HttpClient, type HttpClientError, HttpClientRequest } from "effect/http"
import { CircuitBreaker } from "effect/persistence"
import { durationsOf } from "../Metrics.ts"

/** What a provider said, when it said something that its client may want to judge by itself. */
export interface Answer {
  /** 2xx, 400, 401, 403 or 404. */
  readonly status: number
  /** The parsed body; undefined when it is no JSON in UTF-8, and always for 401 and 403. */
  readonly json: unknown
}

/** The provider's quota is spent; `retryAfter` in seconds, 1 to 3600. */
export class Throttled extends Data.TaggedError("Throttled")<{ readonly retryAfter: number }> {}

/** No usable answer. `reason` is one of a few fixed words, never text of the provider; `retryAfter` in seconds. */
export class Unanswered extends Data.TaggedError("Unanswered")<{
  readonly reason: string
  readonly retryAfter: number
}> {
  static readonly because = (reason: string, retryAfter = 15) => new Unanswered({ reason, retryAfter })
}

export type UpstreamError = Throttled | Unanswered

interface SendOptions {
  /** Sent once more when the connection broke: only where the provider may see the request twice. */
  readonly repeatable?: boolean
  /** Whether a 429 with these headers speaks of the whole provider; if not it is not remembered. */
  readonly sharedQuota?: (headers: Headers.Headers) => boolean
}

/** One provider as its client sees it. */
export interface Upstream {
  /** Never follows a redirect, reads at most 2 MB, and asks nothing while the quota is known to be spent. */
  readonly send: (
    request: HttpClientRequest.HttpClientRequest,
    options?: SendOptions
  ) => Effect.Effect<Answer, UpstreamError>
  /** Bounds a whole operation to 5.3 s, and fails at once while the provider has been hanging for others. */
  readonly guard: <A>(operation: Effect.Effect<A, UpstreamError>) => Effect.Effect<A, UpstreamError>
  /** What is wanted but not needed: undefined when it fails, or is not there by `until` (epoch milliseconds). */
  readonly spare: <A>(until: number, part: Effect.Effect<A, UpstreamError>) => Effect.Effect<A | undefined>
  /** Asks nothing more for that many seconds. */
  readonly spend: (seconds: number) => Effect.Effect<void>
  /** Milliseconds until the quota is back; 0 while there is no reason to believe it spent. */
  readonly spentFor: Effect.Effect<number>
}

const operationLimit = Duration.millis(5300)

const clampSeconds = (seconds: number) => Math.min(Math.max(Math.ceil(seconds), 1), 3600)

/** Seconds of a `Retry-After` (seconds or an HTTP date), 1 to 3600; undefined when absent or not understood. */
export const retryAfterSeconds = (header: string | undefined, now: number) => {
  const value = header?.trim() ?? ""
  const seconds = /^\d+(\.\d+)?$/.test(value)
    ? Number(value)
    : /^[a-z]{3,9},? /i.test(value)
      ? (Date.parse(value) - now) / 1000
      : Number.NaN
  return Number.isNaN(seconds) ? undefined : clampSeconds(seconds)
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const parse = (bytes: ArrayBuffer): unknown => {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    return undefined
  }
}

const reasonOf = ({ reason }: HttpClientError.HttpClientError) => {
  const cause = "cause" in reason ? reason.cause : undefined
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return "too large"
  return code === "UND_ERR_CONNECT_TIMEOUT" ? "timeout" : "connection"
}

const outcome = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  return error instanceof Unanswered && error.reason === "timeout" ? CircuitBreaker.failure() : CircuitBreaker.ignored
}

const timed = durationsOf("provider_request", "Requests to Discord, Warcraft Logs and Battle.net.")

/** The status, or what kept us from one. */
const labelOf = (exit: Exit.Exit<Answer, UpstreamError>) => {
  if (Exit.isSuccess(exit)) return String(exit.value.status)
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  if (error === undefined) return "abandoned"
  return error._tag === "Throttled" ? "429" : error.reason.replace(/^status /, "")
}

const secondsUntilClosed = ({ reason }: CircuitBreaker.CircuitBreakerError) =>
  reason._tag === "CircuitOpen" ? clampSeconds(Duration.toSeconds(reason.retryAfter)) : 5

interface Options {
  /** Marks log lines and metrics, and the circuit. */
  readonly name: string
  readonly userAgent: string
  readonly client: HttpClient.HttpClient.With<HttpClientError.HttpClientError, Scope.Scope>
  readonly breaker: CircuitBreaker.CircuitBreaker
}

const warn = (name: string, sentence: string, facts: object) =>
  Effect.logWarning(sentence).pipe(Effect.annotateLogs({ provider: name, ...facts }))

/** Neither an open circuit nor a spent quota is news: what led to them was logged. */
const report = (name: string) => (error: UpstreamError) =>
  error._tag === "Throttled" || error.reason === "circuit open"
    ? Effect.void
    : warn(name, "A provider gave no usable answer", { reason: error.reason })

const within = <A>(duration: Duration.Input, effect: Effect.Effect<A, UpstreamError>) =>
  Effect.timeoutOrElse(effect, { duration, orElse: () => Unanswered.because("timeout") })

/** The quota as it was last heard of. */
const makeQuota = (name: string) => {
  let spentUntil = 0
  return {
    spend: Effect.fnUntraced(function* (seconds: number) {
      spentUntil = Math.max(spentUntil, (yield* Clock.currentTimeMillis) + clampSeconds(seconds) * 1000)
      yield* warn(name, "The quota of a provider is spent", { seconds })
    }),
    spentFor: Effect.map(Clock.currentTimeMillis, (now) => Math.max(spentUntil - now, 0))
  }
}

/** One request and its answer, as far as every client judges it alike. */
const askOf = ({ name, client }: Options, spend: Upstream["spend"]) =>
  Effect.fnUntraced(
    function* (request: HttpClientRequest.HttpClientRequest, sharedQuota: (headers: Headers.Headers) => boolean) {
      const response = yield* client.execute(request)
      const { status, headers } = response
      const retryAfter = retryAfterSeconds(headers["retry-after"], yield* Clock.currentTimeMillis)
      if (status === 429) {
        if (sharedQuota(headers)) yield* spend(retryAfter ?? 60)
        return yield* new Throttled({ retryAfter: retryAfter ?? 60 })
      }
      if (status === 401 || status === 403) return { status, json: undefined }
      if ((status >= 200 && status < 300) || status === 400 || status === 404) {
        return { status, json: parse(yield* response.arrayBuffer) }
      }
      return yield* Unanswered.because(`status ${status}`, retryAfter)
    },
    Effect.scoped,
    Effect.catchTag("HttpClientError", (error) => Unanswered.because(reasonOf(error))),
    timed((exit) => ({ provider: name, outcome: labelOf(exit) }))
  )

/** Quota and circuit live as long as the value that is returned. */
export const makeUpstream = (options: Options): Upstream => {
  const { name, userAgent, breaker } = options
  const { spend, spentFor } = makeQuota(name)
  const ask = askOf(options, spend)

  const send: Upstream["send"] = (request, { repeatable = false, sharedQuota = () => true } = {}) =>
    Effect.flatMap(spentFor, (millis) => {
      if (millis > 0) return new Throttled({ retryAfter: clampSeconds(millis / 1000) })
      const marked = request.pipe(HttpClientRequest.acceptJson, HttpClientRequest.setHeader("user-agent", userAgent))
      return ask(marked, sharedQuota)
    }).pipe(
      Effect.retry({
        times: repeatable ? 1 : 0,
        while: (error) => error._tag === "Unanswered" && error.reason === "connection"
      })
    )

  const guard: Upstream["guard"] = (operation) =>
    breaker.execute(within(operationLimit, operation), { key: name, classify: outcome }).pipe(
      Effect.catchTag("CircuitBreakerError", (error) => Unanswered.because("circuit open", secondsUntilClosed(error))),
      Effect.tapError(report(name))
    )

  const spare: Upstream["spare"] = (until, part) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => within(Math.max(until - now, 0), part)).pipe(
      Effect.tapError(report(name)),
      Effect.catch(() => Effect.undefined)
    )

  return { spend, spentFor, send, guard, spare }
}
