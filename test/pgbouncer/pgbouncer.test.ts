import { assert, describe, it, vi } from "@effect/vitest"
import { Clock, Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import * as Sql from "../../src/infra/Sql.ts"
import { migrate, seed } from "../../src/infra/SqlFiles.ts"
import { refusedStart, startProcess, variablesFor } from "../start/startProcess.ts"
import { pgBouncer } from "./PgBouncer.ts"
import { emptyDatabase } from "../infra/SqlFolders.ts"

vi.setConfig({ testTimeout: 60_000 })

const transactionMode = ["pool_mode = transaction", "default_pool_size = 2"]

/** An empty database behind PgBouncer, as this service uses it. */
const behind = Effect.fnUntraced(function* (pooler: "none" | "transaction", ...lines: ReadonlyArray<string>) {
  const database = yield* emptyDatabase
  const port = yield* pgBouncer(database, ...lines)
  const config = { ...database, port, name: database.database, poolSize: 8, ssl: "disable", ca: undefined } as const
  const both = Layer.mergeAll(
    Sql.layerOf({ ...config, pooler }),
    Sql.Reads.layerOf({ ...config, pooler }),
    Logger.layer([])
  )
  return { database, port, layer: both }
})

const work = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const reads = yield* Sql.Reads
  yield* migrate
  yield* seed
  // The same statements again and again, on connections that PgBouncer exchanges between them.
  const one = (n: number) =>
    Effect.all([
      Sql.read(reads<{ n: number }>`select ${n}::int + 1 as n`),
      Sql.change(
        sql.withTransaction(
          Effect.andThen(
            sql`select pg_advisory_xact_lock(${n % 3})`,
            sql<{ n: number }>`select ${n}::int + count(*)::int as n from guilds where id is null`
          )
        )
      ),
      Sql.read(reads<{ zone: string }>`select current_setting('timezone') as zone`)
    ])
  const numbers = Array.from({ length: 300 }, (_, n) => n)
  const found = yield* Effect.forEach(numbers, one, { concurrency: 30 })
  assert.deepStrictEqual(
    found,
    numbers.map((n) => [[{ n: n + 1 }], [{ n }], [{ zone: "UTC" }]])
  )
})

describe("PgBouncer with its own defaults", () => {
  it.live("in transaction mode: migrations, seeds, and the same statements on few connections", () =>
    Effect.gen(function* () {
      yield* Effect.provide(work, (yield* behind("transaction", ...transactionMode)).layer)
    })
  )

  it.live("in session mode, with the two settings named", () =>
    Effect.gen(function* () {
      const settings =
        "ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout,plan_cache_mode,enable_seqscan"
      yield* Effect.provide(work, (yield* behind("none", settings)).layer)
    })
  )

  it.live("in transaction mode a statement that takes too long is given up and cancelled", () =>
    Effect.gen(function* () {
      const { layer, database } = yield* behind("transaction", ...transactionMode)
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const reads = yield* Sql.Reads
        const started = yield* Clock.currentTimeMillis
        const slow = [
          Sql.read(reads`select pg_sleep(30)`),
          Sql.change(sql.withTransaction(sql`select pg_sleep(30)`))
        ].map((statement) => Effect.flip(statement))
        const errors = yield* Effect.all(slow, { concurrency: 2 })
        for (const error of errors) assert.strictEqual(error._tag, "dependency.unavailable")
        assert.isBelow((yield* Clock.currentTimeMillis) - started, 5000)
      }).pipe(Effect.provide(layer))
      const sleeping = Effect.flatMap(
        SqlClient.SqlClient,
        (sql) =>
          sql`select 1 from pg_stat_activity where datname = current_database() and state = 'active' and query like '%pg_sleep(30)%' and pid <> pg_backend_pid()`
      )
      yield* Effect.repeat(sleeping, { until: (rows) => rows.length === 0 }).pipe(
        Effect.timeout("5 seconds"),
        Effect.provide(database.layer)
      )
    })
  )

  it.live("a start behind it serves with DB_POOLER, and without ends at once and says what is missing", () =>
    Effect.gen(function* () {
      const { database, port } = yield* behind("transaction", ...transactionMode)
      const variables = { ...(yield* variablesFor(database)), DB_PORT: String(port) }
      const began = yield* Clock.currentTimeMillis
      const output = yield* refusedStart(variables)
      assert.isBelow((yield* Clock.currentTimeMillis) - began, 10_000)
      assert.match(
        output,
        /^Failed to run database migrations: unsupported startup parameter: (statement_timeout|lock_timeout|idle_in_transaction_session_timeout|plan_cache_mode|enable_seqscan) \(08P01\): set DB_POOLER=transaction, or let PgBouncer's ignore_startup_parameters contain statement_timeout, lock_timeout, idle_in_transaction_session_timeout, plan_cache_mode and enable_seqscan\.$/m
      )
      const service = yield* startProcess({ ...variables, DB_POOLER: "transaction" })
      yield* service.serving
    })
  )
})
