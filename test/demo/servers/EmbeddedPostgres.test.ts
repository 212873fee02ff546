import { PgClient } from "@effect/sql-pg"
import { assert, it, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdtemp, readFile, readdir, readlink, rm, stat, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import {
  type PostgresServer,
  createDatabase,
  dropDatabase,
  embeddedPostgres
} from "../../../src/demo/servers/EmbeddedPostgres.ts"

const on = (server: PostgresServer, database = "postgres", password = server.password) =>
  PgClient.layer({ ...server, username: server.user, password, database, maxConnections: 1 })

const query = <A extends object>(server: PostgresServer, text: string, database?: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<A>(text)).pipe(Effect.provide(on(server, database)))

const folder = (mode: number) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const path = await mkdtemp(join(tmpdir(), "test-embedded-"))
      await chmod(path, mode)
      return path
    }),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )

class Server extends Context.Service<Server, PostgresServer>()("test/Server") {
  static readonly layer = Layer.effect(Server, embeddedPostgres({}))
}

layer(Server.layer, { excludeTestServices: true })("an embedded PostgreSQL", (it) => {
  it.effect("uses UTF-8, sorts by code point and listens only on the loopback address", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const [facts] = yield* query<object>(
        server,
        `select current_setting('server_version') as version, current_setting('listen_addresses') as addresses,
          current_setting('unix_socket_directories') as sockets, pg_encoding_to_char(encoding) as encoding,
          datlocprovider as provider, datlocale as locale from pg_database where datname = 'postgres'`
      )
      assert.deepStrictEqual(facts, {
        version: server.version,
        addresses: "127.0.0.1",
        sockets: "",
        encoding: "UTF8",
        provider: "b",
        locale: "C.UTF-8"
      })
    })
  )

  it.effect("requires the password by SCRAM from every user", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const methods = yield* query(server, "select distinct auth_method from pg_hba_file_rules")
      assert.deepStrictEqual(methods, [{ auth_method: "scram-sha-256" }])
      const refused = yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`select 1`).pipe(
        Effect.provide(on(server, "postgres", Redacted.make("wrong"))),
        Effect.flip
      )
      assert.strictEqual(refused.reason._tag, "AuthenticationError")
    })
  )

  it.effect("copies a database from a template, and drops it while it is in use", () =>
    Effect.gen(function* () {
      const server = yield* Server
      yield* createDatabase(server, 'the "template"')
      yield* query(server, "create table raids as select 'Naxxramas' as name", 'the "template"')
      yield* createDatabase(server, "copy", 'the "template"')
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual(yield* sql`select name from raids`, [{ name: "Naxxramas" }])
        yield* dropDatabase(server, "copy")
      }).pipe(Effect.provide(on(server, "copy")))
      yield* dropDatabase(server, "copy")
      assert.deepStrictEqual(yield* query(server, "select from pg_database where datname = 'copy'"), [])
    })
  )
})

const keeping = (directory: string, text: string) =>
  Effect.scoped(Effect.flatMap(embeddedPostgres({ directory }), (server) => query(server, text)))

/** Started by root, the server runs as the user `nobody`, which may enter only the first of these places. */
const places = [
  ["a place open to all", 0o755],
  ["a place of our own", 0o700]
] as const

it.live.each(places)(
  "keeps data and password in %s, and ignores a lock file left by a killed run",
  ([, mode]) =>
    Effect.gen(function* () {
      const directory = join(yield* folder(mode), "kept")
      yield* keeping(directory, "create table raids as select 'Ulduar' as name")
      const password = yield* Effect.promise(() => stat(join(directory, "password")))
      assert.strictEqual(password.mode & 0o777, 0o600)
      // The id of a running process that is not a PostgreSQL: our own.
      const mark = `${process.pid}\n${directory}/data\n`
      yield* Effect.promise(() => writeFile(join(directory, "data/postmaster.pid"), mark))
      assert.deepStrictEqual(yield* keeping(directory, "select name from raids"), [{ name: "Ulduar" }])
    }),
  60_000
)

const refuses = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => {
      socket.destroy()
      resolve(false)
    })
    socket.once("error", () => resolve(true))
  })

/** The processes that run in a folder or were started with its name; none on systems without /proc. */
const processesIn = async (folder: string) => {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
      const place = await readlink(`/proc/${pid}/cwd`).catch(() => "")
      return words.includes(folder) || place.startsWith(folder) ? [words] : []
    })
  )
  return found.flat()
}

const eventually = (fact: () => Promise<boolean>) =>
  Effect.repeat(Effect.promise(fact), { until: (holds) => holds, schedule: Schedule.spaced("20 millis") })

it.live.each(["SIGKILL", "SIGTERM", "SIGINT", "exit"] as const)(
  "leaves nothing behind on %s",
  (end) =>
    Effect.gen(function* () {
      const temporary = yield* folder(0o777)
      const holder = spawn(process.execPath, [fileURLToPath(new URL("holder.ts", import.meta.url))], {
        env: { ...process.env, TMPDIR: temporary },
        stdio: ["pipe", "pipe", "inherit"]
      })
      yield* Effect.addFinalizer(() => Effect.sync(() => holder.kill("SIGKILL")))
      const [line] = yield* Effect.promise(() => once(holder.stdout, "data"))
      const ports = String(line).split(" ").map(Number)
      assert.notDeepEqual(yield* Effect.promise(() => readdir(temporary)), [])

      if (end === "exit") holder.stdin.write("exit")
      else holder.kill(end)

      yield* eventually(async () => (await Promise.all(ports.map(refuses))).every(Boolean))
      yield* eventually(async () => (await readdir(temporary)).length === 0)
      yield* eventually(async () => (await processesIn(temporary)).length === 0)
    }),
  60_000
)
