import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Clock, Console, Effect, Layer, Logger, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { adoptFrom } from "../adoption/Adopt.ts"
import { databaseConfig } from "../infra/AppConfig.ts"
import * as Sql from "../infra/Sql.ts"
import { millisOf } from "../infra/SqlDirectory.ts"
import { migrateFrom, migrationsDirectory, rollback, status, type SqlFilesError } from "../infra/SqlFiles.ts"

const usage = `Usage: npm run migrate -- <command>

  add NAME   create the two files of a new migration; NAME may have lower-case letters, digits and underscores
  up         apply all pending migrations
  down       revert the newest applied migration
  status     list the migrations; fails if the files and the database do not match
  adopt      take over the database of the earlier service; see docs/operation.md
  help       show this text

All commands except add and help read DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME, DB_SSL, DB_SSL_CA and DB_POOLER.`

/** Printed to standard error; the exit code is 1. */
class Refused extends Schema.TaggedError<Refused>()("Refused", { message: Schema.String }) {}

const refuse = (message: string) => new Refused({ message })

const fileSystem = <A>(what: string, attempt: () => Promise<A>) =>
  Effect.tryPromise({ try: attempt, catch: (cause) => refuse(`${what}: ${(cause as Error).message}`) })

const digitsOf = (millis: number) => new Date(millis).toISOString().replaceAll(/\D/g, "").slice(0, 14)

/** Now, or one second after the newest file, so that the new one always sorts last. */
const nextTimestamp = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
  const behind = files.flatMap((file) => millisOf(file.slice(0, 14)) ?? []).map((millis) => millis + 1000)
  return digitsOf(Math.max(yield* Clock.currentTimeMillis, ...behind))
})

const upTemplate =
  "-- End each statement with a semicolon. The file runs in one transaction; do not begin or end one here.\n"

const downTemplate = (name: string) => `-- Replace this statement with the ones that revert ${name}.up.sql.
-- If it cannot be reverted, keep this statement and give the reason in its message.
do $$ begin raise exception '${name}.down.sql has not been written'; end $$;
`

const add = Effect.fnUntraced(function* (directory: string, words: string) {
  if (!/^[a-z0-9_]{1,100}$/.test(words))
    return yield* refuse(`${JSON.stringify(words)} is not a valid name; use lower-case letters, digits and underscores`)
  const existing = yield* fileSystem("The directory cannot be read", () => readdir(directory))
  const name = `${yield* nextTimestamp(existing)}_${words}`
  for (const [file, text] of [
    [`${name}.up.sql`, upTemplate],
    [`${name}.down.sql`, downTemplate(name)]
  ] as const) {
    const path = join(directory, file)
    yield* fileSystem("The file cannot be written", () => writeFile(path, text, { flag: "wx" }))
    yield* Console.log(`Created ${path}`)
  }
})

const up = Effect.fnUntraced(function* (directory: string) {
  const { applied } = yield* migrateFrom(directory)
  if (applied.length === 0) yield* Console.log("Nothing to apply")
})

const down = Effect.fnUntraced(function* (directory: string) {
  const name = yield* rollback(directory)
  yield* Console.log(name === undefined ? "Nothing to revert" : `Reverted migration ${name}`)
})

const adopt = Effect.fnUntraced(function* (directory: string) {
  yield* Console.log(
    (yield* adoptFrom(directory)) ? "Adopted" : "Nothing to adopt: the database already has a migration history"
  )
})

const list = Effect.fnUntraced(function* (directory: string) {
  const migrations = yield* status(directory)
  for (const { name, state, appliedAt } of migrations) {
    yield* Console.log(`${state.padEnd(8)} ${(appliedAt?.toISOString() ?? "").padEnd(24)} ${name}`)
  }
  const astray = migrations.filter(({ state }) => state !== "applied" && state !== "pending").length
  if (astray > 0)
    return yield* refuse(`The files and the database differ in ${astray} of ${migrations.length} migrations`)
})

const database = Layer.unwrap(Effect.map(databaseConfig, Sql.layerOf))
const plain = Logger.layer([Logger.make(({ message }) => globalThis.console.log(...[message].flat()))])

type Command = (directory: string) => Effect.Effect<void, Refused | SqlFilesError, SqlClient.SqlClient>

const commands = new Map<string, Command>([
  ["up", up],
  ["down", down],
  ["status", list],
  ["adopt", adopt]
])

const run = Effect.fnUntraced(function* (args: ReadonlyArray<string>, directory: string) {
  const [command = "", name] = args
  if (command === "add" && name !== undefined && args.length === 2) return yield* add(directory, name)
  if (/^(help|--help|-h)$/.test(command)) return yield* Console.log(usage)
  const work = args.length === 1 ? commands.get(command) : undefined
  if (work === undefined) return yield* refuse(usage)
  yield* Effect.provide(work(directory), Layer.merge(database, plain))
})

/** The migrations command line. Prints an error to standard error before the effect fails. */
export const migrateCommand = (args: ReadonlyArray<string>, directory: string) =>
  run(args, directory).pipe(
    Effect.tapCause((cause) => {
      const error = Cause.squash(cause)
      return Console.error(error instanceof Error ? error.message : String(error))
    })
  )

if (import.meta.main) {
  NodeRuntime.runMain(migrateCommand(process.argv.slice(2), migrationsDirectory), { disableErrorReporting: true })
}
