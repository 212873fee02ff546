import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { migrateFrom, rollback, status } from "../../src/infra/SqlFiles.ts"
import { emptyDatabase, failure, folderOf, names, on, one, tables, two } from "./SqlFolders.ts"

const table = "create table one (n int); insert into one values (1), (2)"
const index = "-- no-transaction\ncreate unique index concurrently if not exists one_n on one (n);\n"
const down = "20260101000001_two.down.sql"
const three = "20260101000002_three.up.sql"

const indexes = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return yield* sql`select indexrelid::regclass::text as index, indisvalid as valid from pg_index where indrelid = 'one'::regclass`
})

const states = (path: string) => Effect.map(status(path), (all) => all.map(({ state }) => state))

const advice = '; make "-- no-transaction" the first line of the file, and this statement all that it holds.'

describe("a file that begins with -- no-transaction", () => {
  it.live("runs between others, leaves the connection as it was, and reverts", () =>
    on(
      {
        [one]: table,
        [two]: index,
        [down]: "-- no-transaction\n\ndrop index concurrently one_n",
        [three]: "create table three (n int)"
      },
      ({ path, remove }) =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const { applied } = yield* migrateFrom(path)
          assert.deepStrictEqual(applied, [...names, "20260101000002_three"])
          assert.deepStrictEqual(yield* migrateFrom(path), { applied: [] })
          assert.deepStrictEqual(yield* indexes, [{ index: "one_n", valid: true }])
          assert.deepStrictEqual(
            yield* sql`select current_setting('statement_timeout') as s, current_setting('lock_timeout') as l,
              (select count(*)::int from pg_locks l join pg_database d on d.oid = l.database
                where l.locktype = 'advisory' and d.datname = current_database()) as locks`,
            [{ s: "1500ms", l: "1500ms", locks: 0 }]
          )
          yield* sql`delete from schema_migrations where name = '20260101000002_three'`
          yield* remove(three)
          assert.strictEqual(yield* rollback(path), names[1])
          assert.deepStrictEqual(yield* indexes, [])
          assert.deepStrictEqual(yield* states(path), ["applied", "pending"])
        })
    )
  )

  it.live("runs without the pool's limits", () =>
    on(
      { [one]: "-- no-transaction\r\ncreate table one as select current_setting('statement_timeout') as t" },
      ({ path }) =>
        Effect.gen(function* () {
          yield* migrateFrom(path)
          assert.deepStrictEqual(yield* (yield* SqlClient.SqlClient)`select * from one`, [{ t: "0" }])
        })
    )
  )

  it.live("runs once when five processes start together, none of which it waits for", () =>
    Effect.gen(function* () {
      const { layer } = yield* emptyDatabase
      const slow = index.replace("(n)", "((wait(n)))")
      const wait = `create function wait(n int) returns int immutable language sql as 'select n from pg_sleep(0.5)'`
      const { path } = yield* folderOf({ [one]: `${table}; ${wait};`, [two]: slow })
      const five = yield* Effect.replicateEffect(Effect.provide(migrateFrom(path), layer, { local: true }), 5, {
        concurrency: 5
      })
      assert.deepStrictEqual(five.flatMap(({ applied }) => applied).toSorted(), names)
      assert.deepStrictEqual(yield* Effect.provide(indexes, layer), [{ index: "one_n", valid: true }])
    })
  )

  it.live("is not recorded while its index is half-built, which is told with the way to drop it", () =>
    on({ [one]: table, [two]: index }, ({ path, put }) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* put(one, `${table}, (2)`)
        const left =
          "the index one_n is left half-built and unused, so before the next attempt run: drop index concurrently one_n."
        const first = yield* failure(migrateFrom(path))
        assert.strictEqual(
          first,
          `${two}, statement 1 (line 2): could not create unique index "one_n" (23505); ${left}`
        )
        assert.deepStrictEqual(yield* states(path), ["applied", "pending"])
        yield* sql`delete from one where ctid = (select max(ctid) from one)`
        // PostgreSQL itself is content: an index of that name exists.
        assert.strictEqual(
          yield* failure(migrateFrom(path)),
          `${two} did not repair what an earlier attempt had left; ${left}`
        )
        assert.deepStrictEqual(yield* states(path), ["applied", "pending"])
        yield* sql`drop index concurrently one_n`.unprepared
        assert.deepStrictEqual(yield* migrateFrom(path), { applied: names.slice(1) })
      })
    )
  )

  it.live("holds exactly one statement, up or down, which begins no transaction", () =>
    on({ [one]: `-- no-transaction  \n${table}` }, ({ path, put }) =>
      Effect.gen(function* () {
        const told = 'begins with "-- no-transaction" and so must hold exactly one statement, but holds'
        assert.strictEqual(yield* failure(migrateFrom(path)), `${one} ${told} 2.`)
        yield* put(one, "-- no-transaction\nbegin")
        assert.match(yield* failure(migrateFrom(path)), /must not begin or end one/)
        yield* put(one, table)
        yield* put("20260101000000_one.down.sql", "-- no-transaction\n-- drop table one;")
        yield* migrateFrom(path)
        assert.strictEqual(yield* failure(rollback(path)), `20260101000000_one.down.sql ${told} 0.`)
      })
    )
  )

  it.live("is named when the line is missing or not the first", () =>
    on({ [one]: table, [two]: `-- an index\n${index}` }, ({ path, put }) =>
      Effect.gen(function* () {
        const where = `${two}, statement 1 (line 3)`
        assert.strictEqual(
          yield* failure(migrateFrom(path)),
          `${where}: CREATE INDEX CONCURRENTLY cannot run inside a transaction block (25001)${advice}`
        )
        yield* put(two, "select 1; set transaction isolation level serializable")
        assert.match(yield* failure(migrateFrom(path)), /any query \(25001\)\.$/)
        yield* put(two, "create table two ()")
        yield* put(down, "vacuum one")
        yield* migrateFrom(path)
        assert.strictEqual(
          yield* failure(rollback(path)),
          `${down}, statement 1 (line 1): VACUUM cannot run inside a transaction block (25001)${advice}`
        )
        assert.deepStrictEqual(yield* tables, ["one", "two"])
      })
    )
  )
})
