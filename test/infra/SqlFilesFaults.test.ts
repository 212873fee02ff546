import { assert, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Fiber, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { migrate, migrateFrom, rollback, SqlFilesError, status } from "../../src/infra/SqlFiles.ts"
import { LockPatience } from "../../src/infra/SqlLock.ts"
import { emptyDatabase, failure, files, folderOf, names, on, one, tables, two } from "./SqlFolders.ts"

describe("migrations stop, and change nothing, when", () => {
  it.live("a file was changed after it was applied", () =>
    on(files, ({ path, put }) =>
      Effect.gen(function* () {
        yield* migrateFrom(path)
        yield* put(one, "create table one (n bigint);")
        yield* put("20260101000002_three.sql", "create table three ()")
        assert.match(yield* failure(migrateFrom(path)), /^20260101000000_one was changed after it was applied/)
        assert.deepStrictEqual(yield* tables, ["one", "two"])
        assert.deepStrictEqual(
          (yield* status(path)).map(({ state }) => state),
          ["changed", "applied", "pending"]
        )
      })
    )
  )

  it.live("an applied file is missing", () =>
    on(files, ({ path, remove }) =>
      Effect.gen(function* () {
        yield* migrateFrom(path)
        yield* remove(two)
        const told = "20260101000001_two is applied, but its file is missing or the database is newer than the code."
        assert.strictEqual(yield* failure(migrateFrom(path)), told)
        assert.strictEqual(yield* failure(rollback(path)), told)
        assert.deepStrictEqual(
          (yield* status(path)).map(({ state }) => state),
          ["applied", "missing"]
        )
      })
    )
  )

  it.live("a file is older than one that is applied", () =>
    on({ [two]: "create table two ()" }, ({ path, put }) =>
      Effect.gen(function* () {
        yield* migrateFrom(path)
        yield* put(one, "create table one ()")
        assert.match(yield* failure(migrateFrom(path)), /^20260101000000_one is not applied, but a newer one is/)
        assert.deepStrictEqual(yield* tables, ["two"])
        assert.deepStrictEqual(
          (yield* status(path)).map(({ state }) => state),
          ["late", "applied"]
        )
      })
    )
  )

  it.live("a statement fails: its file is rolled back, earlier ones stay, and the next start continues", () =>
    on({ ...files, [two]: "create table two ();\n\nselect 1,\n  nonsense;" }, ({ path, put }) =>
      Effect.gen(function* () {
        const told = `${two}, statement 2 (line 4): column "nonsense" does not exist (42703).`
        assert.strictEqual(yield* failure(migrateFrom(path)), told)
        assert.deepStrictEqual(yield* tables, ["one"])
        yield* put(two, "create table two ()")
        assert.deepStrictEqual(yield* migrateFrom(path), { applied: names.slice(1) })
      })
    )
  )

  it.live("a deferred constraint fails at the end of a file", () =>
    on(
      { [one]: "create table one (n int unique deferrable initially deferred); insert into one values (1), (1)" },
      ({ path }) =>
        Effect.gen(function* () {
          assert.match(yield* failure(migrateFrom(path)), /^20260101000000_one\.up\.sql, at its end: duplicate key/)
          assert.deepStrictEqual(yield* tables, [])
        })
    )
  )

  it.live("a file is empty or ends the transaction", () =>
    on({ [one]: "-- nothing; yet" }, ({ path, put }) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* failure(migrateFrom(path)), `${one} contains no statement.`)
        yield* put(one, "create table one ();\nCommit;")
        const told = `${one}, statement 2 (line 2): a file is one transaction and must not begin or end one.`
        assert.strictEqual(yield* failure(migrateFrom(path)), told)
        assert.deepStrictEqual(yield* tables, [])
      })
    )
  )

  const bad: ReadonlyArray<readonly [string, Record<string, string>, RegExp]> = [
    [
      "a quotation is not closed",
      { ...files, [two]: "select 1;\nselect 'a" },
      /two\.up\.sql: the string that begins on line 2/
    ],
    ["a file holds a NUL", { [one]: "select 1;\0 select 2" }, /one\.up\.sql contains a NUL character/],
    ["a name is bad", { "2026_One.up.sql": "select 1" }, /2026_One\.up\.sql is not a valid name/],
    ["a timestamp is not a time", { "20261301000000_x.sql": "select 1" }, /20261301000000_x\.sql is not a valid name/],
    ["an ending is wrong", { "20260101000000_one.up.sql~": "select 1" }, /one\.up\.sql~ is not a valid name/],
    [
      "a down file has no up file",
      { "20260101000000_one.down.sql": "select 1" },
      /one\.down\.sql reverts a file that does not exist/
    ],
    [
      "a timestamp is used twice",
      { [one]: "select 1", "20260101000000_uno.sql": "select 1" },
      /one.*uno\.sql have the same/
    ],
    [
      "a migration exists both as a pair and as a single file",
      { [one]: "select 1", "20260101000000_one.sql": "select 1" },
      /have the same timestamp/
    ]
  ]
  const nowhere = PgClient.layer({ host: "127.0.0.1", port: 1, username: "nobody" })
  for (const [when, texts, told] of bad) {
    it.live(`${when}, before the database is queried`, () =>
      Effect.gen(function* () {
        const { path } = yield* folderOf(texts)
        assert.match(yield* failure(migrateFrom(path)), told)
      }).pipe(Effect.provide(nowhere))
    )
  }
})

/** A migration that hangs in another process, and a client of the same database. */
const hanging = Effect.gen(function* () {
  const { layer } = yield* emptyDatabase
  const { path, put } = yield* folderOf({ [one]: "create table half (); select pg_sleep(600)" })
  const process = yield* Effect.forkScoped(Effect.provide(migrateFrom(path), layer, { local: true }))
  const client = yield* Layer.build(layer)
  const sql = Context.get(client, SqlClient.SqlClient)
  const holders = sql<{ pid: number }>`select pid from pg_locks join pg_database on pg_database.oid = database
    where locktype = 'advisory' and granted and datname = current_database()`
  const [holder] = yield* Effect.repeat(holders, { until: (rows) => rows.length > 0 })
  return { process, path, put, client, sql, pid: holder?.pid }
})

describe("migrations", () => {
  it.live("stop when another process holds the lock for too long", () =>
    Effect.gen(function* () {
      const { process, path, put, client } = yield* hanging
      yield* put(one, files[one])
      const late = Effect.provide(migrateFrom(path), client)
      const told = yield* failure(Effect.provideService(late, LockPatience, 1))
      assert.strictEqual(told, "another process has held the lock for 1s.")
      yield* Fiber.interrupt(process)
      assert.deepStrictEqual(yield* late, { applied: names.slice(0, 1) })
    })
  )

  it.live("report a lost connection as unreachable, and continue on the next run", () =>
    Effect.gen(function* () {
      const { process, path, put, client, sql, pid } = yield* hanging
      yield* sql`select pg_terminate_backend(${pid})`
      const error = yield* Effect.flip(Fiber.join(process))
      assert(error instanceof SqlFilesError && error.unreachable)
      assert.match(error.message, /^Failed to run database migrations: PostgreSQL is not responding: /)
      yield* put(one, files[one])
      yield* Effect.provide(migrateFrom(path), client)
      assert.deepStrictEqual(yield* Effect.provide(tables, client), ["one"])
    })
  )

  it.live("distinguish an absent or full server from a wrong database", () =>
    Effect.gen(function* () {
      const { layer, password, user: username, ...server } = yield* emptyDatabase
      const at = (config: Partial<PgClient.PgPoolConfig>) =>
        Effect.provide(Effect.flip(migrate), PgClient.layer({ ...server, username, password, ...config }), {
          local: true
        })
      const sql = Context.get(yield* Layer.build(layer), SqlClient.SqlClient)
      const full = `full_${randomUUID()}`
      yield* sql.unsafe(`create role "${full}" login connection limit 0 password '${Redacted.value(password)}'`)
      yield* Effect.addFinalizer(() => Effect.orDie(sql`drop role ${sql(full)}`))
      const errors = yield* Effect.forEach([{ port: 1 }, { username: full }, { database: "nowhere" }], at)
      const passing = errors.map((error) => error instanceof SqlFilesError && error.unreachable)
      assert.deepStrictEqual(passing, [true, true, false])
      assert.match(errors[1]?.message ?? "", /PostgreSQL is not responding: too many connections for role/)
      assert.match(errors[2]?.message ?? "", /database "nowhere" does not exist/)
    })
  )
})
