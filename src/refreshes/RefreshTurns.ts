import { Clock, Effect, Fiber, FiberMap, Option } from "effect"
import { Redis } from "effect/persistence"
import { RequestInfo } from "../http/RequestInfo.ts"
import { Crypto } from "../infra/Crypto.ts"
import { ProviderUnavailable } from "../infra/upstream/ProviderErrors.ts"
import { redisPrefix } from "../infra/Redis.ts"
import type { CharacterId } from "../characters/Character.ts"

/** Milliseconds. Longer than a refresh can take, so that a turn only expires if its replica died. */
const turnLimit = 10_000
/** How long a waiting request may still start a turn of its own, and how long it waits for another's turn. */
const beginLimit = 500
const waitLimit = 5500
const lookEvery = 50

/**
 * KEYS: the character's turn. ARGV: a name for this turn (empty to only check), the age of the request. A turn that ended
 * after the request arrived counts as the request's own refresh.
 */
const beginScript = Redis.script((turn: string, token: string, age: number) => [turn, token, age], {
  numberOfKeys: 1,
  lua: `
      local turn = redis.call("get", KEYS[1])
      if turn and turn ~= "done" then return "busy" end
      if turn and ${turnLimit} - redis.call("pttl", KEYS[1]) <= tonumber(ARGV[2]) then return "done" end
      if ARGV[1] == "" then return "failed" end
      redis.call("set", KEYS[1], ARGV[1], "px", ${turnLimit})
      return "mine"`
}).withReturnType<"busy" | "done" | "failed" | "mine">()

/** ARGV: the name of the turn, whether it succeeded. */
const endScript = Redis.script((turn: string, token: string, done: boolean) => [turn, token, done], {
  numberOfKeys: 1,
  lua: `
      if redis.call("get", KEYS[1]) == ARGV[1] then
        if ARGV[2] == "true" then redis.call("set", KEYS[1], "done", "px", ${turnLimit})
        else redis.call("del", KEYS[1]) end
      end`
})

interface Refresh<A, E> {
  readonly character: CharacterId
  /** What the provider is asked beside the character: only refreshes that ask the same are one. */
  readonly asks: string
  /** Fetches from the provider and stores the result. */
  readonly fetch: Effect.Effect<A, E>
  /** Reads the result that another replica's refresh has just stored. */
  readonly stored: Effect.Effect<A, E>
}

/**
 * Merges concurrent refreshes of a character into one, across replicas and whoever asks: each caller must have been
 * allowed to before. That needs Redis, so refreshes fail while it is down. A caller that disconnects does not cancel the
 * refresh for the others. `account` is the provider's.
 */
export const refreshTurns = Effect.fnUntraced(function* <A, E>({ account }: { readonly account: string }) {
  const redis = yield* Redis.Redis
  const crypto = yield* Crypto
  const prefix = yield* redisPrefix
  const [begin, end] = [redis.eval(beginScript), redis.eval(endScript)]
  const running = yield* FiberMap.make<string, A, E | ProviderUnavailable>()
  const provider = crypto.hash("redis", account).slice(0, 8)
  const unavailable = Effect.suspend(() => new ProviderUnavailable({ retryAfter: 5 }))

  const take = Effect.fnUntraced(function* (turn: string, { fetch, stored }: Refresh<A, E>) {
    const { startedAt } = yield* RequestInfo
    const token = yield* crypto.token
    const began = yield* Clock.currentTimeMillis
    while (true) {
      const now = yield* Clock.currentTimeMillis
      const waited = now - began
      const name = waited < beginLimit ? token : ""
      const state = yield* begin(turn, name, now - startedAt).pipe(Effect.catch(() => unavailable))
      if (state === "done") return yield* stored
      if (state === "failed" || waited > waitLimit) return yield* unavailable
      if (state === "mine") {
        return yield* Effect.onExit(fetch, ({ _tag }) => Effect.ignore(end(turn, token, _tag === "Success")))
      }
      yield* Effect.sleep(lookEvery)
    }
  })

  return Effect.fnUntraced(function* (refresh: Refresh<A, E>) {
    const turn = `${prefix}refresh:${provider}:${refresh.character}:${refresh.asks}`
    const joined = Option.getOrUndefined(FiberMap.getUnsafe(running, turn))
    return yield* Fiber.join(joined ?? (yield* FiberMap.run(running, turn, take(turn, refresh))))
  })
})
