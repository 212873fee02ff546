import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { cp, readdir, rm } from "node:fs/promises"
import { migrateFrom, migrationsDirectory, rollback } from "../../src/infra/SqlFiles.ts"
import { schemaOf } from "../infra/schemaOf.ts"
import { emptyDatabase, folderOf } from "../infra/SqlFolders.ts"

const ours = "20261127050000_plans"

it.live("the migration of plans reverts to the schema before", () =>
  Effect.gen(function* () {
    const { layer } = yield* emptyDatabase
    const folder = yield* folderOf({})
    yield* Effect.promise(() => cp(migrationsDirectory, folder.path, { recursive: true }))
    for (const file of yield* Effect.promise(() => readdir(folder.path))) {
      if (file.split(".", 1)[0]! > ours) yield* Effect.promise(() => rm(`${folder.path}/${file}`))
    }
    const before = yield* folderOf({})
    yield* Effect.promise(() => cp(folder.path, before.path, { recursive: true }))
    for (const end of ["up", "down"]) yield* Effect.promise(() => rm(`${before.path}/${ours}.${end}.sql`))
    yield* Effect.gen(function* () {
      yield* migrateFrom(before.path)
      const schema = yield* schemaOf("public")
      assert.deepStrictEqual((yield* migrateFrom(folder.path)).applied, [ours])
      assert.strictEqual(yield* rollback(folder.path), ours)
      assert.deepStrictEqual(yield* schemaOf("public"), schema)
    }).pipe(Effect.provide(layer))
  })
)
