import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { cp, readdir, rm } from "node:fs/promises"
import { migrateFrom, migrationsDirectory, rollback } from "../../src/infra/SqlFiles.ts"
import { schemaOf } from "../infra/schemaOf.ts"
import { emptyDatabase, folderOf } from "../infra/SqlFolders.ts"

const ours = [
  "20261130010001_nameless_events",
  "20261130010002_names_of_profiles",
  "20261130010003_people_of_user_sessions",
  "20261130010004_people_of_guild_memberships",
  "20261130010005_people_of_guild_invites",
  "20261130010006_people_of_characters",
  "20261130010007_people_of_roster_changes",
  "20261130010008_people_of_guild_refreshes",
  "20261130010009_people_of_plans",
  "20261130010010_people_of_plan_revisions",
  "20261130010011_people_of_plan_shares",
  "20261130010012_people_of_guild_ruleset_overrides",
  "20261130010101_forget_user"
]

it.live("the migrations of deletion revert to the schema before", () =>
  Effect.gen(function* () {
    const { layer } = yield* emptyDatabase
    const folder = yield* folderOf({})
    yield* Effect.promise(() => cp(migrationsDirectory, folder.path, { recursive: true }))
    for (const file of yield* Effect.promise(() => readdir(folder.path))) {
      if (file.split(".", 1)[0]! > ours.at(-1)!) yield* Effect.promise(() => rm(`${folder.path}/${file}`))
    }
    const before = yield* folderOf({})
    yield* Effect.promise(() => cp(folder.path, before.path, { recursive: true }))
    for (const name of ours)
      for (const end of ["up", "down"]) yield* Effect.promise(() => rm(`${before.path}/${name}.${end}.sql`))
    yield* Effect.gen(function* () {
      yield* migrateFrom(before.path)
      const schema = yield* schemaOf("public")
      assert.deepStrictEqual((yield* migrateFrom(folder.path)).applied, ours)
      for (const name of ours.toReversed()) assert.strictEqual(yield* rollback(folder.path), name)
      assert.deepStrictEqual(yield* schemaOf("public"), schema)
    }).pipe(Effect.provide(layer))
  })
)
