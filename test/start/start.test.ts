import { assert, it, vi } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { App } from "../../src/App.ts"
import { PostgresPatience } from "../../src/infra/Database.ts"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { migrateFrom, migrationsDirectory, status } from "../../src/infra/SqlFiles.ts"
import { emptyDatabase } from "../infra/SqlFolders.ts"
import { gate } from "../support/Gate.ts"
import { testDatabase, testRedis } from "../support/TestServers.ts"
import { startProcess, statusOf, until, variablesFor } from "./startProcess.ts"

vi.setConfig({ testTimeout: 60_000 })

/** What was applied according to the log, once per time. */
const applied = (output: string) => output.match(/(?<=Applied migration )\w+/g) ?? []

it.live.each([2, 5])(
  "U04 %i replicas on an empty database: all serve, and each migration is applied once",
  (count) =>
    Effect.gen(function* () {
      const database = yield* emptyDatabase
      const variables = yield* variablesFor(database)
      const replicas = yield* Effect.replicateEffect(startProcess(variables), count)
      yield* Effect.forEach(replicas, ({ serving }) => serving, { concurrency: count })
      const statuses = yield* Effect.provide(status(migrationsDirectory), database.layer)
      assert.isTrue(statuses.every(({ state }) => state === "applied"))
      assert.deepStrictEqual(
        replicas.flatMap(({ output }) => applied(output())).toSorted(),
        statuses.map(({ name }) => name)
      )
    }),
  60_000
)

it.live(
  "U05 killed during a migration: the next start completes it",
  () =>
    Effect.gen(function* () {
      const database = yield* emptyDatabase
      const variables = yield* variablesFor(database)
      const killed = yield* startProcess(variables)
      const killWithin = Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        // The second migration needs the same name, so it waits for this transaction to end.
        yield* sql`create table guilds ()`
        const waiting = sql`select from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid))`
        yield* until(waiting, (rows) => rows.length > 0)
        killed.kill("SIGKILL")
        yield* killed.ended
        yield* sql`drop table guilds`
      })
      yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(killWithin)).pipe(
        Effect.provide(database.layer)
      )
      const next = yield* startProcess(variables)
      yield* next.serving
      assert.lengthOf(applied(killed.output()), 1)
      assert.isAbove(applied(next.output()).length, 1)
      assert.deepStrictEqual((yield* Effect.provide(migrateFrom(migrationsDirectory), database.layer)).applied, [])
    }),
  60_000
)

it.live("U06 PostgreSQL starts late: the service waits, then serves", () =>
  Effect.gen(function* () {
    const database = yield* testDatabase
    const postgres = yield* gate(database.host, database.port)
    postgres.shut()
    const variables = yield* variablesFor({ ...database, port: postgres.port })
    const service = yield* startProcess(variables)
    yield* service.says("Waiting for PostgreSQL")
    postgres.open()
    yield* service.serving
    assert.strictEqual(yield* statusOf(`${service.url}/health/postgres`), 200)
  })
)

it.live("U06 PostgreSQL never starts: a clear exit", () =>
  Effect.gen(function* () {
    const database = yield* testDatabase
    const postgres = yield* gate(database.host, database.port)
    postgres.shut()
    const variables = yield* variablesFor({ ...database, port: postgres.port })
    const service = App.pipe(
      Layer.provide(AppConfig.layerFrom({ ...variables, LOG_LEVEL: "Fatal" })),
      Layer.provide(Layer.succeed(PostgresPatience, "1 second"))
    )
    const error = yield* Effect.flip(Effect.scoped(Layer.build(service)))
    assert.match(String(error), /Failed to run database migrations: PostgreSQL is not responding: /)
  })
)

it.live("U06 Redis is absent: the service starts, logs it once, and uses it when it appears", () =>
  Effect.gen(function* () {
    const store = yield* testRedis
    const redis = yield* gate(store.host, store.port)
    redis.shut()
    const variables = { ...(yield* variablesFor(yield* testDatabase)), REDIS_PORT: String(redis.port) }
    const service = yield* startProcess(variables)
    yield* service.serving
    const started = performance.now()
    const response = yield* Effect.promise(() => fetch(`${service.url}/health/redis`))
    assert.isBelow(performance.now() - started, 2000)
    assert.strictEqual(response.status, 503)
    const down = { status: "unavailable", service: "redis", error: "Redis is not responding." }
    assert.deepStrictEqual(yield* Effect.promise(() => response.json()), down)
    redis.open()
    yield* until(statusOf(`${service.url}/health/redis`), (status) => status === 200)
    yield* service.says("Redis is back")
    assert.lengthOf(service.output().match(/Redis is not responding/g) ?? [], 1)
  })
)

it.live("D12 an unhandled rejection does not end the process", () =>
  Effect.gen(function* () {
    const stray = `process.on("SIGUSR2", () => void Promise.reject(new Error("astray")))`
    const variables = yield* variablesFor(yield* testDatabase)
    const service = yield* startProcess(variables, "--import", `data:text/javascript,${encodeURIComponent(stray)}`)
    yield* service.serving
    service.kill("SIGUSR2")
    yield* service.says("astray")
    assert.strictEqual(yield* statusOf(`${service.url}/health/postgres`), 200)
    const line = service
      .output()
      .split("\n")
      .find((line) => line.includes("astray"))!
    assert.include(JSON.stringify(JSON.parse(line).message), "Unhandled promise rejection")
  })
)
