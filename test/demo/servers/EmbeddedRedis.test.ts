import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { Redis } from "ioredis"
import { type RedisServer, embeddedRedis } from "../../../src/demo/servers/EmbeddedRedis.ts"

const client = ({ host, port, password }: RedisServer, wrong?: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const redis = new Redis({
        host,
        port,
        password: wrong ?? Redacted.value(password),
        lazyConnect: true,
        retryStrategy: () => null
      })
      redis.on("error", () => {})
      return redis
    }),
    (redis) => Effect.sync(() => redis.disconnect())
  )

const flavours = [
  ["the server on PATH, or else the simulation", {}],
  ["the simulation", { inProcess: true }]
] as const

it.live.each(flavours)("answers and runs scripts: %s", ([, options]) =>
  Effect.gen(function* () {
    const server = yield* embeddedRedis(options)
    const redis = yield* client(server)
    const script = "return redis.call('incrby', KEYS[1], ARGV[1])"
    assert.strictEqual(yield* Effect.promise(() => redis.eval(script, 1, "count", 4)), 4)
    assert.strictEqual(yield* Effect.promise(() => redis.pexpire("count", 60_000)), 1)
    assert.match(server.flavour, /^(redis|valkey|js-redis)-server \d+\.\d+\.\d+/)
  })
)

it.live.each(flavours)("demands the password: %s", ([, options]) =>
  Effect.gen(function* () {
    const server = yield* embeddedRedis(options)
    const stranger = yield* client(server, "wrong")
    const refused = yield* Effect.flip(Effect.tryPromise({ try: () => stranger.get("count"), catch: String }))
    assert.match(refused, /NOAUTH|WRONGPASS|closed/)
  })
)

it.live.each(flavours)("ends with its scope, clients or not: %s", ([, options]) =>
  Effect.gen(function* () {
    const redis = yield* Effect.scoped(
      Effect.gen(function* () {
        const server = yield* embeddedRedis(options)
        const redis = new Redis({
          port: server.port,
          password: Redacted.value(server.password),
          retryStrategy: () => null
        })
        redis.on("error", () => {})
        yield* Effect.promise(() => redis.ping())
        return redis
      })
    )
    yield* Effect.promise(async () => {
      while (redis.status !== "end") await new Promise((resolve) => redis.once("end", resolve))
    })
  })
)
