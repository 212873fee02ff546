import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { SqlMessageStorage, SqlRunnerStorage } from "effect/cluster"
import { Jobs } from "../../src/infra/Jobs.ts"
import { SqlClient } from "effect/sql"
import { capturedLog } from "../support/capturedLog.ts"
import { database } from "../support/database.ts"
import { eventually } from "../support/eventually.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"

/** Columns, constraints and indexes of the tables whose names begin so, without the beginning. */
const schemaOf = (prefix: string) =>
  Effect.map(
    query`
      select 'column' as kind, table_name || '.' || column_name as name, concat_ws(' ', data_type,
        character_maximum_length, is_nullable, replace(column_default, ${prefix}, '')) as definition
      from information_schema.columns where table_name ~ ${`^${prefix}_(messages|replies|runners|locks)$`}
      union all
      select 'constraint', conname, pg_get_constraintdef(oid) from pg_constraint
      where conrelid::regclass::text ~ ${`^${prefix}_(messages|replies|runners|locks)$`}
      union all
      select 'index', indexname, replace(indexdef, ${prefix}, '') from pg_indexes
      where tablename ~ ${`^${prefix}_(messages|replies|runners|locks)$`}
      order by 1, 2`,
    (rows) => rows.map(({ kind, name, definition }) => `${kind} ${String(name).replace(prefix, "")} ${definition}`)
  )

layer(Jobs.layer.pipe(Layer.provideMerge(database), Layer.provideMerge(TestApp.layer())), live)(
  "the job engine",
  (it) => {
    it.effect("finds in our migration what it would make by itself", () =>
      Effect.gen(function* () {
        const { sql } = yield* TestApp
        yield* Layer.build(
          Layer.mergeAll(
            SqlMessageStorage.layerMigrations({ prefix: "peer" }),
            SqlRunnerStorage.layerMigrations({ prefix: "peer" })
          ).pipe(Layer.provide(Layer.succeed(SqlClient.SqlClient, sql)))
        )
        const theirs = yield* schemaOf("peer")
        assert.isAbove(theirs.length, 40)
        assert.deepStrictEqual(yield* schemaOf("jobs"), theirs)
      })
    )

    it.effect(
      "is there soon, and begins when PostgreSQL is back if it was away",
      () =>
        Effect.gen(function* () {
          const { postgres } = yield* TestApp
          yield* eventually(Effect.exit((yield* Jobs).engine), ({ _tag }) => _tag === "Success")
          postgres.shut()
          const lines = yield* capturedLog
          const late = yield* Layer.build(Layer.fresh(Jobs.layer.pipe(Layer.provide(database))))
          const jobs = Context.get(late, Jobs)
          yield* eventually(
            Effect.sync(() => lines.join("\n")),
            (text) => text.includes("Jobs cannot start yet")
          )
          assert.strictEqual((yield* Effect.flip(jobs.engine)).code, "dependency.unavailable")
          postgres.open()
          yield* eventually(Effect.exit(jobs.engine), ({ _tag }) => _tag === "Success")
        }),
      20_000
    )

    it.effect("is swept of what is older than a week, and of nothing else", () =>
      Effect.gen(function* () {
        const jobs = yield* Jobs
        for (const [n, days] of [8, 8, 6].entries())
          yield* query`
          with id as (
            select (((extract(epoch from now() - make_interval(days => ${days}::int)) * 1000)::bigint - 1735689600000) << 22)
              + ${n}::int as id
          ), message as (
            insert into jobs_messages (id, shard_id, entity_type, entity_id, kind, request_id)
            select id, 'default:1', 'test', ${String(days)}, 0, id from id
          )
          insert into jobs_replies (id, kind, request_id, payload) select id + 1000, 0, id, '{}' from id`
        assert.strictEqual(yield* jobs.sweep(1), 1)
        assert.strictEqual(yield* jobs.sweep(1000), 1)
        assert.strictEqual(yield* jobs.sweep(1000), 0)
        assert.deepStrictEqual(yield* query`select entity_id from jobs_messages where entity_type = 'test'`, [
          { entity_id: "6" }
        ])
        assert.lengthOf(yield* query`select 1 from jobs_replies where payload = '{}'`, 1)
      })
    )
  }
)
