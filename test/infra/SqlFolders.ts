import { mkdtemp, rm, unlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import * as Sql from "../../src/infra/Sql.ts"
import { testDatabase } from "../support/TestServers.ts"

const plain = { ssl: "disable", ca: undefined, pooler: "none" } as const

const layerTo = ({ database, ...server }: Effect.Success<typeof testDatabase>) =>
  Layer.merge(Sql.layerOf({ ...server, ...plain, name: database, poolSize: 2 }), Logger.layer([]))

/** A new database with the project's tables; each use of the layer is a pool, like that of another process. */
export const migratedDatabase = Effect.map(testDatabase, (server) => ({ ...server, layer: layerTo(server) }))

/** Like `migratedDatabase`, but without tables. */
export const emptyDatabase = Effect.gen(function* () {
  const database = yield* migratedDatabase
  yield* Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`drop schema public cascade`
    yield* sql`create schema public`
    yield* sql`grant usage on schema public to public`
  }).pipe(Effect.provide(database.layer))
  return database
})

/** A new directory with these files, removed with the scope. */
export const folderOf = Effect.fnUntraced(function* (files: Record<string, string>) {
  const path = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "sql-files-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true }))
  )
  const put = (file: string, text: string) => Effect.promise(() => writeFile(join(path, file), text))
  const remove = (file: string) => Effect.promise(() => unlink(join(path, file)))
  yield* Effect.forEach(Object.entries(files), ([file, text]) => put(file, text))
  return { path, put, remove }
})

/** Two migrations. */
export const one = "20260101000000_one.up.sql"
export const two = "20260101000001_two.up.sql"
export const files = {
  [one]: "create table one (n int);",
  [two]: "create table two (n int); insert into two values (2)"
}
export const names = ["20260101000000_one", "20260101000001_two"]

/** A folder with files, and an empty database that the effect uses. */
export const on = <A, E>(
  texts: Record<string, string>,
  work: (folder: Effect.Success<ReturnType<typeof folderOf>>) => Effect.Effect<A, E, SqlClient.SqlClient>
) =>
  Effect.gen(function* () {
    const folder = yield* folderOf(texts)
    return yield* Effect.provide(work(folder), (yield* emptyDatabase).layer)
  })

/** All tables except the history. */
export const tables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{
    name: string
  }>`select tablename as name from pg_tables where schemaname = 'public' order by 1`
  return rows.map((row) => row.name).filter((name) => name !== "schema_migrations")
})

/** The message of a failing effect, without the words that begin every such message. */
export const failure = <A, R>(effect: Effect.Effect<A, { message: string }, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.message.replace("Failed to run database migrations: ", ""))
