import { Deferred, Effect, Exit, Layer, Redacted } from "effect"
import { Redis } from "effect/persistence"
import { Redis as IoRedis } from "ioredis"
import { isIP } from "node:net"
import { AppConfig } from "./AppConfig.ts"
import { Crypto } from "./Crypto.ts"
import { durationsOf, Metered, observed } from "./Metrics.ts"
import { redisFaultOf } from "./RedisFaults.ts"

const failed = (cause: unknown) => new Redis.RedisError({ cause })

/** A managed server may select the customer by the TLS server name, which cannot be an address. */
const tlsOf = ({ host, ca }: AppConfig["Service"]["redis"]) => ({
  ...(isIP(host) === 0 && { servername: host }),
  ...(ca !== undefined && { ca })
})

const refusesUs = /^(WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password)/

const timed = durationsOf("redis_client_command", "Commands to Redis.")

const sendOn =
  (client: IoRedis, onFailure: (cause: unknown) => void) =>
  <A = unknown>(command: string, ...args: ReadonlyArray<string>) =>
    Effect.tryPromise({
      try: () => client.call(command, ...args) as Promise<A>,
      catch: (cause) => {
        onFailure(cause)
        return failed(cause)
      }
    }).pipe(
      timed((exit) => ({ command, outcome: Exit.isSuccess(exit) ? "ok" : "failed" })),
      Effect.withSpan(
        command,
        { kind: "client", attributes: { "db.system.name": "redis" } },
        { captureStackTrace: false }
      )
    )

/**
 * Effect's Redis service over ioredis. A command waits at most half a second, is not queued while the connection is
 * down and is never sent twice, so callers fail fast when Redis is down. The connection is opened in the background:
 * the service starts without Redis, with a warning.
 */
export const layer = Layer.effect(
  Redis.Redis,
  Effect.gen(function* () {
    const { redis } = yield* AppConfig
    const client = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new IoRedis({
            host: redis.host,
            port: redis.port,
            ...(redis.username !== undefined && { username: redis.username }),
            password: Redacted.value(redis.password),
            ...(redis.tls && { tls: tlsOf(redis) }),
            connectTimeout: 500,
            commandTimeout: 500,
            // A connection that owes an answer for so long would keep the next ones waiting, too.
            socketTimeout: 500,
            maxRetriesPerRequest: 0,
            enableOfflineQueue: false,
            autoResendUnfulfilledCommands: false,
            lazyConnect: true,
            retryStrategy: (attempt) => Math.min(attempt * 50, 250),
            reconnectOnError: (error) => redisFaultOf(error)?.reconnect ?? false
          })
      ),
      (client) => Effect.sync(() => client.disconnect())
    )
    const runFork = Effect.runForkWith(yield* Effect.context<never>())
    let down = false
    client.on("ready", () => {
      if (down) runFork(Effect.logInfo("Redis is back"))
      down = false
    })
    client.on("error", (error) => {
      const words = refusesUs.test(error.message)
        ? "Redis refuses REDIS_PASSWORD; in an .env file a value that contains # must be in quotes"
        : "Redis is not responding"
      if (!down) runFork(Effect.logWarning(words))
      down = true
    })
    const toldAt = new Map<string, number>()
    /** Names the code once in a while: with a Redis that refuses, every request could log it. */
    const tellFault = (cause: unknown) => {
      const fault = redisFaultOf(cause)
      const now = performance.now()
      if (fault === undefined || now - (toldAt.get(fault.code) ?? Number.NEGATIVE_INFINITY) < 60_000) return
      toldAt.set(fault.code, now)
      runFork(Effect.annotateLogs(Effect.logWarning(`Redis cannot serve: ${fault.says}`), { code: fault.code }))
    }
    if (yield* Metered)
      yield* observed("redis_up", "1 while the connection to Redis is usable.", () => +(client.status === "ready"))
    yield* Effect.tryPromise(() => client.connect()).pipe(Effect.timeout("1500 millis"), Effect.ignore)

    const duplicate = Effect.acquireRelease(
      Effect.tryPromise({
        try: async () => {
          const connection = client.duplicate({ retryStrategy: () => null })
          connection.on("error", () => {})
          await connection.connect()
          return connection
        },
        catch: failed
      }),
      (connection) => Effect.sync(() => connection.disconnect())
    )

    return yield* Redis.make({
      send: sendOn(client, tellFault),
      connect: Effect.tryPromise({
        try: async () => {
          const connection = client.duplicate({ retryStrategy: () => null })
          connection.on("error", () => {})
          await connection.connect()
          return { send: sendOn(connection, tellFault), close: Effect.sync(() => connection.disconnect()) }
        },
        catch: failed
      }),
      subscribe: Effect.fnUntraced(function* (channel, onMessage) {
        const connection = yield* duplicate
        const ended = yield* Deferred.make<void, Redis.RedisError>()
        connection.on("message", (channel, message) => onMessage({ channel, message }))
        connection.on("end", () => Deferred.doneUnsafe(ended, Effect.fail(failed(new Error("The connection closed")))))
        yield* Effect.tryPromise({ try: () => connection.subscribe(channel), catch: failed })
        return Deferred.await(ended)
      })
    })
  })
)

/**
 * The prefix of all keys in Redis. Derived from the secret and database that the replicas of one installation share, so
 * that another installation can use the same Redis.
 */
export const redisPrefix = Effect.gen(function* () {
  const { database } = yield* AppConfig
  const crypto = yield* Crypto
  return `raid:${crypto.common.hash("redis", database.name).slice(0, 8)}:`
})
