import { assert, describe, it, vi } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { adoptFrom } from "../../src/adoption/Adopt.ts"
import { migrate, migrationsDirectory } from "../../src/infra/SqlFiles.ts"
import { LockPatience } from "../../src/infra/SqlLock.ts"
import { run, variables } from "../cli/migrateProcess.ts"
import { emptyDatabase } from "../infra/SqlFolders.ts"
import { contents, oldDatabase } from "./OldDatabase.ts"

vi.setConfig({ testTimeout: 60_000 })

const ada = "00000000-0000-4000-8000-00000000000a"

/** A change to the old tables, and what adopt then reports. */
const faults: ReadonlyArray<readonly [statement: string, told: string]> = [
  ["drop table guild_invites", "guild_invites: the table is missing"],
  ["alter table user_sessions drop column csrf_token_hash", "user_sessions: csrf_token_hash is missing"],
  ["alter table guilds drop column deleted_at", "guilds: deleted_at is missing"],
  ["alter table guilds drop column faction", "guilds: faction is missing"],
  ["alter table discord_profiles alter username drop not null", ""],
  [
    "update discord_profiles set username = null where username = 'old-4'",
    "discord_profiles: username is null (1 row)"
  ],
  ["alter table discord_oauth_tokens alter expires_at type text", ""],
  [
    "update discord_oauth_tokens set expires_at = 'soon'",
    "discord_oauth_tokens: expires_at is not a valid timestamp with time zone (1 row)"
  ],
  [
    "update characters set rank = 'bench' where role = 'melee'",
    "characters: characters_rank_check is violated, (rank = ANY (ARRAY['main'::text, 'alt'::text])) (1 row)"
  ],
  [
    "update characters set deleted_at = null",
    "characters: not unique: region, lower(server), lower(name) where (deleted_at IS NULL) (2 rows)"
  ],
  ["alter table security_audit_events drop constraint security_audit_events_user_id_fkey", ""],
  [
    `update security_audit_events set user_id = gen_random_uuid() where user_id = '${ada}'`,
    "security_audit_events: user_id is not in users (2 rows)"
  ]
]

describe("adopt refuses, and changes nothing, when", () => {
  it.live("tables, columns or rows are not as expected: every problem is reported at once", () =>
    Effect.gen(function* () {
      const { layer, query, ...database } = yield* oldDatabase()
      for (const [statement] of faults) yield* query(statement)
      const before = yield* Effect.provide(contents, layer)
      const { code, err } = yield* run(variables(database), "adopt")
      assert.strictEqual(code, 1)
      const told = [
        "Nothing was adopted: the database does not have the expected form",
        ...faults.map(([, told]) => told)
      ]
      assert.sameMembers(
        err
          .trimEnd()
          .replace(/\.$/, "")
          .split(/\n {2}/),
        told.filter((line) => line !== "")
      )
      assert.deepStrictEqual(yield* Effect.provide(contents, layer), before)
    })
  )

  it.live("the tables are still in use", () =>
    Effect.gen(function* () {
      const { layer } = yield* oldDatabase()
      const before = yield* Effect.provide(contents, layer)
      const sql = Context.get(yield* Layer.build(layer), SqlClient.SqlClient)
      const adopt = Effect.provide(adoptFrom(migrationsDirectory), layer, { local: true })
      const error = yield* sql.withTransaction(
        Effect.andThen(sql`select from guilds`, Effect.flip(Effect.provideService(adopt, LockPatience, 1)))
      )
      assert.strictEqual(
        error.message,
        "Nothing was adopted: the tables are still in use; stop the earlier service first."
      )
      assert.deepStrictEqual(yield* Effect.provide(contents, layer), before)
    })
  )

  it.live("there is no earlier service, or the schema for it already exists", () =>
    Effect.gen(function* () {
      const empty = yield* emptyDatabase
      const { message } = yield* Effect.provide(Effect.flip(adoptFrom(migrationsDirectory)), empty.layer)
      assert.strictEqual(message, "Nothing was adopted: there is no users table; npm run migrate -- up creates it.")
      const { layer, query } = yield* oldDatabase()
      yield* query("create schema adopted")
      const taken = yield* Effect.provide(Effect.flip(adoptFrom(migrationsDirectory)), layer)
      assert.strictEqual(taken.message, `Nothing was adopted: schema "adopted" already exists (42P06).`)
    })
  )
})

it.live("a start on a database of the earlier service changes nothing and says how to adopt it", () =>
  Effect.gen(function* () {
    const { layer } = yield* oldDatabase()
    const before = yield* Effect.provide(contents, layer)
    const { message } = yield* Effect.provide(Effect.flip(migrate), layer)
    assert.match(message, /^Failed to run database migrations: .* earlier service; .* npm run migrate -- adopt\.$/)
    assert.deepStrictEqual(yield* Effect.provide(contents, layer), before)
  })
)
