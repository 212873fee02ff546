import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { embeddedRedis } from "../../src/demo/servers/EmbeddedRedis.ts"
import type { PostgresServer } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { type Person, signIn } from "../fuzz/World.ts"
import { seededGuild } from "../support/seeded.ts"
import { simulatedProviders, startReplica } from "../support/TestApp.ts"
import { installedPostgres } from "./InstalledPostgres.ts"

/*
 * Runs the backup and restore commands exactly as docs/operation.md prints them, and expects the same session and guild
 * in the restored database. Not part of `npm test`, because it needs the distribution's PostgreSQL.
 */

const page = new URL("../../docs/operation.md", import.meta.url)

/** The two blocks of commands of the section. */
const printed = async () => {
  const section = /^## Backup and restore$([^]*?)(?=^## |$(?![^]))/m.exec(await readFile(page, "utf8"))?.[1] ?? ""
  const blocks = [...section.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, commands]) => commands!)
  const [backup, restore] = blocks
  assert.ok(
    blocks.length === 2 && backup?.includes("pg_dump") && restore?.includes("pg_restore"),
    "docs/operation.md has other blocks than expected"
  )
  return { backup: backup!, restore: restore! }
}

type Variables = Readonly<Record<string, string>>

/** Runs commands in a folder with `sh`, stops at the first that fails or warns, and returns their output. */
const sh = (commands: string, cwd: string, variables: Variables) =>
  Effect.promise(async () => {
    const { stdout, stderr } = await promisify(execFile)("/bin/sh", ["-euc", commands], { cwd, env: variables })
    assert.equal(stderr, "", "the commands warn")
    return stdout
  })

const administer = (server: PostgresServer, database: string) => {
  const { host, port, user: username, password } = server
  const layer = PgClient.layer({ host, port, username, password, database, maxConnections: 1 })
  return <A, E>(work: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) =>
    Effect.flatMap(SqlClient.SqlClient, work).pipe(Effect.provide(layer))
}

/** What one person can see: themselves, their session and the roster of the seeded guild. */
const seenBy = ({ session }: Person, url: string) =>
  Effect.promise(() =>
    Promise.all(
      [
        "auth/session",
        `guilds/${seededGuild}`,
        `guilds/${seededGuild}/members`,
        `guilds/${seededGuild}/characters`
      ].map(async (path) => {
        const response = await fetch(`${url}/api/v1/${path}`, { headers: { cookie: `session=${session}` } })
        assert.equal(response.status, 200, path)
        return response.json()
      })
    )
  )

const role = "raid"
const password = "canary-raid-91c0aa"

/** How many rows each table has; replicas that run come and go in the job engine's. */
const countsOf = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const tables = yield* sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`
    const counts = yield* Effect.forEach(
      tables,
      ({ name }) =>
        sql<{ name: string; rows: number }>`select ${name}::text as name, count(*)::int as rows from ${sql(name)}`
    )
    return new Map(counts.flat().map(({ name, rows }) => [name, name === "jobs_runners" ? 0 : rows]))
  })

const tryOut = Effect.gen(function* () {
  const { backup, restore } = yield* Effect.promise(printed)
  const [{ bin, server }, redis] = yield* Effect.all([installedPostgres, embeddedRedis()], { concurrency: 2 })
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "test-backup-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true }))
  )
  const inPostgres = administer(server, "postgres")
  yield* inPostgres((sql) => sql.unsafe(`create role ${role} login createdb password '${password}'`))
  yield* inPostgres((sql) => sql.unsafe(`create database raid owner ${role}`))
  const { discord, variables } = yield* simulatedProviders
  const on = (database: string): Variables => ({
    ...variables,
    DB_HOST: server.host,
    DB_PORT: String(server.port),
    DB_USER: role,
    DB_PASSWORD: password,
    DB_NAME: database,
    REDIS_PORT: String(redis.port),
    REDIS_PASSWORD: Redacted.value(redis.password),
    RUN_DB_SEEDS: "true"
  })
  const inShell = (database: string) => ({ ...on(database), PATH: `${bin}:/usr/bin:/bin` })
  const person: Person = { discordId: personas.raider.id, session: "", csrf: "", renewal: undefined }
  const served = Effect.gen(function* () {
    const url = yield* startReplica(on("raid"))
    yield* Effect.promise(() => signIn(url, discord, person))
    const tables = yield* sh(backup, folder, inShell("raid"))
    return { seen: yield* seenBy(person, url), tables: Number(tables) }
  })
  const { seen, tables } = yield* Effect.scoped(served)
  const before = yield* administer(server, "raid")(countsOf)
  assert.equal(tables, before.size, "the backup lacks a table")

  yield* sh(restore, folder, inShell("raid_restored"))
  assert.deepEqual(yield* administer(server, "raid_restored")(countsOf), before)
  const unknown = (sql: SqlClient.SqlClient) =>
    sql`select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples < 0`
  assert.deepEqual(yield* administer(server, "raid_restored")(unknown), [], "tables that were not analyzed")
  const url = yield* startReplica(on("raid_restored"))
  assert.deepEqual(yield* seenBy(person, url), seen)
  return `${before.size} tables, PostgreSQL ${server.version}`
})

const started = performance.now()
const seconds = () => Math.round((performance.now() - started) / 1000)
await Effect.runPromise(
  Effect.scoped(tryOut).pipe(
    Effect.map((told) => process.stdout.write(`backup: ok, ${told}, ${seconds()} s\n`)),
    Effect.catchTag("EmbeddedServerError", ({ message }) =>
      Effect.sync(() => {
        process.stderr.write(`${message}\n`)
        process.exitCode = 1
      })
    )
  )
)
