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

interface Applied {
  readonly name: string
  readonly checksum: string
  readonly appliedAt: Date
}

/** `changed`, `missing` and `late` are faults: the files and the database do not match. */
export interface SqlFileStatus {
  readonly name: string
  readonly state: "applied" | "pending" | "changed" | "missing" | "late"
  readonly appliedAt: Date | undefined
}

interface ServerError extends Error {
  readonly code?: string
  readonly position?: string
}

/** The server's message. A lost connection, a full server and one that is starting or stopping are temporary. */
const faultOf = ({ reason }: SqlError.SqlError, describe = (message: string, _position: number) => message) => {
  const { message, code = "", position } = reason.cause as ServerError
  return reason._tag === "ConnectionError" || /^(57P|53)/.test(code)
    ? new SqlFault({ reason: `PostgreSQL is not responding: ${message || reason.message}`, unreachable: true })
    : SqlFault.because(describe(code === "" ? message : `${message} (${code})`, Number(position ?? 1)))
}

const transactionControl = /^(begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b/i

/** Positions count characters, as PostgreSQL does, not UTF-16 units. */
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
  // Otherwise a deferred constraint would fail at commit, where the file is no longer known.
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

/** Seconds that a process waits for another one that is migrating, and a statement for a table lock. */
export const LockPatience = Context.Reference<number>("infra/SqlFiles/LockPatience", { defaultValue: () => 60 })

/**
 * A transaction under an advisory lock of its kind. The lock ends with the transaction, so also with a killed process,
 * and the history is read under it: if replicas start together, one does the work and the others find it done.
 */
const alone = Effect.fnUntraced(function* <A, R>(
  kind: Kind,
  work: (history: ReadonlyArray<Applied>) => Effect.Effect<A, SqlFault | SqlError.SqlError, R>
) {
  const sql = yield* SqlClient.SqlClient
  const patience = `${yield* LockPatience}s`
  const locked = Effect.gen(function* () {
    // The pool's limits are meant for requests. The server checks whether the client died during a long statement.
    yield* sql`select set_config('statement_timeout', '0', true), set_config('lock_timeout', ${patience}, true),
      set_config('client_connection_check_interval', '1s', true)`
    yield* sql`select pg_advisory_xact_lock(hashtext('raid-composition-backend'), hashtext(${kinds[kind].table}))`.pipe(
      Effect.catchIf(
        (error) => error.reason._tag === "LockTimeoutError",
        () => SqlFault.because(`another process has held the lock for ${patience}`)
      )
    )
    // Only if it does not exist: `create … if not exists` needs the create privilege even if there is nothing to do.
    const history = yield* historyOf(kind)
    if (history === undefined) yield* createHistory(kind)
    return yield* work(history ?? [])
  })
  return yield* sql.withTransaction(locked).pipe(
    Effect.provideService(SqlClient.BeginTransaction, "begin isolation level read committed"),
    // If the connection is lost the rollback fails too, and the client turns one of the two errors into a defect.
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
  changed: "was changed after it was applied; restore it and put the change into a new file",
  missing: "is applied, but its file is missing or the database is newer than the code",
  late: "is not applied, but a newer one is; give it a newer timestamp"
}

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

/** Applies the directory's pending files in order, each in its own transaction. */
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
 * Takes over a database without a history, in one transaction under the lock of migrations. `work` gets a function that
 * applies the migrations in that transaction, all of them or up to a given name. Undefined if there is a history.
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

/** Reverts the newest applied migration with its down file. Returns its name, or undefined if none is applied. */
export const rollback = Effect.fn("SqlFiles.rollback")(
  function* (directory: string) {
    const files = yield* readSqlFiles(directory)
    return yield* alone("migration", (history) => revertNewest(directory, files, history))
  },
  Effect.mapError(told("migration"))
)
