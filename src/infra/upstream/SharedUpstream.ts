import { Clock, Effect } from "effect"
import { Redis } from "effect/persistence"
import { Crypto } from "../Crypto.ts"
import { redisPrefix } from "../Redis.ts"
import { clampSeconds, Throttled, type Upstream } from "./Upstream.ts"

/** At most `burst` at once, and one each `interval` milliseconds. In any time t at most burst + t / interval. */
interface Pace {
  readonly interval: number
  readonly burst: number
}

export interface Rate {
  readonly short: Pace
  readonly long: Pace
  /** Of one replica that cannot ask how much the others send. */
  readonly alone: Pace
}

const unpaced: Pace = { interval: 0, burst: 1 }

/** Milliseconds that a request waits for its place at most; one that would wait longer is refused. */
const patience = 2000

/**
 * KEYS: the provider's block, its two paces. Answers how long we are refused, and how long to wait for the place taken
 * (the generic cell rate algorithm: the key holds when the next place would be free if there were no bursts).
 */
const admitScript = Redis.script(
  (block: string, short: string, long: string, pace: { readonly short: Pace; readonly long: Pace }) => [
    block,
    short,
    long,
    pace.short.interval,
    pace.short.burst,
    pace.long.interval,
    pace.long.burst
  ],
  {
    numberOfKeys: 3,
    lua: `
      local blocked = redis.call("pttl", KEYS[1])
      if blocked > 0 then return {blocked, 0} end
      local time = redis.call("time")
      local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
      local wait, free = 0, {}
      for i = 1, 2 do
        local interval, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
        free[i] = math.max(tonumber(redis.call("get", KEYS[i + 1]) or "0"), now)
        wait = math.max(wait, free[i] - (burst - 1) * interval - now)
        free[i] = free[i] + interval
      end
      if wait > ${patience} then return {math.ceil(wait), 0} end
      for i = 1, 2 do
        if tonumber(ARGV[2 * i - 1]) > 0 then
          redis.call("set", KEYS[i + 1], string.format("%.3f", free[i]), "px", math.ceil(free[i] - now) + 1000)
        end
      end
      return {0, math.ceil(wait)}`
  }
).withReturnType<readonly [refused: number, wait: number]>()

/** ARGV: milliseconds. */
const blockScript = Redis.script((block: string, millis: number) => [block, millis], {
  numberOfKeys: 1,
  lua: `if tonumber(ARGV[1]) > redis.call("pttl", KEYS[1]) then redis.call("set", KEYS[1], "1", "px", ARGV[1]) end`
})

/** The same algorithm for this replica alone. */
const makeAlone = ({ interval, burst }: Pace) => {
  let next = 0
  return Effect.map(Clock.currentTimeMillis, (now): readonly [number, number] => {
    const free = Math.max(next, now)
    const wait = Math.max(free - (burst - 1) * interval - now, 0)
    if (wait > patience) return [wait, 0]
    next = free + interval
    return [0, wait]
  })
}

/**
 * A provider as all replicas see it, through Redis: a 429 that one of them got stops the calls of all until it is over,
 * and all together keep a rate. Without Redis each knows of its own calls only, and sends no more than `alone` allows.
 * `account` is the owner of the quota.
 */
export const sharedUpstream = Effect.fnUntraced(function* (upstream: Upstream, account: string, rate?: Rate) {
  const redis = yield* Redis.Redis
  const provider = (yield* Crypto).common.hash("redis", account).slice(0, 8)
  const prefix = yield* redisPrefix
  const [admit, block] = [redis.eval(admitScript), redis.eval(blockScript)]
  const key = `${prefix}quota:${provider}`
  const paces = [`${prefix}pace:${provider}:short`, `${prefix}pace:${provider}:long`] as const
  const alone = makeAlone(rate?.alone ?? unpaced)

  const share = (seconds: number) => Effect.ignore(block(key, Math.ceil(clampSeconds(seconds) * 1000)))

  const admitted = admit(key, ...paces, rate ?? { short: unpaced, long: unpaced }).pipe(
    Effect.catch(() => alone),
    Effect.flatMap(([refused, wait]) => {
      if (refused > 0) return new Throttled({ retryAfter: clampSeconds(refused / 1000) })
      return wait > 0 ? Effect.sleep(wait) : Effect.void
    })
  )

  const send: Upstream["send"] = (request, options) =>
    Effect.andThen(
      admitted,
      Effect.tapErrorTag(upstream.send(request, options), "Throttled", ({ retryAfter }) => share(retryAfter))
    )

  const spend = (seconds: number) => Effect.andThen(upstream.spend(seconds), share(seconds))

  return { ...upstream, send, spend } satisfies Upstream as Upstream
})
