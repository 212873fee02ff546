import { Clock, Context, Data, Effect, Layer } from "effect"
import { Redis } from "effect/persistence"
import { type EventLoopUtilization, performance } from "node:perf_hooks"
import { gathered } from "../infra/Gathered.ts"
import { redisPrefix } from "../infra/Redis.ts"
import { makeWindows, windowMs } from "./FixedWindows.ts"

/** Requests that are counted together: `limit` may pass in each window. */
export interface Bucket {
  /** Name of the rule, shown to clients. */
  readonly policy: string
  /** The caller that is counted. Never a secret, since it is stored in Redis. */
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
 * How many checks, 8 ms apart, a request waits for Redis: some 40 ms in all. A check counts only if this process was
 * mostly idle since the last one; otherwise the process itself is slow and the reply may already be waiting.
 */
export const RedisPatience = Context.Reference<number>("limits/RateLimiter/RedisPatience", { defaultValue: () => 4 })
const lookEvery = 8
const little = 0.6
/** How long Redis is then not asked, in milliseconds. */
const pause = 1000

/** Some 200 bytes each. */
const localWindows = 50_000

/** What one request counts in: a limit for each key. */
interface Counters {
  readonly keys: ReadonlyArray<string>
  readonly limits: ReadonlyArray<number>
}

/**
 * For each request, counts in each bucket, up to the first that is over its limit. Returns the count and the
 * milliseconds left of each bucket that a request reached.
 */
const countScript = Redis.script(
  (requests: ReadonlyArray<Counters>) => [
    ...requests.flatMap(({ keys }) => keys),
    windowMs,
    ...requests.flatMap(({ limits }) => [limits.length, ...limits])
  ],
  {
    numberOfKeys: (requests) => requests.reduce((total, { keys }) => total + keys.length, 0),
    lua: `
      local requests, key, arg = {}, 0, 2
      while arg <= #ARGV do
        local counts, buckets, full = {}, tonumber(ARGV[arg]), false
        for i = 1, buckets do
          if not full then
            local used = redis.call("incr", KEYS[key + i])
            if used == 1 then redis.call("pexpire", KEYS[key + i], ARGV[1]) end
            counts[2 * i - 1] = used
            counts[2 * i] = redis.call("pttl", KEYS[key + i])
            full = used > tonumber(ARGV[arg + i])
          end
        end
        requests[#requests + 1] = counts
        key = key + buckets
        arg = arg + buckets + 1
      end
      return requests`
  }
).withReturnType<ReadonlyArray<ReadonlyArray<number>>>()

/** The verdict of the tightest bucket that was reached. */
const judge = (buckets: ReadonlyArray<Bucket>, counts: ReadonlyArray<number>): Verdict => {
  const leftOf = (index: number) => buckets[index]!.limit - counts[2 * index]!
  let tightest = 0
  for (let index = 1; index < counts.length / 2; index++) if (leftOf(index) < leftOf(tightest)) tightest = index
  const left = leftOf(tightest)
  return {
    bucket: buckets[tightest]!,
    passed: left >= 0,
    remaining: Math.max(left, 0),
    resetMs: Math.max(counts[2 * tightest + 1]!, 1)
  }
}

/** Redis took too long. */
class Late extends Data.TaggedError("Late") {}

/** Redis.ts already logs a lost connection, but not a slow Redis or one that refuses to count. */
const isNews = (error: Redis.RedisError | Late) =>
  error instanceof Late || (error.cause instanceof Error && error.cause.name === "ReplyError")

/** Counts for all replicas in Redis. When Redis is down or slow, each replica counts on its own at once. */
export class RateLimiter extends Context.Service<
  RateLimiter,
  {
    /** Counts one request in each bucket, in order, up to the first that is full. One round trip, shared with others. */
    readonly take: (buckets: ReadonlyArray<Bucket>) => Effect.Effect<Verdict>
    /** Forgets what was counted. Without Redis, which ends every count within a minute, it does nothing. */
    readonly forget: (buckets: ReadonlyArray<Pick<Bucket, "policy" | "whom">>) => Effect.Effect<void>
  }
>()("limits/RateLimiter") {
  static readonly layer = Layer.effect(
    RateLimiter,
    Effect.gen(function* () {
      const redis = yield* Redis.Redis
      const count = redis.eval(countScript)
      const prefix = `${yield* redisPrefix}limit:`
      const keyOf = ({ policy, whom }: Pick<Bucket, "policy" | "whom">) => `${prefix}${policy}:${whom}`
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
        yield* Effect.logWarning("Redis is slow; rate limits now apply per replica")
      })

      const back = Effect.suspend(() => {
        awayUntil = 0
        if (!told) return Effect.void
        told = false
        return Effect.logInfo("Redis is fast again; rate limits now apply across replicas")
      })

      const shared = gathered((requests: ReadonlyArray<Counters>) => inTime(count(requests)))

      const take = (buckets: ReadonlyArray<Bucket>) =>
        Effect.clockWith((clock): Effect.Effect<Verdict> => {
          const now = clock.currentTimeMillisUnsafe()
          const keys = buckets.map(keyOf)
          const limits = buckets.map(({ limit }) => limit)
          const alone = () => judge(buckets, windows.count(keys, limits, now))
          if (now < awayUntil) return Effect.succeed(alone())
          if (awayUntil > 0) {
            // One request per pause tries Redis in the background; it does not wait for the result.
            awayUntil = now + pause
            runFork(
              Effect.matchEffect(shared({ keys, limits }), { onFailure: () => Effect.void, onSuccess: () => back })
            )
            return Effect.succeed(alone())
          }
          return Effect.matchEffect(shared({ keys, limits }), {
            onFailure: (error) => Effect.map(away(error), alone),
            onSuccess: (counts) => {
              // Kept here too, so that callers do not start from zero when Redis goes down.
              windows.learn(keys, counts, now)
              return Effect.succeed(judge(buckets, counts))
            }
          })
        })

      return RateLimiter.of({ take, forget: (buckets) => Effect.ignore(redis.send("DEL", ...buckets.map(keyOf))) })
    })
  )
}
