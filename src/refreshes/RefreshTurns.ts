import { Clock, Effect, Fiber, FiberMap, Option } from "effect"
import { Redis } from "effect/persistence"
import type { UserId } from "../auth/User.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import { Crypto } from "../infra/Crypto.ts"
import { ProviderRateLimited, ProviderUnavailable } from "../infra/upstream/ProviderErrors.ts"
import { redisPrefix } from "../infra/Redis.ts"
import type { CharacterId } from "../characters/Character.ts"

/** Milliseconds. Longer than a refresh can take, so that a turn only expires if its replica died. */
const turnLimit = 10_000
/** How long a waiting request may still start a turn of its own, and how long it waits for another's turn. */
const beginLimit = 500
const waitLimit = 5500
const lookEvery = 50

/**
 * KEYS: the character's turn, the provider's quota. ARGV: a name for this turn (empty to only check), the age of the
 * request. A turn that ended after the request arrived counts as the request's own refresh.
 */
const beginScript = Redis.script(
  (turn: string, quota: string, token: string, age: number) => [turn, quota, token, age],
  {
    numberOfKeys: 2,
    lua: `
      local spent = redis.call("pttl", KEYS[2])
      if spent > 0 then return {"spent", spent} end
      local turn = redis.call("get", KEYS[1])
      if turn and turn ~= "done" then return {"busy", 0} end
      if turn and ${turnLimit} - redis.call("pttl", KEYS[1]) <= tonumber(ARGV[2]) then return {"done", 0} end
      if ARGV[1] == "" then return {"failed", 0} end
      redis.call("set", KEYS[1], ARGV[1], "px", ${turnLimit})
      return {"mine", 0}`
  }
).withReturnType<readonly ["spent" | "busy" | "done" | "failed" | "mine", number]>()

/** ARGV: the name of the turn, whether it succeeded, and for how many milliseconds the quota is exhausted. */
const endScript = Redis.script(
  (turn: string, quota: string, token: string, done: boolean, spent: number) => [turn, quota, token, done, spent],
  {
    numberOfKeys: 2,
    lua: `
      if redis.call("get", KEYS[1]) == ARGV[1] then
        if ARGV[2] == "true" then redis.call("set", KEYS[1], "done", "px", ${turnLimit})
        else redis.call("del", KEYS[1]) end
      end
      local spent = tonumber(ARGV[3])
      if spent > 0 and spent > redis.call("pttl", KEYS[2]) then redis.call("set", KEYS[2], "1", "px", spent) end`
  }
)

interface Provider {
  readonly account: string
  readonly spentFor: Effect.Effect<number>
}

interface Refresh<A, E> {
  readonly character: CharacterId
  readonly user: UserId
  /** Fetches from the provider and stores the result. */
  readonly fetch: Effect.Effect<A, E>
  /** Reads the result that another replica's refresh has just stored. */
  readonly stored: Effect.Effect<A, E>
}

/**
 * Merges concurrent refreshes of a character into one, across replicas, and refuses them while any replica knows that
 * the provider's quota is exhausted. Both need Redis, so refreshes fail while it is down. A caller that disconnects
 * does not cancel the refresh for the others.
 */
export const refreshTurns = Effect.fnUntraced(function* <A, E>({ account, spentFor }: Provider) {
  const redis = yield* Redis.Redis
  const crypto = yield* Crypto
  const prefix = yield* redisPrefix
  const [begin, end] = [redis.eval(beginScript), redis.eval(endScript)]
  const running = yield* FiberMap.make<string, A, E | ProviderUnavailable | ProviderRateLimited>()
  const provider = crypto.common.hash("redis", account).slice(0, 8)
  const quota = `${prefix}quota:${provider}`
  const unavailable = Effect.suspend(() => new ProviderUnavailable({ retryAfter: 5 }))

  const take = Effect.fnUntraced(function* (turn: string, { fetch, stored }: Refresh<A, E>) {
    const { startedAt } = yield* RequestInfo
    const token = yield* crypto.token
    const began = yield* Clock.currentTimeMillis
    while (true) {
      const now = yield* Clock.currentTimeMillis
      const waited = now - began
      const name = waited < beginLimit ? token : ""
      const [state, spent] = yield* begin(turn, quota, name, now - startedAt).pipe(Effect.catch(() => unavailable))
      if (state === "spent") return yield* new ProviderRateLimited({ retryAfter: spent / 1000 })
      if (state === "done") return yield* stored
      if (state === "failed" || waited > waitLimit) return yield* unavailable
      if (state === "mine") {
        return yield* Effect.onExit(fetch, ({ _tag }) =>
          spentFor.pipe(
            Effect.flatMap((spent) => end(turn, quota, token, _tag === "Success", spent)),
            Effect.ignore
          )
        )
      }
      yield* Effect.sleep(lookEvery)
    }
  })

  return Effect.fnUntraced(function* (refresh: Refresh<A, E>) {
    // The key includes the user, so that only the owner's requests can join or hold up a turn.
    const turn = `${prefix}refresh:${provider}:${refresh.character}:${refresh.user}`
    const joined = Option.getOrUndefined(FiberMap.getUnsafe(running, turn))
    return yield* Fiber.join(joined ?? (yield* FiberMap.run(running, turn, take(turn, refresh))))
  })
})
