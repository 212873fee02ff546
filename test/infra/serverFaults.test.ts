import { assert, it as unit, layer } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Redacted } from "effect"
import { Redis } from "effect/persistence"
import { SqlClient, SqlError } from "effect/sql"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import * as AppRedis from "../../src/infra/Redis.ts"
import { redisFaults } from "../../src/infra/RedisFaults.ts"
import { change } from "../../src/infra/Sql.ts"
import { serverFaultOf, serverFaults } from "../../src/infra/SqlFaults.ts"
import { openBrowser } from "../support/Browser.ts"
import { capturedLog } from "../support/capturedLog.ts"
import { database } from "../support/database.ts"
import { environment } from "../support/environment.ts"
import { eventually } from "../support/eventually.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { testRedis } from "../support/TestServers.ts"

const json = { name: "N", realm: "R", region: "eu", faction: "horde", game_version: "classic" }

/** A whole SQLSTATE of each class, and those that servers were seen to answer with. */
const states = Object.keys(serverFaults)
  .map((key) => key.padEnd(5, "1"))
  .concat(["57P01", "57P02", "57P03", "53300", "53400", "08006", "28P01", "28000", "58030"])

layer(database.pipe(Layer.provideMerge(TestApp.layer())), live)("PostgreSQL that answers but cannot serve", (it) => {
  it.effect.each(states)("D01 %s is dependency.unavailable", (state) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const raise = `do $$ begin raise exception 'canary' using errcode = '${state}'; end $$`
      const error = yield* Effect.flip(change(sql.unsafe(raise).unprepared))
      assert.deepInclude(error, { code: "dependency.unavailable", status: 503, retryAfter: 1 })
    })
  )

  it.effect("D14 what a frozen replica has locked is free after five seconds, and its transaction fails", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const frozen = sql`select pg_advisory_xact_lock(1414)`.pipe(
        Effect.andThen(Effect.sleep("9 seconds")),
        Effect.andThen(sql`select 1`),
        sql.withTransaction,
        Effect.exit
      )
      const other = Effect.gen(function* () {
        yield* Effect.sleep("1 second")
        const since = performance.now()
        const taken = query`select pg_try_advisory_xact_lock(1414) as taken`
        yield* eventually(taken, ([row]) => row!.taken === true)
        return performance.now() - since
      })
      const [exit, waited] = yield* Effect.all([frozen, other], { concurrency: 2 })
      assert.isTrue(waited > 2000 && waited < 8000, `${waited} ms`)
      const error = Exit.isFailure(exit) && Cause.squash(exit.cause)
      assert.isTrue(SqlError.isSqlError(error) && serverFaultOf(error)?.code === "25P03")
    })
  )

  it.effect("D01 an error of the statement is a defect", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const exit = yield* Effect.exit(change(sql`select 1 / (select 0)`))
      assert.include(JSON.stringify(exit), "Die")
    })
  )

  it.effect("D02 writes succeed within 2 s after connections led to a server that takes no writes", () =>
    Effect.gen(function* () {
      const { sql } = yield* TestApp
      const { send, signIn } = yield* openBrowser()
      yield* signIn()
      const [row] = yield* query`select current_database() as name`
      const name = sql(String(row!.name))
      const others = sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`
      const write = send("POST", "/api/v1/guilds", { json })
      const status = (path: string) => Effect.map(send("GET", `/api/v1/health${path}`), (answer) => answer.status)

      yield* sql`alter database ${name} set default_transaction_read_only = on`
      yield* others
      yield* eventually(write, (answer) => answer.body.error?.code === "dependency.unavailable")
      for (let n = 0; n < 20; n++) assert.strictEqual((yield* write).status, 503)
      assert.deepStrictEqual(yield* Effect.all([status(""), status("/postgres"), status("/ready")]), [200, 503, 503])
      assert.strictEqual((yield* send("GET", "/api/v1/guilds")).status, 200)

      yield* sql`alter database ${name} reset default_transaction_read_only`
      const since = performance.now()
      yield* eventually(write, (answer) => answer.status === 201)
      assert.isBelow(performance.now() - since, 2000)
      assert.deepStrictEqual(yield* Effect.all([status("/postgres"), status("/ready")]), [200, 200])
    })
  )

  it.effect("a service whose database lacks a migration is not ready", () =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      yield* query`create table kept as select * from schema_migrations`
      yield* query`delete from schema_migrations where name = (select max(name) from schema_migrations)`
      const { status, body } = yield* send("GET", "/api/v1/health/ready")
      assert.deepStrictEqual([status, body.error], [503, "The database lacks a migration."])
      yield* query`insert into schema_migrations select * from kept on conflict do nothing`
      assert.strictEqual((yield* send("GET", "/api/v1/health/ready")).status, 200)
    })
  )

  it.effect("D04 the statements of one request share its time limit", () =>
    Effect.gen(function* () {
      const { sql } = yield* TestApp
      const { send, signIn } = yield* openBrowser()
      yield* signIn()
      // The session is read at once; the change waits for the lock until the limit of the whole request.
      const since = performance.now()
      const answer = yield* sql.withTransaction(
        Effect.andThen(sql`lock table guilds in access exclusive mode`, send("POST", "/api/v1/guilds", { json }))
      )
      assert.strictEqual(answer.status, 503)
      assert.isBelow(performance.now() - since, 2000)
    })
  )
})

unit.live.each(Object.entries(redisFaults))("D06 Redis answers %s: the code is logged, %o", ([code, fault]) =>
  Effect.gen(function* () {
    const lines = yield* capturedLog
    const server = yield* testRedis
    const config = AppConfig.layerFrom({
      ...environment,
      REDIS_PORT: String(server.port),
      REDIS_PASSWORD: Redacted.value(server.password)
    })
    yield* Effect.gen(function* () {
      const redis = yield* Redis.Redis
      const connection = redis.send<number>("CLIENT", "ID")
      const before = yield* connection
      const error = yield* Effect.flip(redis.send("EVAL", `return redis.error_reply('${code} canary')`, "0"))
      assert.include(String(error.cause), code)
      const after = yield* eventually(
        Effect.option(connection),
        (answer) => answer._tag === "Some" && (fault.reconnect !== true || answer.value !== before)
      )
      assert.strictEqual(after._tag === "Some" && after.value === before, fault.reconnect !== true)
      assert.include(lines.join("\n"), `Redis cannot serve: ${fault.says}`)
      assert.notInclude(lines.join("\n"), "canary")
    }).pipe(Effect.provide(AppRedis.layer.pipe(Layer.provide(config))))
  }).pipe(Effect.scoped)
)
