import { assert, describe, it, vi } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { execFile } from "node:child_process"
import { readdirSync } from "node:fs"
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { migratedDatabase } from "../infra/SqlFolders.ts"
import { environment } from "../support/environment.ts"
import { testDatabase } from "../support/TestServers.ts"
import { refusedStart, startProcess, startProgram, takenPort, variablesFor } from "./startProcess.ts"

vi.setConfig({ testTimeout: 60_000 })

const seeds = readdirSync(new URL("../../seeds", import.meta.url))
  .filter((file) => file.endsWith(".up.sql"))
  .map((file) => file.slice(0, -7))

/** CPU time of a process, which does not count the tests beside it: a start that fails waits for nothing. */
const clock = `process.on("exit", () => {
  const { user, system } = process.cpuUsage()
  console.log("ended after", Math.round((user + system) / 1000))
})`

/** The program as it is delivered, in a folder of its own. */
const built = Effect.gen(function* () {
  const local = fileURLToPath(new URL("../../local", import.meta.url))
  yield* Effect.promise(() => mkdir(local, { recursive: true }))
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(local, "refused-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true }))
  )
  yield* Effect.promise(() => promisify(execFile)("npx", ["rolldown", "-c", "-d", folder], { cwd: dirname(local) }))
  return join(folder, "main.js")
})

describe("an invalid configuration", () => {
  it.live("U01 nothing set: every name is listed, and the process ends within two seconds", () =>
    Effect.gen(function* () {
      const bundle = yield* built
      const service = yield* startProgram(bundle, {}, "--import", `data:text/javascript,${encodeURIComponent(clock)}`)
      assert.strictEqual(yield* service.ended, 1)
      assert.isBelow(Number(/(?<=ended after )\d+/.exec(service.output())), 2000)
      const missing = service.output().match(/\S+(?= is missing)/g) ?? []
      assert.sameMembers(
        missing,
        Object.keys(environment).filter((name) => !/SECURE|DELAY|RATE|LOG/.test(name))
      )
    })
  )

  it.live.each([{ COOKIE_DOMAIN: "com" }, { COOKIE_DOMAIN: "canary.example.com" }, { COOKIE_DOMAIN: "192.0.2.7" }])(
    "U02 a COOKIE_DOMAIN that no browser accepts: %j",
    (changes) =>
      Effect.gen(function* () {
        const output = yield* refusedStart({ ...environment, ...changes })
        assert.match(output, /^ {2}COOKIE_DOMAIN must (not )?be /m)
        assert.notInclude(output, "canary")
      })
  )

  it.live("U01 U02 several faults: all are listed, no value is printed, the port is not bound", () =>
    Effect.gen(function* () {
      const output = yield* refusedStart({
        ...environment,
        DB_PORT: "65536",
        FRONTEND_BASE_URL: "https://canary.test/path",
        DISCORD_TOKEN_ENCRYPTION_KEY: "canary-that-is-no-key",
        SESSION_HMAC_SECRET: "change-me-canary-change-me-canary-change-me",
        COOKIE_SAME_SITE: "None"
      })
      const named = output
        .match(/^ {2}[A-Z_]+/gm)
        ?.map((name) => name.trim())
        .toSorted()
        .join(" ")
      assert.strictEqual(
        named,
        "COOKIE_SAME_SITE DB_PORT DISCORD_TOKEN_ENCRYPTION_KEY FRONTEND_BASE_URL SESSION_HMAC_SECRET"
      )
      assert.notMatch(output, /canary|65536/)
    })
  )

  it.live.each(["0", "65536"])("U01 APP_PORT=%j", (port) =>
    Effect.gen(function* () {
      const service = yield* startProcess({ ...environment, APP_PORT: port })
      assert.strictEqual(yield* service.ended, 1)
      assert.match(service.output(), /^The configuration is not valid:\n {2}APP_PORT [^\n]+\n$/)
    })
  )
})

it.live("a port in use: one sentence", () =>
  Effect.gen(function* () {
    const port = yield* takenPort
    const service = yield* startProcess({
      ...(yield* variablesFor(yield* testDatabase)),
      LOG_LEVEL: "Fatal",
      APP_PORT: port
    })
    assert.strictEqual(yield* service.ended, 1)
    assert.match(service.output(), new RegExp(`^APP_PORT cannot be bound: .*address already in use.*${port}\\n$`))
  })
)

it.live("a wrong password ends the start at once and hints at quotes", () =>
  Effect.gen(function* () {
    const variables = yield* variablesFor(yield* testDatabase)
    const output = yield* refusedStart({ ...variables, DB_PASSWORD: "cut-short" })
    assert.match(
      output,
      /^Failed to run database migrations: password authentication failed for user "\S+" \(28P01\): check DB_USER and DB_PASSWORD; in an \.env file a value that contains # must be in quotes\.$/m
    )
    assert.notInclude(output, "Waiting")
  })
)

/** A change to the database, and what a start must then print. */
const drifts = [
  {
    what: "a migration that was changed",
    change: "update schema_migrations set checksum = 'other'",
    said: /^Failed to run database migrations: \d{14}_auth was changed after it was applied/m
  },
  {
    what: "a database newer than the code",
    change: "insert into schema_migrations (name, checksum) values ('29990101000000_future', 'x')",
    said: /^Failed to run database migrations: 29990101000000_future is applied, but its file is missing or the data/m
  },
  {
    what: "a migration that was left out",
    change: "delete from schema_migrations where name like '%_guilds'",
    said: /^Failed to run database migrations: \d{14}_guilds is not applied, but a newer one is/m
  },
  {
    what: "a migration that fails",
    change:
      "delete from schema_migrations where name >= (select name from schema_migrations where name like '%_roster')",
    said: /^Failed to run database migrations: \d{14}_roster.up.sql, statement 1 \(line \d+\): relation "game_classes" already exists/m
  },
  {
    what: "a database of the earlier service",
    change: "truncate schema_migrations",
    said: /^Failed to run database migrations: the database holds the tables of an earlier service; .*npm run migrate -- adopt\.$/m
  },
  {
    what: "a seed that was changed",
    change: `create table seed_history as
      select unnest(array[${seeds.map((name) => `'${name}'`).join()}]) as name, 'other' as checksum, now() as applied_at`,
    said: /^Failed to apply database seeds: \d{14}_\w+ was changed after it was applied/m
  }
]

describe("a database that does not match", () => {
  it.live.each(drifts)("U03 $what stops the start", ({ change, said }) =>
    Effect.gen(function* () {
      const database = yield* migratedDatabase
      const execute = (text: string) =>
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(text)).pipe(Effect.provide(database.layer))
      yield* execute(change)
      const history = "select name, checksum from schema_migrations order by name"
      const before = yield* execute(history)
      const output = yield* refusedStart({ ...(yield* variablesFor(database)), RUN_DB_SEEDS: "true" })
      assert.match(output, said)
      assert.deepStrictEqual(yield* execute(history), before)
    })
  )
})
