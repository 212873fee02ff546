import { Clock, Context, Data, Effect, Layer } from "effect"
import { Redis } from "effect/persistence"
import { AppConfig } from "../../infra/AppConfig.ts"
import { Crypto } from "../../infra/Crypto.ts"
import { redisPrefix } from "../../infra/Redis.ts"

/**
 * Refreshes in bulk must wait. `reserve`: what is left of the hour is kept for single refreshes. `retry-after`: Warcraft
 * Logs refuses all our requests until then.
 */
export class QuotaSpent extends Data.TaggedError("QuotaSpent")<{
  /** Milliseconds of the Unix clock. */
  readonly until: number
  readonly reason: "reserve" | "retry-after"
}> {}

/** The hour's points, as the last answers told. */
export interface PointsKnown {
  readonly limit: number
  readonly left: number
  /** Milliseconds of the Unix clock. */
  readonly resetsAt: number
}

/** The share of the hour that refreshes in bulk leave to single ones. */
const reserve = 0.1
/** Of what it saw left, a replica without Redis takes so much to be its own. */
const ownShare = 0.5

/** KEYS: the points. Answers limit, left and milliseconds until the reset; nothing when they are not known. */
const lookScript = Redis.script((points: string) => [points], {
  numberOfKeys: 1,
  lua: `
    local points = redis.call("hmget", KEYS[1], "limit", "left")
    if not points[1] then return {} end
    return {points[1], points[2], tostring(redis.call("pttl", KEYS[1]))}`
}).withReturnType<ReadonlyArray<string>>()

/** ARGV: what a request may cost, the reserve as a share. Takes it, or answers the milliseconds until the reset. */
const takeScript = Redis.script((points: string, cost: number) => [points, cost, reserve], {
  numberOfKeys: 1,
  lua: `
    local points = redis.call("hmget", KEYS[1], "limit", "left")
    if not points[1] then return 0 end
    if tonumber(points[2]) - tonumber(ARGV[1]) < tonumber(points[1]) * tonumber(ARGV[2]) then
      return math.max(redis.call("pttl", KEYS[1]), 1)
    end
    redis.call("hincrbyfloat", KEYS[1], "left", "-" .. ARGV[1])
    return 0`
}).withReturnType<number>()

const tellScript = Redis.script(
  (points: string, limit: number, left: number, millis: number) => [points, limit, left, millis],
  {
    numberOfKeys: 1,
    lua: `
      redis.call("hset", KEYS[1], "limit", ARGV[1], "left", ARGV[2])
      redis.call("pexpire", KEYS[1], ARGV[3])`
  }
)

/**
 * The points of our key at Warcraft Logs, shared by the replicas through Redis. Each answer tells what was spent before
 * it. Without Redis a replica goes by its own answers, and takes only half of what is left to be its own.
 */
export class WclQuota extends Context.Service<
  WclQuota,
  {
    /** Undefined before the first answer of the hour. */
    readonly known: Effect.Effect<PointsKnown | undefined>
    /** For a request in bulk that costs about so many points: fails if they would come out of the reserve. */
    readonly take: (cost: number) => Effect.Effect<void, QuotaSpent>
    /** What an answer says, and about how many points the request cost that it answers. */
    readonly tell: (said: { limit: number; spent: number; resetIn: number }, cost: number) => Effect.Effect<void>
  }
>()("refreshes/warcraftlogs/WclQuota") {
  static readonly layer = Layer.effect(
    WclQuota,
    Effect.gen(function* () {
      const { wcl } = yield* AppConfig
      const redis = yield* Redis.Redis
      const account = (yield* Crypto).hash("redis", `${wcl.clientId}@${wcl.endpoint}`).slice(0, 8)
      const key = `${yield* redisPrefix}points:${account}`
      const [look, take, tell] = [redis.eval(lookScript), redis.eval(takeScript), redis.eval(tellScript)]
      let last: PointsKnown | undefined

      const alone = Effect.map(Clock.currentTimeMillis, (now) =>
        last === undefined || last.resetsAt <= now ? undefined : { ...last, left: last.left * ownShare }
      )

      const takeAlone = (cost: number) =>
        Effect.map(alone, (known) => {
          if (known !== undefined && known.left - cost < known.limit * reserve) return known.resetsAt
          if (last !== undefined) last = { ...last, left: last.left - cost }
          return 0
        })

      return WclQuota.of({
        known: Effect.gen(function* () {
          const [limit, left, millis] = yield* look(key)
          if (limit === undefined) return undefined
          const now = yield* Clock.currentTimeMillis
          return { limit: Number(limit), left: Math.max(Number(left), 0), resetsAt: now + Number(millis) }
        }).pipe(Effect.catch(() => alone)),
        take: Effect.fnUntraced(function* (cost) {
          const now = yield* Clock.currentTimeMillis
          const until = yield* take(key, cost).pipe(
            Effect.map((millis) => (millis > 0 ? now + millis : 0)),
            Effect.catch(() => takeAlone(cost))
          )
          if (until > 0) return yield* new QuotaSpent({ until, reason: "reserve" })
        }),
        tell: Effect.fnUntraced(function* ({ limit, spent, resetIn }, cost) {
          const millis = Math.min(Math.max(resetIn, 1), 3600) * 1000
          const left = Math.max(limit - spent - cost, 0)
          last = { limit, left, resetsAt: (yield* Clock.currentTimeMillis) + millis }
          yield* Effect.ignore(tell(key, limit, left, Math.ceil(millis)))
        })
      })
    })
  )
}
