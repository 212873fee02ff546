import { Clock, Context, Data, Duration, Effect, Exit, Option, type Result, type Scope, Semaphore } from "effect"
import { type Headers, type HttpClient, type HttpClientError, HttpClientRequest } from "effect/http"
import { CircuitBreaker } from "effect/persistence"
import { durationsOf } from "../Metrics.ts"

/** A provider's response that its client interprets itself. */
export interface Answer {
  /** 2xx, 400, 401, 403 or 404. */
  readonly status: number
  /** The parsed body; undefined if it is not JSON in UTF-8, and always for 401 and 403. */
  readonly json: unknown
}

/** The provider's quota is exhausted; `retryAfter` in seconds, 1 to 3600. */
export class Throttled extends Data.TaggedError("Throttled")<{ readonly retryAfter: number }> {}

/** No usable response. `reason` is a fixed phrase, never text from the provider; `retryAfter` is in seconds. */
export class Unanswered extends Data.TaggedError("Unanswered")<{
  readonly reason: string
  readonly retryAfter: number
}> {
  static readonly because = (reason: string, retryAfter = 15) => new Unanswered({ reason, retryAfter })
}

export type UpstreamError = Throttled | Unanswered

interface SendOptions {
  /** Retry once if the connection breaks. Only for requests that the provider may receive twice. */
  readonly repeatable?: boolean
  /** Whether a 429 with these headers applies to all our requests. Otherwise it is not remembered. */
  readonly sharedQuota?: (headers: Headers.Headers) => boolean
}

/** One provider as its client sees it. */
export interface Upstream {
  /** Does not follow redirects, reads at most 2 MB, and sends nothing while the quota is known to be exhausted. */
  readonly send: (
    request: HttpClientRequest.HttpClientRequest,
    options?: SendOptions
  ) => Effect.Effect<Answer, UpstreamError>
  /** Limits a whole operation to 5.3 s, unless told. Fails at once while the circuit is open because the provider hangs. */
  readonly guard: <A>(
    operation: Effect.Effect<A, UpstreamError>,
    limit?: Duration.Input
  ) => Effect.Effect<A, UpstreamError>
  /** An optional part: undefined if it fails or is not done by `until` (epoch milliseconds). */
  readonly spare: <A>(until: number, part: Effect.Effect<A, UpstreamError>) => Effect.Effect<A | undefined>
  /** Marks the quota as exhausted for that many seconds. */
  readonly spend: (seconds: number) => Effect.Effect<void>
  /** Milliseconds until the quota resets; 0 if it is not known to be exhausted. */
  readonly spentFor: Effect.Effect<number>
}

const operationLimit = Duration.millis(5300)
/** At once for each provider: what one that hangs may keep of this process. */
const mostOperations = 64
/** Milliseconds that others wait for a place, about. */
const patience = 2000

/** 1 to 3600. */
export const clampSeconds = (seconds: number) => Math.min(Math.max(Math.ceil(seconds), 1), 3600)

/** A `Retry-After` header (seconds or an HTTP date) as seconds, 1 to 3600; undefined if absent or malformed. */
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

/** The status, or why there is none. */
const labelOf = (exit: Exit.Exit<Answer, UpstreamError>) => {
  if (Exit.isSuccess(exit)) return String(exit.value.status)
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  if (error === undefined) return "abandoned"
  return error._tag === "Throttled" ? "429" : error.reason.replace(/^status /, "")
}

const secondsUntilClosed = ({ reason }: CircuitBreaker.CircuitBreakerError) =>
  reason._tag === "CircuitOpen" ? clampSeconds(Duration.toSeconds(reason.retryAfter)) : 5

interface Options {
  /** Names the provider in log lines and metrics, and its circuit. */
  readonly name: string
  readonly userAgent: string
  readonly client: HttpClient.HttpClient.With<HttpClientError.HttpClientError, Scope.Scope>
  readonly breaker: CircuitBreaker.CircuitBreaker
}

const warn = (name: string, sentence: string, facts: object) =>
  Effect.logWarning(sentence).pipe(Effect.annotateLogs({ provider: name, ...facts }))

const busy = Unanswered.because("too many at once", 5)

/** Does not log an open circuit, a full house or an exhausted quota, since their causes were logged. */
const report = (name: string) => (error: UpstreamError) =>
  error._tag === "Throttled" || error.reason === "circuit open" || error === busy
    ? Effect.void
    : warn(name, "A provider sent no usable response", { reason: error.reason })

const within = <A>(duration: Duration.Input, effect: Effect.Effect<A, UpstreamError>) =>
  Effect.timeoutOrElse(effect, { duration, orElse: () => Unanswered.because("timeout") })

/** The last known state of the quota. */
const makeQuota = (name: string) => {
  let spentUntil = 0
  return {
    spend: Effect.fnUntraced(function* (seconds: number) {
      spentUntil = Math.max(spentUntil, (yield* Clock.currentTimeMillis) + clampSeconds(seconds) * 1000)
      yield* warn(name, "A provider's quota is exhausted", { seconds })
    }),
    spentFor: Effect.map(Clock.currentTimeMillis, (now) => Math.max(spentUntil - now, 0))
  }
}

const Sent = Context.Reference<{ count: number } | undefined>("infra/upstream/Sent", { defaultValue: () => undefined })

/** How an effect ends, and how many requests it sent to providers. */
export const counted = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<{ readonly result: Result.Result<A, E>; readonly requests: number }, never, R> =>
  Effect.suspend(() => {
    const sent = { count: 0 }
    return Effect.result(self).pipe(
      Effect.map((result) => ({ result, requests: sent.count })),
      Effect.provideService(Sent, sent)
    )
  })

/** Sends one request and handles the statuses that mean the same for every client. */
const askOf = ({ name, client }: Options, spend: Upstream["spend"]) =>
  Effect.fnUntraced(
    function* (request: HttpClientRequest.HttpClientRequest, sharedQuota: (headers: Headers.Headers) => boolean) {
      const sent = yield* Sent
      if (sent !== undefined) sent.count += 1
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

/** The returned value holds the quota and the circuit. */
export const makeUpstream = (options: Options): Upstream => {
  const { name, userAgent, breaker } = options
  const { spend, spentFor } = makeQuota(name)
  const ask = askOf(options, spend)
  const places = Semaphore.makeUnsafe(mostOperations)

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

  const guarded = <A>(operation: Effect.Effect<A, UpstreamError>, millis: number) =>
    breaker
      .execute(within(millis, operation), { key: name, classify: outcome })
      .pipe(
        Effect.catchTag("CircuitBreakerError", (error) => Unanswered.because("circuit open", secondsUntilClosed(error)))
      )

  let waiting = 0
  // Whoever waits for a place is refused at once when the circuit opens.
  const guard: Upstream["guard"] = (operation, limit = operationLimit) =>
    Effect.flatMap(Clock.currentTimeMillis, (start) => {
      const until = start + Duration.toMillis(limit)
      let isWaiting = true
      waiting += 1
      const stopWaiting = Effect.sync(() => {
        if (isWaiting) waiting -= 1
        isWaiting = false
      })
      const begun = Effect.flatMap(Effect.andThen(stopWaiting, Clock.currentTimeMillis), (now) =>
        guarded(operation, until - now)
      )
      // One after the other, so that many that give up do not hold up everything else at the same moment.
      const giveUp = Effect.flatMap(Effect.sleep(patience + 5 * waiting), () => (isWaiting ? busy : Effect.never))
      return Effect.raceFirst(places.withPermits(1)(begun), giveUp).pipe(
        Effect.ensuring(stopWaiting),
        Effect.tapError(report(name))
      )
    })

  const spare: Upstream["spare"] = (until, part) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => within(Math.max(until - now, 0), part)).pipe(
      Effect.tapError(report(name)),
      Effect.catch(() => Effect.undefined)
    )

  return { spend, spentFor, send, guard, spare }
}
