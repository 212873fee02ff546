import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { migrateFrom, rollback, seedFrom, status } from "../../src/infra/SqlFiles.ts"
import { emptyDatabase, failure, files, folderOf, names, on, one, tables, two } from "./SqlFolders.ts"

describe("migrations", () => {
  it.live("apply in order to an empty database, and only once", () =>
    on(files, ({ path }) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* migrateFrom(path), { applied: names })
        assert.deepStrictEqual(yield* migrateFrom(path), { applied: [] })
        assert.deepStrictEqual(yield* tables, ["one", "two"])
        const [history] = yield* (yield* SqlClient.SqlClient)`select * from schema_migrations order by name`
        assert.match(String(history?.checksum), /^[0-9a-f]{64}$/)
      })
    )
  )

  it.live("apply only once when five processes start together on an empty database", () =>
    Effect.gen(function* () {
      const { layer } = yield* emptyDatabase
      const { path } = yield* folderOf(files)
      const five = yield* Effect.replicateEffect(Effect.provide(migrateFrom(path), layer, { local: true }), 5, {
        concurrency: 5
      })
      assert.deepStrictEqual(five.flatMap(({ applied }) => applied).toSorted(), names)
      assert.deepStrictEqual(yield* Effect.provide(tables, layer), ["one", "two"])
    })
  )

  it.live("run function bodies and accents unchanged, without the pool's limits", () =>
    on(
      { [one]: "create function f() returns text language plpgsql as $$ begin perform 1; return 'é;'; end; $$;" },
      ({ path, put }) =>
        Effect.gen(function* () {
          yield* put(
            two,
            "\uFEFFcreate table two as\r\nselect f() as v, current_setting('statement_timeout') as timeout;\r\n"
          )
          yield* migrateFrom(path)
          const sql = yield* SqlClient.SqlClient
          assert.deepStrictEqual(yield* sql`select * from two`, [{ v: "é;", timeout: "0" }])
          assert.deepStrictEqual(yield* sql`select current_setting('statement_timeout') as t`, [{ t: "1500ms" }])
        })
    )
  )

  it.live("ignore a change of line endings", () =>
    on({ [one]: "create table one\n(n int);\n" }, ({ path, put }) =>
      Effect.gen(function* () {
        yield* migrateFrom(path)
        yield* put(one, "create table one\r\n(n int);\r\n")
        assert.deepStrictEqual(yield* migrateFrom(path), { applied: [] })
      })
    )
  )

  it.live("need no CREATE privilege when there is nothing to do", () =>
    on(files, ({ path }) =>
      Effect.gen(function* () {
        yield* migrateFrom(path)
        const sql = yield* SqlClient.SqlClient
        const role = `reader_${randomUUID()}`
        yield* sql`create role ${sql(role)}`
        yield* sql`grant select on schema_migrations to ${sql(role)}`
        const asReader = sql.withTransaction(Effect.andThen(sql`set local role ${sql(role)}`, migrateFrom(path)))
        assert.deepStrictEqual(yield* asReader, { applied: [] })
        yield* sql`drop owned by ${sql(role)}`
        yield* sql`drop role ${sql(role)}`
      })
    )
  )

  it.live("revert one file, unless it is irreversible", () =>
    on({ ...files, "20260101000001_two.down.sql": "drop table two" }, ({ path }) =>
      Effect.gen(function* () {
        yield* migrateFrom(path)
        assert.strictEqual(yield* rollback(path), names[1])
        assert.deepStrictEqual(yield* tables, ["one"])
        assert.strictEqual(yield* failure(rollback(path)), `${one} has no .down.sql and cannot be reverted.`)
        assert.deepStrictEqual(
          (yield* status(path)).map(({ state }) => state),
          ["applied", "pending"]
        )
      })
    )
  )

  it.live("accept a single file as irreversible, and refuse an unwritten down file", () =>
    on({ "20260101000000_one.sql": "create table one ()" }, ({ path, put }) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* migrateFrom(path), { applied: names.slice(0, 1) })
        assert.match(yield* failure(rollback(path)), /one\.sql has no \.down\.sql/)
        yield* put("20260101000000_one.down.sql", "drop table one; do $$ begin raise exception 'no way back'; end $$")
        assert.match(yield* failure(rollback(path)), /one\.down\.sql, statement 2 \(line 1\): no way back \(P0001\)/)
        assert.deepStrictEqual(yield* tables, ["one"])
        assert.deepStrictEqual(
          (yield* status(path)).map(({ state }) => state),
          ["applied"]
        )
      })
    )
  )
})

describe("seeds", () => {
  it.live("have their own history and their own messages", () =>
    on(files, ({ path, put }) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* seedFrom(path), { applied: names })
        assert.deepStrictEqual(yield* seedFrom(path), { applied: [] })
        yield* put(one, "select 1")
        const { message } = yield* Effect.flip(seedFrom(path))
        assert.match(message, /^Failed to apply database seeds: 20260101000000_one was changed after it was applied/)
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual(
          (yield* sql`select name from seed_history order by 1`).map(({ name }) => name),
          names
        )
      })
    )
  )
})
