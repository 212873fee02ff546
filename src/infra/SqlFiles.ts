import { Context, Effect, Schema } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { fileURLToPath } from "node:url"
import { readSqlFiles, readStatements, SqlFault, type SqlFile } from "./SqlDirectory.ts"
import type { SqlStatement } from "./SqlStatements.ts"

const kinds = {
  migration: { table: "schema_migrations", failure: "Failed to run database migrations" },
  seed: { table: "seed_history", failure: "Failed to apply database seeds" },
  adoption: { table: "schema_migrations", failure: "Nothing was adopted" }
}

type Kind = keyof typeof kinds

/** Migrations or seeds could not be applied; nothing of the file at fault remains. */
export class SqlFilesError extends Schema.TaggedError<SqlFilesError>()("SqlFilesError", {
  kind: Schema.Literals(["migration", "seed", "adoption"]),
  reason: Schema.String,
  /** True when PostgreSQL did not answer: the same call may succeed later, and continues where this one stopped. */
  unreachable: Schema.Boolean
}) {
  override get message() {
    return `${kinds[this.kind].failure}: ${this.reason}.`
  }
}

interface Applied {
  readonly name: string
  readonly checksum: string
  readonly appliedAt: Date
}

/** `changed`, `missing` and `late` are faults: the files and the database have gone different ways. */
export interface SqlFileStatus {
  readonly name: string
  readonly state: "applied" | "pending" | "changed" | "missing" | "late"
  readonly appliedAt: Date | undefined
}

interface ServerError extends Error {
  readonly code?: string
  readonly position?: string
}

/** What an operator can do about the words of PostgreSQL or PgBouncer. None of these passes by waiting. */
const remedies: ReadonlyArray<readonly [words: RegExp, remedy: string]> = [
  [
    /^unsupported startup parameter/,
    "set DB_POOLER=transaction, or let PgBouncer's ignore_startup_parameters contain statement_timeout and lock_timeout"
  ],
  [
    /authentication failed|\(28P01\)$/,
    "check DB_USER and DB_PASSWORD; in an .env file a value that contains # must be in quotes"
  ]
]

/** What the server said; a lost connection, a full server and one that starts or stops are faults that pass. */
const faultOf = ({ reason }: SqlError.SqlError, describe = (message: string, _position: number) => message) => {
  const { message, code = "", position } = reason.cause as ServerError
  const [, remedy] = remedies.find(([words]) => words.test(`${message} (${code})`)) ?? []
  if (remedy !== undefined) return SqlFault.because(`${message} (${code}): ${remedy}`)
  return reason._tag === "ConnectionError" || /^(57P|53)/.test(code)
    ? new SqlFault({ reason: `PostgreSQL does not answer: ${message || reason.message}`, unreachable: true })
    : SqlFault.because(describe(code === "" ? message : `${message} (${code})`, Number(position ?? 1)))
}

const transactionControl = /^(begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b/i

/** Counted in characters as PostgreSQL does, not in UTF-16 units. */
const lineOf = ({ text, line }: SqlStatement, position: number) =>
  line +
  Array.from(text)
    .slice(0, position - 1)
    .filter((character) => character === "\n").length

const run = Effect.fnUntraced(function* (file: string, statements: ReadonlyArray<SqlStatement>) {
  const sql = yield* SqlClient.SqlClient
  if (statements.length === 0) return yield* SqlFault.because(`${file} contains no statement`)
  for (const [index, statement] of statements.entries()) {
    const where = (position: number) => `${file}, statement ${index + 1} (line ${lineOf(statement, position)})`
    if (transactionControl.test(statement.text))
      return yield* SqlFault.because(`${where(1)}: a file is one transaction and must not begin or end one`)
    yield* sql
      .unsafe(statement.text)
      .unprepared.pipe(
        Effect.mapError((error) => faultOf(error, (message, position) => `${where(position)}: ${message}`))
      )
  }
  // Otherwise a deferred constraint would fail the commit, which names no file.
  yield* sql`set constraints all immediate`.pipe(
    Effect.mapError((error) => faultOf(error, (message) => `${file}, at its end: ${message}`))
  )
})

const historyOf = Effect.fnUntraced(function* (kind: Kind) {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<{ exists: boolean }>`select to_regclass(${kinds[kind].table}) is not null as exists`
  return found?.exists === true
    ? yield* sql<Applied>`select name, checksum, applied_at as "appliedAt" from ${sql(kinds[kind].table)}`
    : undefined
})

const createHistory = (kind: Kind) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql`create table ${sql(kinds[kind].table)} (name text primary key, checksum text not null, applied_at timestamptz not null default now())`
  )

const record = (kind: Kind, { name, checksum }: SqlFile) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`insert into ${sql(kinds[kind].table)} ${sql.insert({ name, checksum })}`
  )

/** How many seconds a process waits for another that is migrating, and a statement for a lock of its table. */
export const LockPatience = Context.Reference<number>("infra/SqlFiles/LockPatience", { defaultValue: () => 60 })

/**
 * One transaction that others of its kind wait for. The lock ends with the transaction and so with a killed process, and
 * what is read under it is read anew: of replicas that start together one does the work, and the others find it done.
 */
const alone = Effect.fnUntraced(function* <A, R>(
  kind: Kind,
  work: (history: ReadonlyArray<Applied>) => Effect.Effect<A, SqlFault | SqlError.SqlError, R>
) {
  const sql = yield* SqlClient.SqlClient
  const patience = `${yield* LockPatience}s`
  const locked = Effect.gen(function* () {
    // The pool's own limits are for requests. The server looks for a client that died during a long statement.
    yield* sql`select set_config('statement_timeout', '0', true), set_config('lock_timeout', ${patience}, true),
      set_config('client_connection_check_interval', '1s', true)`
    yield* sql`select pg_advisory_xact_lock(hashtext('raid-composition-backend'), hashtext(${kinds[kind].table}))`.pipe(
      Effect.catchIf(
        (error) => error.reason._tag === "LockTimeoutError",
        () => SqlFault.because(`another process has held the lock for ${patience}`)
      )
    )
    // Only when it is absent: the statement itself demands the right to create, even when there is nothing to do.
    const history = yield* historyOf(kind)
    if (history === undefined) yield* createHistory(kind)
    return yield* work(history ?? [])
  })
  return yield* sql.withTransaction(locked).pipe(
    Effect.provideService(SqlClient.BeginTransaction, "begin isolation level read committed"),
    // On a connection that is lost the rollback fails, too, and the client makes a defect of the one or the other.
    Effect.catchDefect((defect) =>
      defect instanceof SqlFault || SqlError.isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect)
    )
  )
})

const compare = (files: ReadonlyArray<SqlFile>, history: ReadonlyArray<Applied>): ReadonlyArray<SqlFileStatus> => {
  const applied = new Map(history.map((row) => [row.name, row]))
  const newest =
    history
      .map((row) => row.name)
      .toSorted()
      .at(-1) ?? ""
  const present = files.map(({ name, checksum }): SqlFileStatus => {
    const row = applied.get(name)
    if (row === undefined) return { name, state: name < newest ? "late" : "pending", appliedAt: undefined }
    return { name, state: row.checksum === checksum ? "applied" : "changed", appliedAt: row.appliedAt }
  })
  const names = new Set(files.map((file) => file.name))
  const missing = history
    .filter((row) => !names.has(row.name))
    .map(({ name, appliedAt }): SqlFileStatus => ({ name, state: "missing", appliedAt }))
  return [...present, ...missing].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

const faults: { readonly [State in SqlFileStatus["state"]]?: string } = {
  changed: "was changed after it was applied; restore it, and put the change into a new file",
  missing: "is applied, but its file is missing or the database is newer than the code",
  late: "is not applied, but a newer one is; give it a newer timestamp"
}

/** Tables without a history are those of the service before this one, or of a history that was lost. */
const refuseUnadopted = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<{ exists: boolean }>`select to_regclass('users') is not null as exists`
  if (found?.exists === true)
    return yield* SqlFault.because(
      "the database holds the tables of an earlier service; stop that one, make a backup and run: npm run migrate -- adopt"
    )
})

const applyNext = Effect.fnUntraced(function* (
  kind: Kind,
  files: ReadonlyArray<SqlFile>,
  history: ReadonlyArray<Applied>
) {
  const statuses = compare(files, history)
  const fault = statuses.find(({ state }) => faults[state] !== undefined)
  if (fault !== undefined) return yield* SqlFault.because(`${fault.name} ${faults[fault.state]}`)
  const name = statuses.find(({ state }) => state === "pending")?.name
  const next = files.find((file) => file.name === name)
  if (next === undefined) return undefined
  if (kind === "migration" && history.length === 0) yield* refuseUnadopted
  yield* run(next.up, next.statements)
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
        const name = yield* alone(kind, (history) => applyNext(kind, files, history))
        if (name === undefined) return { applied: applied as ReadonlyArray<string> }
        yield* Effect.logInfo(`Applied ${kind} ${name}`)
        applied.push(name)
      }
    },
    Effect.mapError(told(kind))
  )

/** Applies what the directory holds and the database lacks, in order, each file in its own transaction. */
export const migrateFrom = applyAll("migration")

/** As `migrateFrom`, for seeds. */
export const seedFrom = applyAll("seed")

const project = (folder: string) => fileURLToPath(new URL(`../../${folder}/`, import.meta.url))

export const migrationsDirectory = project("migrations")
export const migrate = migrateFrom(migrationsDirectory)
const seedsDirectory = project("seeds")
export const seed = seedFrom(seedsDirectory)

/**
 * Takes over a database that has no history, in one transaction that waits for others that migrate, and they for it.
 * `work` is given the way to apply the migrations there, all of them or through the one named. Undefined when the
 * database has a history already.
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
      while ((yield* applyNext("adoption", wanted, (yield* historyOf("adoption")) ?? [])) !== undefined);
    })
    return yield* alone("adoption", (history) => (history.length > 0 ? Effect.undefined : work(apply)))
  }).pipe(Effect.mapError(told("adoption")))

/** Marks every seed as applied without applying it. */
export const recordSeeds = Effect.gen(function* () {
  const files = yield* readSqlFiles(seedsDirectory)
  if ((yield* historyOf("seed")) === undefined) yield* createHistory("seed")
  yield* Effect.forEach(files, (file) => record("seed", file), { discard: true })
})

/** What the directory and the database know of each migration, oldest first. Changes nothing. */
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
  history: ReadonlyArray<Applied>
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
  yield* run(file.down, yield* readStatements(directory, file.down))
  yield* sql`delete from ${sql(kinds.migration.table)} where name = ${name}`
  return name
})

/** Reverts the newest applied migration by its down file; gives its name, or undefined when none is applied. */
export const rollback = Effect.fn("SqlFiles.rollback")(
  function* (directory: string) {
    const files = yield* readSqlFiles(directory)
    return yield* alone("migration", (history) => revertNewest(directory, files, history))
  },
  Effect.mapError(told("migration"))
)
