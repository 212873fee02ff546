import { Effect, Schema } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { fileURLToPath } from "node:url"
import { invalidIndexes } from "./InvalidIndexes.ts"
import { noTransaction, readScript, readSqlFiles, SqlFault, type SqlFile, type SqlScript } from "./SqlDirectory.ts"
import { type Applied, compare, createHistory, faults, historyOf, type Kind, kinds, record } from "./SqlHistory.ts"
import { inOneSession, inOneTransaction, type Place } from "./SqlLock.ts"
import { lineAt, type SqlStatement } from "./SqlStatements.ts"

/** Migrations or seeds could not be applied. The file that failed was rolled back. */
export class SqlFilesError extends Schema.TaggedError<SqlFilesError>()("SqlFilesError", {
  kind: Schema.Literals(["migration", "seed", "adoption"]),
  reason: Schema.String,
  /** True if PostgreSQL did not respond. A retry may succeed, and continues where this call stopped. */
  unreachable: Schema.Boolean
}) {
  override get message() {
    return `${kinds[this.kind].failure}: ${this.reason}.`
  }
}

interface ServerError extends Error {
  readonly code?: string
  readonly position?: string
}

/** What an operator can do about the words of PostgreSQL or PgBouncer. None of these passes by waiting. */
const remedies: ReadonlyArray<readonly [words: RegExp, remedy: string]> = [
  [
    /^unsupported startup parameter/,
    "set DB_POOLER=transaction, or let PgBouncer's ignore_startup_parameters contain statement_timeout, lock_timeout, idle_in_transaction_session_timeout, plan_cache_mode and enable_seqscan"
  ],
  [
    /authentication failed|\(28P01\)$/,
    "check DB_USER and DB_PASSWORD; in an .env file a value that contains # must be in quotes"
  ]
]

/** The server's message. A lost connection, a full server and one that is starting or stopping are temporary. */
const faultOf = (
  { reason }: SqlError.SqlError,
  describe = (message: string, _position: number, _code: string) => message
) => {
  const { message, code = "", position } = reason.cause as ServerError
  const [, remedy] = remedies.find(([words]) => words.test(`${message} (${code})`)) ?? []
  if (remedy !== undefined) return SqlFault.because(`${message} (${code}): ${remedy}`)
  return reason._tag === "ConnectionError" || /^(57P|53)/.test(code)
    ? new SqlFault({ reason: `PostgreSQL is not responding: ${message || reason.message}`, unreachable: true })
    : SqlFault.because(describe(code === "" ? message : `${message} (${code})`, Number(position ?? 1), code))
}

const transactionControl = /^(begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b/i

/** Positions count characters, as PostgreSQL does, not UTF-16 units. */
const lineOf = ({ text, line }: SqlStatement, position: number) => {
  const before = Array.from(text)
    .slice(0, position - 1)
    .join("")
  return line + lineAt(before, before.length) - 1
}

/** Of the statements that PostgreSQL refuses with 25001 those of SET need their place, all others need no transaction. */
const advice = (code: string, { text }: SqlStatement) =>
  code === "25001" && !/^set\b/i.test(text)
    ? `; make "${noTransaction}" the first line of the file, and this statement all that it holds`
    : ""

const run = Effect.fnUntraced(function* ({ file, statements, inTransaction }: SqlScript) {
  const sql = yield* SqlClient.SqlClient
  if (statements.length === 0) return yield* SqlFault.because(`${file} contains no statement`)
  for (const [index, statement] of statements.entries()) {
    const where = (position: number) => `${file}, statement ${index + 1} (line ${lineOf(statement, position)})`
    if (transactionControl.test(statement.text))
      return yield* SqlFault.because(`${where(1)}: a file is one transaction and must not begin or end one`)
    const done = sql
      .unsafe(statement.text)
      .unprepared.pipe(
        Effect.mapError((error) =>
          faultOf(error, (message, position, code) => `${where(position)}: ${message}${advice(code, statement)}`)
        )
      )
    yield* inTransaction ? done : invalidIndexes(file, statement.text, done)
  }
  if (!inTransaction) return
  // Otherwise a deferred constraint would fail at commit, where the file is no longer known.
  yield* sql`set constraints all immediate`.pipe(
    Effect.mapError((error) => faultOf(error, (message) => `${file}, at its end: ${message}`))
  )
})

/** A file that asks to be run in the other place than this one. */
const elsewhere = Symbol("elsewhere")

/** Applies the next file in a transaction unless it asks for none. Each place checks again what is next. */
const doNext = Effect.fnUntraced(function* <R>(
  kind: Kind,
  work: (
    history: ReadonlyArray<Applied>,
    inTransaction: boolean
  ) => Effect.Effect<string | undefined | typeof elsewhere, SqlFault | SqlError.SqlError, R>
) {
  for (let inTransaction = true; ; inTransaction = !inTransaction) {
    const place: Place = inTransaction ? inOneTransaction : inOneSession
    const done = yield* place(kind, (history) => work(history, inTransaction))
    if (done !== elsewhere) return done
  }
})

/** Tables without a history belong to the earlier service, or their history was lost. */
const refuseUnadopted = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<{ exists: boolean }>`select to_regclass('users') is not null as exists`
  if (found?.exists === true)
    return yield* SqlFault.because(
      "the database holds the tables of an earlier service; stop that service, make a backup and run: npm run migrate -- adopt"
    )
})

const applyNext = Effect.fnUntraced(function* (
  kind: Kind,
  files: ReadonlyArray<SqlFile>,
  history: ReadonlyArray<Applied>,
  inTransaction: boolean
) {
  const statuses = compare(files, history)
  const fault = statuses.find(({ state }) => faults[state] !== undefined)
  if (fault !== undefined) return yield* SqlFault.because(`${fault.name} ${faults[fault.state]}`)
  const name = statuses.find(({ state }) => state === "pending")?.name
  const next = files.find((file) => file.name === name)
  if (next === undefined) return undefined
  if (kind === "migration" && history.length === 0) yield* refuseUnadopted
  if (next.script.inTransaction !== inTransaction) return elsewhere
  yield* run(next.script)
  yield* record(kind, next)
  return next.name
})

const told = (kind: Kind) => (error: SqlFault | SqlError.SqlError) => {
  const { reason, unreachable } = error._tag === "SqlFault" ? error : faultOf(error)
  return new SqlFilesError({ kind, reason, unreachable })
}

const applyAll = (kind: Kind) =>
  Effect.fn(`SqlFiles.${kind}`)(
    function* (directory: string) {
      const files = yield* readSqlFiles(directory)
      const applied: Array<string> = []
      for (;;) {
        const name = yield* doNext(kind, (history, inTransaction) => applyNext(kind, files, history, inTransaction))
        if (name === undefined) return { applied: applied as ReadonlyArray<string> }
        yield* Effect.logInfo(`Applied ${kind} ${name}`)
        applied.push(name)
      }
    },
    Effect.mapError(told(kind))
  )

/** Applies the directory's pending files in order, each in its own transaction unless it asks for none. */
export const migrateFrom = applyAll("migration")

/** Like `migrateFrom`, for seeds. */
export const seedFrom = applyAll("seed")

const project = (folder: string) => fileURLToPath(new URL(`../../${folder}/`, import.meta.url))

export const migrationsDirectory = project("migrations")
export const migrate = migrateFrom(migrationsDirectory)
/** The newest migration that this version of the code knows. */
export const newestMigration = Effect.map(readSqlFiles(migrationsDirectory), (files) => files.at(-1)?.name ?? "")
const seedsDirectory = project("seeds")
export const seed = seedFrom(seedsDirectory)

/**
 * Takes over a database that has no history, in one transaction that waits for others that migrate, and they for it.
 * `work` is given the way to apply the migrations there, all of them or through the one named; the first that cannot run
 * in a transaction and those behind it stay for the next start. Undefined when the database has a history already.
 */
export const adoptInto = <A>(
  directory: string,
  work: (
    apply: (through?: string) => Effect.Effect<void, SqlFault | SqlError.SqlError, SqlClient.SqlClient>
  ) => Effect.Effect<A, SqlFault | SqlError.SqlError, SqlClient.SqlClient>
) =>
  Effect.gen(function* () {
    const files = yield* readSqlFiles(directory)
    const apply = Effect.fnUntraced(function* (through?: string) {
      const wanted = files.filter(({ name }) => through === undefined || name <= through)
      const one = Effect.gen(function* () {
        return yield* applyNext("adoption", wanted, (yield* historyOf("adoption")) ?? [], true)
      })
      while (typeof (yield* one) === "string");
    })
    return yield* inOneTransaction("adoption", (history) => (history.length > 0 ? Effect.undefined : work(apply)))
  }).pipe(Effect.mapError(told("adoption")))

/** Marks every seed as applied without applying it. */
export const recordSeeds = Effect.gen(function* () {
  const files = yield* readSqlFiles(seedsDirectory)
  if ((yield* historyOf("seed")) === undefined) yield* createHistory("seed")
  yield* Effect.forEach(files, (file) => record("seed", file), { discard: true })
})

/** The state of each migration in the directory or the database, oldest first. Changes nothing. */
export const status = Effect.fn("SqlFiles.status")(
  function* (directory: string) {
    const files = yield* readSqlFiles(directory)
    return compare(files, (yield* historyOf("migration")) ?? [])
  },
  Effect.mapError(told("migration"))
)

const revertNewest = Effect.fnUntraced(function* (
  directory: string,
  files: ReadonlyArray<SqlFile>,
  history: ReadonlyArray<Applied>,
  inTransaction: boolean
) {
  const sql = yield* SqlClient.SqlClient
  const name = history
    .map((row) => row.name)
    .toSorted()
    .at(-1)
  if (name === undefined) return undefined
  const file = files.find((file) => file.name === name)
  if (file === undefined) return yield* SqlFault.because(`${name} ${faults.missing}`)
  if (file.down === undefined) return yield* SqlFault.because(`${file.up} has no .down.sql and cannot be reverted`)
  const script = yield* readScript(directory, file.down)
  if (script.inTransaction !== inTransaction) return elsewhere
  yield* run(script)
  yield* sql`delete from ${sql(kinds.migration.table)} where name = ${name}`
  return name
})

/** Reverts the newest applied migration with its down file. Returns its name, or undefined if none is applied. */
export const rollback = Effect.fn("SqlFiles.rollback")(
  function* (directory: string) {
    const files = yield* readSqlFiles(directory)
    return yield* doNext("migration", (history, inTransaction) =>
      revertNewest(directory, files, history, inTransaction)
    )
  },
  Effect.mapError(told("migration"))
)
