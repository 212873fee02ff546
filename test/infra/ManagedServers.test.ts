import { randomUUID } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Redacted } from "effect"
import { Redis } from "effect/persistence"
import { SqlClient } from "effect/sql"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import * as AppRedis from "../../src/infra/Redis.ts"
import * as Sql from "../../src/infra/Sql.ts"
import { certificateFile, socketDirectory, strangerFile, tlsDoor } from "../support/Certificates.ts"
import { testDatabase, testRedis } from "../support/TestServers.ts"
import { environment } from "../support/environment.ts"
import { read, type Variables } from "./configured.ts"
import { withLog } from "./providers.ts"

/** The user of a connection made with these variables. */
const userOf = (server: Effect.Success<typeof testDatabase>, changes: Variables) =>
  Effect.gen(function* () {
    const { database } = yield* read({
      DB_HOST: server.host,
      DB_PORT: String(server.port),
      DB_USER: server.user,
      DB_PASSWORD: Redacted.value(server.password),
      DB_NAME: server.database,
      ...changes
    })
    const [row] = yield* Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql<{ name: string }>`select current_user as name`
    ).pipe(Effect.provide(Sql.layerOf(database)))
    return row?.name
  })

describe("PostgreSQL", () => {
  it.live("through a UNIX socket", () =>
    Effect.gen(function* () {
      const server = yield* testDatabase
      const directory = yield* socketDirectory(server.port)
      assert.strictEqual(yield* userOf(server, { DB_HOST: directory }), server.user)
    })
  )

  it.live("with TLS: the authority of DB_SSL_CA, and the name", () =>
    Effect.gen(function* () {
      const server = yield* testDatabase
      const { port, names } = yield* tlsDoor(server.port, { postgres: true })
      const over = (changes: Variables) => userOf(server, { DB_HOST: "localhost", DB_PORT: String(port), ...changes })
      const full = { DB_SSL: "verify-full", DB_SSL_CA: certificateFile }
      assert.strictEqual(yield* over(full), server.user)
      assert.strictEqual(yield* over({ DB_SSL: "require" }), server.user)
      assert.deepStrictEqual(names, ["localhost", "localhost"])
      for (const wrong of [
        { DB_SSL: "verify-full" },
        { ...full, DB_SSL_CA: strangerFile },
        { ...full, DB_HOST: "127.0.0.1" }
      ]) {
        const error = yield* Effect.flip(over(wrong))
        assert.strictEqual("reason" in error && error.reason._tag, "ConnectionError", JSON.stringify(wrong))
      }
    })
  )

  /** As it is set and as it is given; SASLprep makes one of both, unless it leaves them alone. */
  const passwords = [
    ["a no-break space", "one\u00a0two", "one\u00a0two"],
    ["a no-break space given as a space", "one\u00a0two", "one two"],
    ["a space given as a no-break space", "one two", "one\u00a0two"],
    ["½", "one½two", "one½two"],
    ["½, composed", "one½two", "one1⁄2two"],
    ["a decomposed accent", "caf\u0065\u0301", "caf\u0065\u0301"],
    ["a composed accent given decomposed", "café", "cafe\u0301"],
    ["a soft hyphen", "one\u00adtwo", "one\u00adtwo"],
    ["a soft hyphen left out", "one\u00adtwo", "onetwo"],
    ["a zero-width space", "one\u200btwo", "one\u200btwo"],
    ["nothing but soft hyphens", "\u00ad\u00ad", "\u00ad\u00ad"],
    ["a character newer than SASLprep", "one\u00a0😀", "one\u00a0😀"],
    ["a private character", "one\u00a0\ue000", "one\u00a0\ue000"],
    ["a mixture of directions", "a\u00a0\u05d0", "a\u00a0\u05d0"],
    ["Hangul", "\u1112\u1161\u11ab", "\u1112\u1161\u11ab"],
    ["ASCII", "p'a\\s#s $\"w", "p'a\\s#s $\"w"]
  ] as const

  it.live.each(passwords)("takes a password with %s", ([, set, given]) =>
    Effect.gen(function* () {
      const server = yield* testDatabase
      const user = `sasl_${randomUUID().slice(0, 8)}`
      const { database } = yield* read({
        DB_HOST: server.host,
        DB_PORT: String(server.port),
        DB_USER: server.user,
        DB_PASSWORD: Redacted.value(server.password),
        DB_NAME: server.database
      })
      const administer = (text: string) =>
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(text)).pipe(Effect.provide(Sql.layerOf(database)))
      yield* Effect.acquireRelease(
        administer(`create role ${user} login password E'${set.replaceAll(/['\\]/g, "\\$&")}'`),
        () => Effect.orDie(administer(`drop role ${user}`))
      )
      assert.strictEqual(yield* userOf(server, { DB_USER: user, DB_PASSWORD: given }), user)
      const wrong = yield* Effect.flip(userOf(server, { DB_USER: user, DB_PASSWORD: `${given}\u00a0x` }))
      assert.strictEqual("reason" in wrong && wrong.reason._tag, "AuthenticationError")
    })
  )
})

/** What a command of the service's Redis says, with these variables. */
const ask = (changes: Variables, ...[command, ...args]: readonly [string, ...ReadonlyArray<string>]) =>
  Effect.gen(function* () {
    const { host, port, password } = yield* testRedis
    const variables = { REDIS_HOST: host, REDIS_PORT: String(port), REDIS_PASSWORD: Redacted.value(password) }
    const config = AppConfig.layerFrom({ ...environment, ...variables, ...changes })
    return yield* Effect.flatMap(Redis.Redis, (redis) => redis.send<unknown>(command, ...args)).pipe(
      Effect.provide(AppRedis.layer.pipe(Layer.provide(config)))
    )
  })

describe("Redis", () => {
  it.live("with the user of an access list", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* ask({ REDIS_USERNAME: "default" }, "PING"), "PONG")
      yield* Effect.flip(ask({ REDIS_USERNAME: "nobody" }, "PING"))
      const user = `user-${randomUUID()}`
      const rights = ["on", ">its-own", "~raid:*", "+@all", "-@admin", "-@dangerous", "+info"]
      const made = yield* Effect.acquireRelease(Effect.exit(ask({}, "ACL", "SETUSER", user, ...rights)), () =>
        Effect.ignore(ask({}, "ACL", "DELUSER", user))
      )
      // The simulation that stands in where no Redis is installed knows the default user alone.
      if (Exit.isFailure(made)) return assert.include(Cause.pretty(made.cause), "unknown subcommand")
      const asUser = { REDIS_USERNAME: user, REDIS_PASSWORD: "its-own" }
      assert.strictEqual(yield* ask(asUser, "ACL", "WHOAMI"), user)
      assert.strictEqual(yield* ask(asUser, "GET", "raid:nothing"), null)
      yield* Effect.flip(ask(asUser, "GET", "other:nothing"))
      yield* Effect.flip(ask({ ...asUser, REDIS_PASSWORD: "another" }, "GET", "raid:nothing"))
    })
  )

  it.live("a wrong password is told as such, with the reason that is easily overlooked", () =>
    Effect.gen(function* () {
      const { lines } = yield* withLog(Effect.flip(ask({ REDIS_PASSWORD: "another" }, "PING")))
      const told = lines.filter((line) => line.includes("Redis"))
      assert.lengthOf(told, 1)
      assert.include(told[0], "Redis refuses REDIS_PASSWORD; in an .env file")
    })
  )

  it.live("with TLS: the authority of REDIS_TLS_CA, and the name", () =>
    Effect.gen(function* () {
      const { port, names } = yield* tlsDoor((yield* testRedis).port)
      const full = {
        REDIS_HOST: "localhost",
        REDIS_PORT: String(port),
        REDIS_TLS: "true",
        REDIS_TLS_CA: certificateFile
      }
      assert.strictEqual(yield* ask(full, "PING"), "PONG")
      assert.deepStrictEqual(names, ["localhost"])
      for (const wrong of [{ REDIS_TLS_CA: "" }, { REDIS_TLS_CA: strangerFile }, { REDIS_HOST: "127.0.0.1" }])
        yield* Effect.flip(ask({ ...full, ...wrong }, "PING"))
    })
  )
})
