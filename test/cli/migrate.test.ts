import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { readdir, readFile } from "node:fs/promises"
import { migrateCommand } from "../../src/cli/migrate.ts"
import { migrateFrom, migrationsDirectory, rollback } from "../../src/infra/SqlFiles.ts"
import { schemaOf } from "../infra/schemaOf.ts"
import { emptyDatabase, failure, folderOf, migratedDatabase, on, tables } from "../infra/SqlFolders.ts"
import { program, run, start, variables } from "./migrateProcess.ts"

const migrations = Effect.promise(async () =>
  (await readdir(migrationsDirectory))
    .filter((file) => file.endsWith(".up.sql"))
    .map((file) => file.slice(0, -7))
    .toSorted()
)

/** Runs it in this process; `lines` is what it prints. */
const read = Effect.fnUntraced(function* (args: ReadonlyArray<string>, directory: string) {
  const lines: Array<string> = []
  const push = (line: string) => lines.push(line)
  const console = Object.assign(Object.create(globalThis.console), { log: push, error: push })
  const exit = yield* Effect.exit(migrateCommand(args, directory)).pipe(
    Effect.provideService(Console.Console, console as Console.Console)
  )
  return { failed: Exit.isFailure(exit), lines }
})

describe("npm run migrate --", () => {
  it.live("up, status and down need only the DB variables, and print what they did", () =>
    Effect.gen(function* () {
      const env = variables(yield* emptyDatabase)
      const names = yield* migrations
      const up = yield* run(env, "up")
      assert.deepStrictEqual(up, { code: 0, out: names.map((name) => `Applied migration ${name}\n`).join(""), err: "" })
      assert.deepStrictEqual(yield* run(env, "up"), { code: 0, out: "Nothing to apply\n", err: "" })
      const down = yield* run(env, "down")
      assert.deepStrictEqual(down, { code: 0, out: `Reverted migration ${names.at(-1)}\n`, err: "" })
      const { out } = yield* run(env, "status")
      const lines = out.trimEnd().split("\n")
      assert.deepStrictEqual(
        lines.map((line) => line.split(/ +/).at(-1)),
        names
      )
      assert.match(lines[0] ?? "", /^applied {2}\d{4}-\d\d-\d\dT[\d:.]+Z /)
      assert.match(lines.at(-1) ?? "", /^pending /)
    })
  )

  it.live(
    "reverting everything leaves nothing behind, and up then builds the same schema again",
    () =>
      Effect.gen(function* () {
        const database = yield* migratedDatabase
        const env = variables(database)
        const schema = Effect.provide(schemaOf("public"), database.layer)
        const before = yield* schema
        assert.isAbove(before.length, 100)
        for (const name of (yield* migrations).toReversed())
          assert.deepStrictEqual(yield* run(env, "down"), { code: 0, out: `Reverted migration ${name}\n`, err: "" })
        assert.strictEqual((yield* run(env, "down")).out, "Nothing to revert\n")
        assert.deepStrictEqual(
          yield* schema,
          before.filter((line) => line.includes("schema_migrations"))
        )
        assert.strictEqual((yield* run(env, "up")).code, 0)
        assert.deepStrictEqual(yield* schema, before)
      }),
    120_000
  )

  it.live(
    "up in five processes at once applies each migration once",
    () =>
      Effect.gen(function* () {
        const env = variables(yield* emptyDatabase)
        const five = yield* Effect.replicateEffect(run(env, "up"), 5, { concurrency: 5 })
        assert.deepStrictEqual(
          five.map(({ code, err }) => ({ code, err })),
          Array.from(five, () => ({ code: 0, err: "" }))
        )
        const applied = five.flatMap(({ out }) => out.match(/(?<=Applied migration )\S+/g) ?? [])
        assert.deepStrictEqual(applied.toSorted(), yield* migrations)
      }),
    60_000
  )

  it.live("a killed up does not stop the next one", () =>
    Effect.gen(function* () {
      const database = yield* emptyDatabase
      const { path, put } = yield* folderOf({ "20260101000000_one.sql": "create table half (); select pg_sleep(600)" })
      const command = `const { migrateCommand } = await import(${JSON.stringify(program)})
        const { Effect } = await import("effect")
        await Effect.runPromise(migrateCommand(["up"], ${JSON.stringify(path)}))`
      const child = yield* start(variables(database), "--input-type=module", "--eval", command)
      yield* Effect.gen(function* () {
        const sleeping = (yield* SqlClient.SqlClient)`select from pg_stat_activity
          where datname = current_database() and wait_event = 'PgSleep'`
        yield* Effect.repeat(sleeping, { until: (rows) => rows.length > 0 })
        child.kill("SIGKILL")
        yield* put("20260101000000_one.sql", "create table one ()")
        assert.deepStrictEqual(yield* migrateFrom(path), { applied: ["20260101000000_one"] })
        assert.deepStrictEqual(yield* tables, ["one"])
      }).pipe(Effect.provide(database.layer))
    })
  )

  it.live.each([
    ["up", {}, /DB_HOST is missing\n.*DB_PORT is missing\n.*DB_USER is missing/],
    ["sideways", {}, /^Usage: /],
    [
      "status",
      { DB_HOST: "127.0.0.1", DB_PORT: "1", DB_USER: "u", DB_PASSWORD: "secret", DB_NAME: "n" },
      /not responding/
    ]
  ] as const)("%s fails", ([command, env, told]) =>
    Effect.gen(function* () {
      const { code, out, err } = yield* run(env, command)
      assert.strictEqual(code, 1)
      assert.strictEqual(out, "")
      assert.match(err, told)
      assert.notInclude(err, "secret")
    })
  )

  it.live.each(["", "add", "add a b", "up now", "add Bad-Name"])("refuses %j", (line) =>
    Effect.gen(function* () {
      const { path } = yield* folderOf({})
      const { failed, lines } = yield* read(line.split(" "), path)
      assert.isTrue(failed)
      assert.match(lines.join("\n"), line === "add Bad-Name" ? /^"Bad-Name" is not a valid name/ : /^Usage: /)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(path)), [])
    })
  )

  it.live("help prints the usage", () =>
    Effect.gen(function* () {
      const { code, out } = yield* run({}, "help")
      assert.strictEqual(code, 0)
      assert.match(out, /add NAME[^]*up[^]*down[^]*status[^]*help/)
    })
  )
})

describe("add", () => {
  it.live("creates a pair newer than all others, which cannot be reverted until its down file is written", () =>
    on({ "29990101000059_one.sql": "create table one ()" }, ({ path, put }) =>
      Effect.gen(function* () {
        const name = "29990101000100_raid_plans"
        const lines = [`Created ${path}/${name}.up.sql`, `Created ${path}/${name}.down.sql`]
        assert.deepStrictEqual(yield* read(["add", "raid_plans"], path), { failed: false, lines })
        assert.strictEqual(yield* failure(migrateFrom(path)), `${name}.up.sql contains no statement.`)
        yield* put(`${name}.up.sql`, "create table two ()")
        yield* migrateFrom(path)
        const told = `Failed to run database migrations: ${name}.down.sql, statement 1 (line 3): ${name}.down.sql has not been written (P0001).`
        assert.strictEqual((yield* Effect.flip(rollback(path))).message, told)
      })
    )
  )

  it.live("uses the time in UTC", () =>
    Effect.gen(function* () {
      const { path } = yield* folderOf({})
      const before = new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14)
      yield* read(["add", "first"], path)
      yield* read(["add", "second"], path)
      const [first = "", , second = ""] = (yield* Effect.promise(() => readdir(path))).toSorted()
      assert(before <= first.slice(0, 14) && first.slice(0, 14) < second.slice(0, 14))
      assert.match(yield* Effect.promise(() => readFile(`${path}/${second}`, "utf8")), /-- Replace this statement/)
    })
  )
})
