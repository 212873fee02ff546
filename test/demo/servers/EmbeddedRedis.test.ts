import { connect } from "node:net"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Scope } from "effect"
import { Redis } from "ioredis"
import { type RedisServer, embeddedRedis } from "../../../src/demo/servers/EmbeddedRedis.ts"
import { eventually } from "../../support/eventually.ts"

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
  ["the server on PATH, else the simulation", {}],
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

it.live.each(flavours)("requires the password: %s", ([, options]) =>
  Effect.gen(function* () {
    const server = yield* embeddedRedis(options)
    const stranger = yield* client(server, "wrong")
    const refused = yield* Effect.flip(Effect.tryPromise({ try: () => stranger.get("count"), catch: String }))
    assert.match(refused, /NOAUTH|WRONGPASS|closed/)
  })
)

/** What a new TCP connection meets: `open`, or the code of the error. */
const knock = (port: number) =>
  Effect.callback<string>((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => resume(Effect.succeed("open")))
    socket.once("error", (error) => resume(Effect.succeed("code" in error ? String(error.code) : error.message)))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeout("5 seconds"))

it.live.each(flavours)("ends with its scope, even with a client connected: %s", ([, options]) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const server = yield* Scope.provide(embeddedRedis(options), scope)
    const redis = yield* client(server)
    assert.strictEqual(yield* Effect.promise(() => redis.ping()), "PONG")
    assert.deepStrictEqual([redis.status, yield* knock(server.port)], ["ready", "open"])
    yield* Scope.close(scope, Exit.void)
    assert.strictEqual(yield* knock(server.port), "ECONNREFUSED")
    const ended = yield* eventually(
      Effect.sync(() => redis.status),
      (status) => status === "end"
    ).pipe(Effect.timeout("5 seconds"))
    assert.strictEqual(ended, "end")
  })
)
