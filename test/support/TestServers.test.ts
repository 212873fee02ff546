import { assert, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { Redis } from "ioredis"
import { testDatabase, testRedis } from "./TestServers.ts"

it.live("gives a test a migrated database of its own", () =>
  Effect.gen(function* () {
    const [one, other] = yield* Effect.all([testDatabase, testDatabase], { concurrency: 2 })
    assert.notStrictEqual(one.database, other.database)
    const tables = yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`select from schema_migrations`).pipe(
      Effect.provide(PgClient.layer({ ...one, username: one.user }))
    )
    assert.notDeepEqual(tables, [])
  })
)

it.live("gives a test the Redis of the run", () =>
  Effect.gen(function* () {
    const { host, port, password } = yield* testRedis
    const redis = new Redis({ host, port, password: Redacted.value(password), retryStrategy: () => null })
    assert.strictEqual(yield* Effect.promise(() => redis.ping()), "PONG")
    redis.disconnect()
  })
)
