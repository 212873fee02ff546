import { Clock, Effect, Option, Schema } from "effect"
import { HttpClientRequest } from "effect/http"
import { AppConfig } from "../../infra/AppConfig.ts"
import { clientCredentials } from "../../infra/upstream/ClientCredentials.ts"
import { orNull } from "../../infra/upstream/Lenient.ts"
import { sharedUpstream } from "../../infra/upstream/SharedUpstream.ts"
import { Throttled, Unanswered } from "../../infra/upstream/Upstream.ts"
import { UpstreamHttp } from "../../infra/upstream/UpstreamHttp.ts"
import { WclQuota } from "./WclQuota.ts"

const Reply = Schema.Struct({
  data: orNull(Schema.Record(Schema.String, Schema.Unknown)),
  errors: orNull(
    Schema.Array(Schema.Struct({ message: orNull(Schema.String), path: orNull(Schema.Array(Schema.Unknown)) }))
  )
})

const RateLimit = Schema.Struct({
  rateLimitData: Schema.Struct({
    limitPerHour: Schema.Finite,
    pointsSpentThisHour: Schema.Finite,
    pointsResetIn: Schema.Finite
  })
})

const decodeReply = Schema.decodeUnknownOption(Reply)
const decodeRateLimit = Schema.decodeUnknownOption(RateLimit)

export const notUnderstood = Unanswered.because("not understood")
export const queryRefused = Unanswered.because("query refused")

/** Warcraft Logs' GraphQL API v2 (https://www.warcraftlogs.com/v2-api-docs/warcraft/), with client credentials. */
export const wclApi = Effect.gen(function* () {
  const { wcl, frontendOrigin } = yield* AppConfig
  const quota = yield* WclQuota
  const account = `${wcl.clientId}@${wcl.endpoint}`
  const upstream = yield* sharedUpstream(
    (yield* UpstreamHttp).open("warcraftlogs", `raid-composition-backend/0.1.0 (+${frontendOrigin})`),
    account
  )
  const send = yield* clientCredentials("warcraftlogs", upstream, wcl)

  /** The data of a query that costs about so many points, and the paths of its errors. */
  const ask = Effect.fnUntraced(function* (query: string, variables: Readonly<Record<string, unknown>>, cost: number) {
    const { status, json } = yield* send(
      HttpClientRequest.post(wcl.endpoint).pipe(HttpClientRequest.bodyJsonUnsafe({ query, variables }))
    )
    if (status >= 400) return yield* Unanswered.because(`status ${status}`)
    const reply = Option.getOrUndefined(decodeReply(json))
    if (reply === undefined) return yield* notUnderstood
    const errors = reply.errors ?? []
    if (errors.some(({ message }) => /rate.?limit/i.test(message ?? ""))) {
      yield* upstream.spend(60)
      return yield* new Throttled({ retryAfter: 60 })
    }
    if (reply.data === null) return yield* errors.length > 0 ? queryRefused : notUnderstood
    const told = Option.getOrUndefined(decodeRateLimit(reply.data))?.rateLimitData
    if (told !== undefined) {
      const { limitPerHour: limit, pointsSpentThisHour: spent, pointsResetIn: resetIn } = told
      yield* quota.tell({ limit, spent, resetIn }, cost)
      if (spent >= limit) yield* upstream.spend(resetIn)
    }
    return { data: reply.data, errors: errors.map(({ path }) => path) }
  })

  let next = 0
  /** Waits until WCL_API_DELAY_MS after the last request in bulk began. */
  const turn = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const begins = Math.max(now, next)
    next = begins + wcl.delayMs
    return Effect.sleep(begins - now)
  })

  return { ask, turn, upstream, account, delay: Effect.sleep(wcl.delayMs) }
})
