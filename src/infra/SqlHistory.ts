import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { SqlFile } from "./SqlDirectory.ts"

/** What is remembered of each kind of file, and how a failure begins. */
export const kinds = {
  migration: { table: "schema_migrations", failure: "Failed to run database migrations" },
  seed: { table: "seed_history", failure: "Failed to apply database seeds" },
  adoption: { table: "schema_migrations", failure: "Nothing was adopted" }
}

export type Kind = keyof typeof kinds

export interface Applied {
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

/** What the database has of a kind; undefined without a table. */
export const historyOf = Effect.fnUntraced(function* (kind: Kind) {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<{ exists: boolean }>`select to_regclass(${kinds[kind].table}) is not null as exists`
  return found?.exists === true
    ? yield* sql<Applied>`select name, checksum, applied_at as "appliedAt" from ${sql(kinds[kind].table)}`
    : undefined
})

export const createHistory = (kind: Kind) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql`create table ${sql(kinds[kind].table)} (name text primary key, checksum text not null, applied_at timestamptz not null default now())`
  )

export const record = (kind: Kind, { name, checksum }: SqlFile) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`insert into ${sql(kinds[kind].table)} ${sql.insert({ name, checksum })}`
  )

/** What the files and the database know of each other, oldest first. */
export const compare = (
  files: ReadonlyArray<SqlFile>,
  history: ReadonlyArray<Applied>
): ReadonlyArray<SqlFileStatus> => {
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

/** Why a state stops the work, as the end of a sentence. */
export const faults: { readonly [State in SqlFileStatus["state"]]?: string } = {
  changed: "was changed after it was applied; restore it and put the change into a new file",
  missing: "is applied, but its file is missing or the database is newer than the code",
  late: "is not applied, but a newer one is; give it a newer timestamp"
}
