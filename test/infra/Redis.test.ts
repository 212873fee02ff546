import { assert, it } from "@effect/vitest"
import { Clock, Effect, Layer, Queue, Redacted, Schema } from "effect"
import { Persistable, PersistedCache, Persistence, RateLimiter, Redis } from "effect/persistence"
import { randomUUID } from "node:crypto"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import * as AppRedis from "../../src/infra/Redis.ts"
import { environment } from "../support/environment.ts"
import { gate } from "../support/Gate.ts"
import { testRedis } from "../support/TestServers.ts"

/** The service's Redis behind the test's own gate. */
const connected = Effect.gen(function* () {
  const server = yield* testRedis
  const door = yield* gate(server.host, server.port)
  const config = AppConfig.layerFrom({
    ...environment,
    REDIS_PORT: String(door.port),
    REDIS_PASSWORD: Redacted.value(server.password)
  })
  return { door, layer: AppRedis.layer.pipe(Layer.provide(config)) }
})

class Square extends Persistable.Class<{ payload: { key: string; n: number } }>()("Square", {
  primaryKey: ({ key, n }) => `${key}:${n}`,
  success: Schema.Finite
}) {}

it.live("Effect's rate limiter counts in it", () =>
  Effect.gen(function* () {
    const { layer } = yield* connected
    const key = randomUUID()
    const limiter = RateLimiter.layer.pipe(
      Layer.provide(RateLimiter.layerStoreRedis({ prefix: "test:" })),
      Layer.provide(layer)
    )
    const consume = Effect.flatMap(RateLimiter.RateLimiter, (limiter) =>
      Effect.exit(limiter.consume({ key, limit: 5, window: "1 minute" }))
    )
    const outcomes = yield* Effect.all(
      Array.from({ length: 20 }, () => consume),
      { concurrency: 20 }
    ).pipe(Effect.provide(limiter))
    assert.lengthOf(
      outcomes.filter((outcome) => outcome._tag === "Success"),
      5
    )
  })
)

it.live("Effect's persisted cache keeps one process' results in it for the next", () =>
  Effect.gen(function* () {
    const { layer } = yield* connected
    const key = randomUUID()
    let lookups = 0
    const find = Effect.gen(function* () {
      const cache = yield* PersistedCache.make(({ n }: Square) => Effect.sync(() => ((lookups += 1), n * n)), {
        storeId: "squares",
        timeToLive: () => "1 minute"
      })
      return yield* cache.get(new Square({ key, n: 7 }))
    }).pipe(Effect.provide(Persistence.layerRedis.pipe(Layer.provide(layer))), Effect.scoped)
    assert.deepStrictEqual([yield* find, yield* find, lookups], [49, 49, 1])
  })
)

it.live("receives published messages", () =>
  Effect.gen(function* () {
    const { layer } = yield* connected
    const channel = randomUUID()
    const heard = yield* Effect.gen(function* () {
      const redis = yield* Redis.Redis
      const messages = yield* redis.subscribe(channel)
      const publish = redis.send<number>("PUBLISH", channel, "hello")
      yield* Effect.repeat(publish, { until: (listeners) => listeners > 0 })
      return yield* Queue.take(messages)
    }).pipe(Effect.provide(layer), Effect.scoped)
    assert.deepStrictEqual(heard, { channel, message: "hello" })
  })
)

it.live.each(["shut", "silence"] as const)(
  "with Redis %s a command fails within a second, and works once it is open again",
  (state) =>
    Effect.gen(function* () {
      const { door, layer } = yield* connected
      yield* Effect.gen(function* () {
        const redis = yield* Redis.Redis
        assert.strictEqual(yield* redis.send("PING"), "PONG")
        door[state]()
        const started = yield* Clock.currentTimeMillis
        const error = yield* Effect.flip(redis.send("PING"))
        assert.strictEqual(error._tag, "RedisError")
        assert.isBelow((yield* Clock.currentTimeMillis) - started, 1000)
        door.open()
        yield* Effect.retry(redis.send("PING"), { until: () => false }).pipe(Effect.timeout("5 seconds"))
      }).pipe(Effect.provide(layer))
    })
)
