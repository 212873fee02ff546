import { execFile } from "node:child_process"
import { rm, mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import * as fc from "fast-check"
import { createDatabase, dropDatabase, type PostgresServer } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { splitStatements, UnterminatedSql } from "../../src/infra/SqlStatements.ts"
import { schemaOf } from "../infra/schemaOf.ts"
import { type SqlText, sqlTexts } from "./SqlTexts.ts"

interface Failure {
  readonly code: string
  readonly message: string
}

const failureOf = (error: SqlError.SqlError): Failure => {
  const { code = "", message } = error.reason.cause as Error & { code?: string }
  if (code === "") throw error
  return { code, message }
}

const split = (text: string) => {
  try {
    return splitStatements(text)
  } catch (error) {
    if (error instanceof UnterminatedSql) return error
    throw error
  }
}

const failuresIn = (output: string) =>
  Array.from(output.matchAll(/ERROR: {2}(\w{5}): (.*)/g), ([, code = "", message = ""]): Failure => ({ code, message }))

/** Undefined when there is no psql on PATH. */
const psql = (server: PostgresServer, database: string, file: string) =>
  Effect.callback<ReadonlyArray<Failure> | undefined>((resume) => {
    const env = {
      PATH: process.env["PATH"],
      LC_ALL: "C.UTF-8",
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: server.user,
      PGPASSWORD: Redacted.value(server.password),
      PGDATABASE: database,
      PGCLIENTENCODING: "UTF8"
    }
    execFile("psql", ["-X", "-q", "-v", "VERBOSITY=verbose", "-f", file], { env }, (error, _stdout, stderr) => {
      if (error === null || error.code === 1 || error.code === 3) resume(Effect.succeed(failuresIn(stderr)))
      else if (error.code === "ENOENT") resume(Effect.succeed(undefined))
      else resume(Effect.die(new Error(`psql: ${stderr}`, { cause: error })))
    })
  })

const reset = `do $$ begin
  drop schema public cascade;
  create schema public;
  create table public.t (v text);
  create table public.u (v text);
end $$`

/** The server reads the text with its own grammar and runs each statement. */
const wholly = `create function pg_temp.wholly(text) returns void language plpgsql as $$ begin execute $1; end $$`

const state = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const lines = yield* schemaOf("public")
  const more = yield* sql<{ line: string }>`
    select pg_get_functiondef(p.oid) as line from pg_proc p where pronamespace = 'public'::regnamespace
    union all select definition from pg_rules where schemaname = 'public'
    union all select description from pg_description where objoid = 'public.t'::regclass
    order by 1`
  const tables = yield* sql<{
    name: string
  }>`select tablename as name from pg_tables where schemaname = 'public' order by 1`
  const rows = yield* Effect.forEach(
    tables,
    ({ name }) => sql<{ line: string }>`select ${sql(name)}::text as line from public.${sql(name)}`
  )
  return [...lines, ...[...more, ...rows.flat()].map(({ line }) => line)].join("\n")
})

/** Statement by statement, as psql does: one that fails does not stop the others. */
const oneByOne = (text: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const parts = split(text)
    if (parts instanceof UnterminatedSql) return undefined
    const failures: Array<Failure> = []
    for (const part of parts)
      yield* Effect.catch(Effect.asVoid(sql.unsafe(part.text).unprepared), (error) =>
        Effect.sync(() => void failures.push(failureOf(error)))
      )
    return failures
  })

const rolledBack = <A>(work: Effect.Effect<A, SqlError.SqlError, SqlClient.SqlClient>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(work)).pipe(
    Effect.match({ onFailure: failureOf, onSuccess: () => undefined })
  )

const codes = (failures: ReadonlyArray<Failure>) => failures.map(({ code }) => code).join(" ")

/** Three databases: for our statements, for psql and for the server's own reading of the whole text. */
const places = Effect.fnUntraced(function* (server: PostgresServer) {
  const place = (part: string) =>
    Effect.gen(function* () {
      const database = `splitter_${part}_${process.pid}`
      yield* dropDatabase(server, database)
      yield* Effect.acquireRelease(createDatabase(server, database), () => Effect.orDie(dropDatabase(server, database)))
      const { host, port, user: username, password } = server
      const layer = PgClient.layer({ host, port, username, password, database, maxConnections: 1 })
      return { database, sql: Context.get(yield* Layer.build(layer), SqlClient.SqlClient) }
    })
  return { ours: yield* place("ours"), psqls: yield* place("psql"), servers: yield* place("whole") }
})

const compareOne = Effect.fnUntraced(function* (
  server: PostgresServer,
  { ours, psqls, servers }: Effect.Success<ReturnType<typeof places>>,
  { text, forPsql }: SqlText,
  path: string
) {
  const on = <A, E>({ sql }: typeof ours, work: Effect.Effect<A, E, SqlClient.SqlClient>) =>
    Effect.provideService(work, SqlClient.SqlClient, sql)
  const clear = (place: typeof ours) => on(place, Effect.asVoid(place.sql.unsafe(reset).unprepared))
  const differences: Array<string> = []
  let byPsql = false
  const hold = (what: string, mine: unknown, theirs: unknown) => {
    if (mine !== theirs) differences.push(`${what}\n  ours:   ${String(mine)}\n  theirs: ${String(theirs)}`)
  }

  if (forPsql) {
    yield* Effect.forEach([ours, psqls], clear)
    yield* Effect.promise(() => writeFile(path, text))
    const theirs = yield* psql(server, psqls.database, path)
    if (theirs !== undefined) {
      const mine = yield* on(ours, oneByOne(text))
      byPsql = true
      const last = theirs.at(-1)
      // The last statement may have another fault before its open end; then the server tells that one.
      if (mine === undefined) hold("psql: refuses the end", "42601", last?.code)
      else {
        hold("psql: ends within a quotation", false, last?.message.startsWith("unterminated") === true)
        hold("psql: errors", codes(mine), codes(theirs))
        hold("psql: schema and rows", yield* on(ours, state), yield* on(psqls, state))
      }
    }
  }

  yield* Effect.forEach([ours, servers], clear)
  const parts = split(text)
  const whole = yield* on(servers, rolledBack(Effect.asVoid(servers.sql`select pg_temp.wholly(${text})`)))
  if (parts instanceof UnterminatedSql) hold("server: refuses it", true, whole !== undefined)
  else {
    const each = Effect.forEach(parts, (part) => ours.sql.unsafe(part.text).unprepared, { discard: true })
    const mine = yield* on(ours, rolledBack(each))
    // A syntax error anywhere comes first for the whole text, and fails only its own statement for us.
    const early = mine !== undefined && whole !== undefined && /^(42601|22)/.test(whole.code)
    hold("server: error", mine?.code, early ? mine.code : whole?.code)
    hold("server: unterminated", false, whole?.message.startsWith("unterminated") === true)
    if (mine === undefined) hold("server: schema and rows", yield* on(ours, state), yield* on(servers, state))
  }
  return { differences, byPsql }
})

/**
 * Splits random files, runs the statements one by one, and holds what they leave against what psql leaves, where there is one,
 * and against the server's own reading of the whole text.
 */
export const compareSplitter = Effect.fnUntraced(function* (
  server: PostgresServer,
  options: {
    readonly files: number
    readonly seed: number
    readonly told: (difference: string) => void
    readonly only?: number | undefined
  }
) {
  const all = yield* places(server)
  yield* Effect.asVoid(all.servers.sql.unsafe(wholly).unprepared)
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "splitter-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true }))
  )
  let different = 0
  let byPsql = 0
  for (const [index, text] of fc.sample(sqlTexts, { seed: options.seed, numRuns: options.files }).entries()) {
    if (options.only !== undefined && options.only !== index) continue
    const { differences, byPsql: asked } = yield* compareOne(server, all, text, join(folder, "file.sql"))
    if (asked) byPsql++
    if (differences.length === 0) continue
    different++
    options.told(`file ${index}: ${JSON.stringify(text.text)}\n${differences.join("\n")}`)
  }
  return { different, byPsql }
})
