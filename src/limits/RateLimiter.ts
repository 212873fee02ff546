import { Clock, Context, Data, Effect, Layer } from "effect"
import { Redis } from "effect/persistence"
import { type EventLoopUtilization, performance } from "node:perf_hooks"
import { makeWindows, windowMs } from "./FixedWindows.ts"
import { redisPrefix } from "../infra/Redis.ts"

/** What is counted together: `limit` may pass in a window. */
export interface Bucket {
  /** Name of the rule, for people. */
  readonly policy: string
  /** Whom it counts; nothing secret, as it stands in Redis. */
  readonly whom: string
  readonly limit: number
}

export interface Verdict {
  readonly bucket: Bucket
  readonly passed: boolean
  readonly remaining: number
  /** Milliseconds until the window ends. */
  readonly resetMs: number
}

/**
 * A request waits some 40 ms for Redis: so many looks, 8 milliseconds apart. Between the looks that count this process
 * had little to do: else it is what is slow, and the answer may lie there unread.
 */
export const RedisPatience = Context.Reference<number>("limits/RateLimiter/RedisPatience", { defaultValue: () => 4 })
const lookEvery = 8
const little = 0.6
/** How long Redis is then left alone, in milliseconds. */
const pause = 1000

/** For each local window some 200 bytes. */
const localWindows = 50_000

/**
 * Counts in each bucket until one is over its limit: what comes after it is not counted. Answers the count and the
 * milliseconds left of each bucket reached.
 */
const countScript = Redis.script(
  (keys: ReadonlyArray<string>, limits: ReadonlyArray<number>) => [...keys, windowMs, ...limits],
  {
    numberOfKeys: (keys) => keys.length,
    lua: `
      local counts = {}
      for i, key in ipairs(KEYS) do
        local used = redis.call("incr", key)
        if used == 1 then redis.call("pexpire", key, ARGV[1]) end
        counts[2 * i - 1] = used
        counts[2 * i] = redis.call("pttl", key)
        if used > tonumber(ARGV[i + 1]) then break end
      end
      return counts`
  }
).withReturnType<ReadonlyArray<number>>()

/** The bucket with the least left; one over its limit has less than nothing left. */
const judge = (buckets: ReadonlyArray<Bucket>, counts: ReadonlyArray<number>): Verdict =>
  buckets
    .slice(0, counts.length / 2)
    .map((bucket, index) => ({ bucket, left: bucket.limit - counts[2 * index]!, resetMs: counts[2 * index + 1]! }))
    .toSorted((a, b) => a.left - b.left)
    .map(({ bucket, left, resetMs }) => ({
      bucket,
      passed: left >= 0,
      remaining: Math.max(left, 0),
      resetMs: Math.max(resetMs, 1)
    }))[0]!

/** Redis took too long. */
class Late extends Data.TaggedError("Late") {}

/** A connection that was lost is told by Redis.ts; being slow or refusing to count is not. */
const isNews = (error: Redis.RedisError | Late) =>
  error instanceof Late || (error.cause instanceof Error && error.cause.name === "ReplyError")

/** Counts for all replicas in Redis; with Redis away or slow, each replica at once counts for itself. */
export class RateLimiter extends Context.Service<
  RateLimiter,
  {
    /** Counts one in each bucket, in their order, up to the first that is full. One round trip. */
    readonly take: (buckets: ReadonlyArray<Bucket>) => Effect.Effect<Verdict>
  }
>()("limits/RateLimiter") {
  static readonly layer = Layer.effect(
    RateLimiter,
    Effect.gen(function* () {
      const count = (yield* Redis.Redis).eval(countScript)
      const prefix = `${yield* redisPrefix}limit:`
      const runFork = Effect.runForkWith(yield* Effect.context<never>())
      const patience = yield* RedisPatience
      const windows = makeWindows(localWindows)
      let awayUntil = 0
      let told = false

      const inTime = <A>(ask: Effect.Effect<A, Redis.RedisError>) =>
        Effect.callback<A, Redis.RedisError | Late>((resume) => {
          let looks = 0
          let before: EventLoopUtilization | undefined
          const look = () => {
            const now = performance.eventLoopUtilization()
            const busy = before === undefined ? 1 : performance.eventLoopUtilization(now, before).utilization
            before = now
            if (busy < little) looks += 1
            if (looks === patience) resume(new Late())
            else timer = setTimeout(look, lookEvery)
          }
          let timer = setTimeout(look, lookEvery)
          runFork(ask).addObserver((exit) => {
            clearTimeout(timer)
            resume(exit)
          })
        })

      const away = Effect.fnUntraced(function* (error: Redis.RedisError | Late) {
        awayUntil = (yield* Clock.currentTimeMillis) + pause
        if (told || !isNews(error)) return
        told = true
        yield* Effect.logWarning("Redis does not count in time; each replica limits by itself")
      })

      const back = Effect.suspend(() => {
        awayUntil = 0
        if (!told) return Effect.void
        told = false
        return Effect.logInfo("Redis counts again")
      })

      const take = Effect.fnUntraced(function* (buckets: ReadonlyArray<Bucket>) {
        const now = yield* Clock.currentTimeMillis
        const keys = buckets.map(({ policy, whom }) => `${prefix}${policy}:${whom}`)
        const limits = buckets.map(({ limit }) => limit)
        const alone = () => windows.count(keys, limits, now)
        if (now < awayUntil) return judge(buckets, alone())
        const shared = inTime(count(keys, limits))
        if (awayUntil > 0) {
          // Somebody has to try, but nobody waits for what becomes of it.
          awayUntil = now + pause
          runFork(Effect.matchEffect(shared, { onFailure: () => Effect.void, onSuccess: () => back }))
          return judge(buckets, alone())
        }
        return yield* shared.pipe(
          // Known here too, so that nobody begins anew when Redis goes away.
          Effect.tap((counts) => Effect.sync(() => windows.learn(keys, counts, now))),
          Effect.catch((error) => Effect.map(away(error), alone)),
          Effect.map((counts) => judge(buckets, counts))
        )
      })

      return RateLimiter.of({ take })
    })
  )
}
