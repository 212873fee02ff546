import { assert, describe, it, vi } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { adoptFrom } from "../../src/adoption/Adopt.ts"
import { promised } from "../../src/adoption/OldTables.ts"
import { migrationsDirectory, recordSeeds, seed } from "../../src/infra/SqlFiles.ts"
import { run, start, program, variables } from "../cli/migrateProcess.ts"
import { schemaOf } from "../infra/schemaOf.ts"
import { migratedDatabase } from "../infra/SqlFolders.ts"
import { contents, oldDatabase } from "./OldDatabase.ts"

vi.setConfig({ testTimeout: 60_000 })

const adopted = `Copied users (4 rows)
Copied discord_identities (4 rows)
Copied discord_profiles (4 rows)
discord_oauth_tokens: id is not a valid uuid (1 row); the column is not copied
Copied discord_oauth_tokens (1 row)
Copied user_sessions (3 rows)
Copied oauth_states (2 rows)
Copied guilds (2 rows)
Copied guild_memberships (4 rows)
Copied guild_invites (2 rows)
Copied characters (3 rows)
security_audit_events: id is not a valid uuid (3 rows); the column is not copied
Copied security_audit_events (3 rows)
Copied character_warcraftlogs_snapshots (1 of 2 rows of warcraftlogs_snapshots fit)
Copied character_battlenet_snapshots (1 of 1 rows of battlenet_snapshots fit)
The seeds are marked as applied
The old tables stay in the schema adopted until you drop it
Adopted
`

/** Columns with another type, or null where ours has a default: compared on their own. */
const changed = new Set(["discord_oauth_tokens.expires_at", "security_audit_events.metadata"])

/** How many rows of a table have values that must be kept and that the other schema's table lacks. */
const lost = (table: string, from: string, to: string) => {
  const columns = promised
    .get(table)!
    .filter((column) => !changed.has(`${table}.${column}`))
    .map((column) => `${column}::text`)
    .join(", ")
  return `select count(*)::int as n from (select ${columns} from ${from}.${table} except all select ${columns} from ${to}.${table}) lost`
}

describe("npm run migrate -- adopt", () => {
  it.live("copies every row and value it must keep, and creates the schema of a new installation", () =>
    Effect.gen(function* () {
      const { layer, query, ...database } = yield* oldDatabase()
      const env = variables(database)
      assert.deepStrictEqual(yield* run(env, "adopt"), { code: 0, out: adopted, err: "" })
      for (const table of promised.keys()) {
        assert.deepStrictEqual(yield* query(lost(table, "adopted", "public")), [{ n: 0 }], table)
        assert.deepStrictEqual(yield* query(lost(table, "public", "adopted")), [{ n: 0 }], table)
      }
      assert.deepStrictEqual(
        yield* query(
          "select t.expires_at = o.expires_at at time zone 'UTC' as same from discord_oauth_tokens t, adopted.discord_oauth_tokens o"
        ),
        [{ same: true }]
      )
      const metadata = yield* query("select metadata from security_audit_events order by metadata::text")
      assert.deepStrictEqual(metadata, [{ metadata: { a: 1 } }, { metadata: {} }, { metadata: {} }])
      const { out } = yield* run(env, "status")
      assert.match(out, /^(applied .*\n)+$/)

      yield* query("drop schema adopted cascade")
      const ours = (yield* Effect.provide(schemaOf("public"), layer)).filter(
        (line) => !line.includes("_sqlx_migrations")
      )
      const fresh = yield* migratedDatabase
      const wanted = yield* Effect.provide(Effect.andThen(recordSeeds, schemaOf("public")), fresh.layer)
      assert.deepStrictEqual(ours, wanted)
    })
  )

  it.live("leaves the earlier service's own history tables alone, and says when there is nothing left to do", () =>
    Effect.gen(function* () {
      const { layer, query, ...database } = yield* oldDatabase()
      const books = "select md5(string_agg(m::text, '')) as books from _sqlx_migrations m"
      const before = yield* query(books)
      yield* Effect.provide(adoptFrom(migrationsDirectory), layer)
      assert.deepStrictEqual(yield* query(books), before)
      assert.deepStrictEqual(yield* query("select name from adopted.seed_history"), [{ name: "0001_guild_roster.sql" }])
      const all = yield* Effect.provide(contents, layer)
      const again = yield* run(variables(database), "adopt")
      assert.deepStrictEqual(again, {
        code: 0,
        out: "Nothing to adopt: the database already has a migration history\n",
        err: ""
      })
      assert.deepStrictEqual(yield* Effect.provide(contents, layer), all)
    })
  )

  it.live("names foreign tables that still reference the old ones, and snapshots it cannot read", () =>
    Effect.gen(function* () {
      const { query, ...database } = yield* oldDatabase()
      yield* query("create table raid_plans (guild_id uuid references guilds)")
      yield* query("create view admins as select user_id from guild_memberships where role = 'admin'")
      yield* query("alter table battlenet_snapshots rename to character_battlenet_snapshots")
      yield* query("alter table character_battlenet_snapshots drop column active_spec_name")
      const { code, out } = yield* run(variables(database), "adopt")
      assert.strictEqual(code, 0)
      assert.include(
        out,
        "\nNo table was recognised as character_battlenet_snapshots; its rows will come with the next refreshes\n"
      )
      assert.include(out, "\nadmins still depends on the old tables\nraid_plans still depends on the old tables\n")
      assert.deepStrictEqual(yield* query("select from character_battlenet_snapshots"), [])
      assert.lengthOf(yield* query("select from admins"), 1)
    })
  )

  it.live("never seeds an installation twice, and seeds one that never was like a new one", () =>
    Effect.gen(function* () {
      const { layer, query } = yield* oldDatabase()
      yield* query("truncate seed_history")
      const other = yield* oldDatabase()
      yield* other.query("truncate seed_history, guild_memberships, guild_invites")
      yield* other.query("delete from guilds")
      const seededAfter = ({ layer }: Pick<typeof other, "layer">) =>
        Effect.provide(Effect.andThen(adoptFrom(migrationsDirectory), seed), layer)
      assert.deepStrictEqual(yield* seededAfter({ layer }), { applied: [] })
      assert.deepStrictEqual(yield* query("select count(*)::int as n from users"), [{ n: 4 }])
      assert.lengthOf((yield* seededAfter(other)).applied, 3)
    })
  )

  it.live("run in two processes at once: one adopts, the other finds nothing to do", () =>
    Effect.gen(function* () {
      const database = yield* oldDatabase()
      const both = yield* Effect.replicateEffect(run(variables(database), "adopt"), 2, { concurrency: 2 })
      const [first, second] = both.toSorted((a, b) => (a.out < b.out ? -1 : 1))
      assert.deepStrictEqual(first, { code: 0, out: adopted, err: "" })
      assert.deepStrictEqual([second?.code, second?.err], [0, ""])
      assert.match(second?.out ?? "", /^Nothing to adopt/)
    })
  )

  it.live("killed halfway changes nothing, and the next run does everything", () =>
    Effect.gen(function* () {
      const { layer, query, ...database } = yield* oldDatabase()
      const before = yield* Effect.provide(contents, layer)
      const child = yield* start(variables(database), program, "adopt")
      const killWithin = Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        // The last migration needs the same name, so it waits for this transaction to end.
        yield* sql`create table live_guild_invites ()`
        const waiting = sql`select from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid))`
        yield* Effect.repeat(Effect.delay(waiting, "10 millis"), { until: (rows) => rows.length > 0 })
        child.kill("SIGKILL")
        yield* sql`drop table live_guild_invites`
      })
      yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(killWithin)).pipe(Effect.provide(layer))
      const others =
        "select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"
      yield* Effect.repeat(Effect.delay(query(others), "10 millis"), { until: (rows) => rows.length === 0 })
      assert.deepStrictEqual(yield* Effect.provide(contents, layer), before)
      assert.strictEqual((yield* run(variables(database), "adopt")).out, adopted)
    })
  )
})
