import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { cp, readdir, rm } from "node:fs/promises"
import { migrateFrom, migrationsDirectory, rollback } from "../../src/infra/SqlFiles.ts"
import { schemaOf } from "../infra/schemaOf.ts"
import { emptyDatabase, folderOf } from "../infra/SqlFolders.ts"

const ours = ["20261201000100_plan_compositions", "20261201000101_composers", "20261201000200_forget_composers"]

it.live("the migrations of compositions revert to the schema before", () =>
  Effect.gen(function* () {
    const { layer } = yield* emptyDatabase
    const folder = yield* folderOf({})
    yield* Effect.promise(() => cp(migrationsDirectory, folder.path, { recursive: true }))
    const before = yield* folderOf({})
    for (const file of yield* Effect.promise(() => readdir(folder.path))) {
      const name = file.split(".", 1)[0]!
      if (name > ours.at(-1)!) yield* Effect.promise(() => rm(`${folder.path}/${file}`))
      if (name < ours[0]!) yield* Effect.promise(() => cp(`${folder.path}/${file}`, `${before.path}/${file}`))
    }
    yield* Effect.gen(function* () {
      yield* migrateFrom(before.path)
      const schema = yield* schemaOf("public")
      assert.deepStrictEqual((yield* migrateFrom(folder.path)).applied, ours)
      for (const name of ours.toReversed()) assert.strictEqual(yield* rollback(folder.path), name)
      assert.deepStrictEqual(yield* schemaOf("public"), schema)
    }).pipe(Effect.provide(layer))
  })
)
