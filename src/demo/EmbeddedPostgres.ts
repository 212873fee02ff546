import { randomBytes } from "node:crypto"
import { access, chown, mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted, type Scope } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { postgresBinaries, run, serverUser } from "./PostgresBinaries.ts"
import { type EmbeddedServerError, type User, freePort, step, watchdog } from "./Watchdog.ts"

/** How to reach a PostgreSQL server as a user who may create databases. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Redacted.Redacted<string>
  /** As the server tells it: `18.4`. */
  readonly version: string
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false
  )

/** The process that serves these data, if the number in postmaster.pid still belongs to a PostgreSQL of theirs. */
const occupant = async (data: string) => {
  const pid = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n", 1)[0] ?? ""
  if (!/^\d+$/.test(pid)) return undefined
  const words = await (
    process.platform === "linux"
      ? readFile(`/proc/${pid}/cmdline`, "utf8")
      : run(undefined, "ps", "-ww", "-o", "args=", "-p", pid)
  ).catch(() => "")
  return words.includes(data) ? pid : undefined
}

/** Waits for a server that is ending, and removes the mark of one that was killed: its number may be somebody else's now. */
const vacate = async (data: string) => {
  for (let tries = 0; tries < 200; tries++) {
    if ((await occupant(data)) === undefined) return rm(join(data, "postmaster.pid"), { force: true })
    await setTimeout(50)
  }
  throw new Error(`${data} is in use by the PostgreSQL with the process id ${await occupant(data)}.`)
}

interface Home {
  readonly directory: string
  readonly durable: boolean
  readonly user: User | undefined
}

/** Makes new data with a new password, under another name until they are whole. */
const initialise = async ({ directory, durable, user }: Home, initdb: string, folder: string) => {
  const unfinished = join(directory, "unfinished")
  const pwfile = join(folder, "pwfile")
  const password = randomBytes(24).toString("base64url")
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  await writeFile(pwfile, password, { mode: 0o600 })
  await writeFile(join(directory, "password"), password, { mode: 0o600 })
  if (user !== undefined) for (const path of [unfinished, pwfile]) await chown(path, user.uid, user.gid)
  const settings = "-U postgres -A scram-sha-256 -E UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
  const sync = durable ? [] : ["--no-sync"]
  await run(user, initdb, "-D", unfinished, `--pwfile=${pwfile}`, ...settings.split(" "), ...sync)
  await rm(pwfile)
  await rename(unfinished, join(directory, "data"))
}

/** Where the data live, and that the server can get there. */
const settle = async (directory: string | undefined, folder: string, user: User | undefined): Promise<Home> => {
  if (directory === undefined) return { directory: folder, durable: false, user }
  await mkdir(directory, { recursive: true, mode: user === undefined ? 0o700 : 0o711 })
  const path = await realpath(directory)
  await run(user, "ls", "-d", join(path, ".")).catch(() => {
    throw new Error(
      `PostgreSQL does not run as root, so it is started as nobody, and nobody cannot enter ${path}. ` +
        "Choose a folder that every user may enter, or start as an ordinary user."
    )
  })
  return { directory: path, durable: true, user }
}

/** A server that nobody waits for after a power cut need not wait for the disk. */
const careless = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]

const attempt = Effect.fnUntraced(function* (directory: string | undefined) {
  const user = yield* step(() => serverUser(directory && join(directory, "data")))
  const dog = yield* watchdog(user)
  return yield* step(async (): Promise<PostgresServer> => {
    const home = await settle(directory, dog.folder, user)
    const data = join(home.directory, "data")
    const { initdb, postgres, version } = await postgresBinaries(user, dog.folder)
    if (!(await exists(data))) await initialise(home, initdb, dog.folder)
    const password = await readFile(join(home.directory, "password"), "utf8")
    const written = (await readFile(join(data, "PG_VERSION"), "utf8")).trim()
    if (!version.startsWith(`${written}.`)) {
      throw new Error(`${data} was written by PostgreSQL ${written}, and this is ${version}: remove the folder.`)
    }
    await vacate(data)
    const port = await freePort()
    const settings = [
      "listen_addresses=127.0.0.1",
      `port=${port}`,
      "unix_socket_directories=",
      "max_connections=200",
      "timezone=UTC",
      "log_timezone=UTC",
      ...(home.durable ? [] : careless)
    ]
    await dog.start(
      {
        words: [postgres, "-D", data, ...settings.flatMap((setting) => ["-c", setting])],
        stop: home.durable ? "INT" : "QUIT"
      },
      async () =>
        (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n")[7]?.trim() === "ready"
    )
    return { host: "127.0.0.1", port, user: "postgres", password: Redacted.make(password), version }
  })
})

/**
 * A PostgreSQL server on a free port of 127.0.0.1, ended with the scope or with this process, however that dies.
 * With `directory` the data, and the password beside them, are kept there between runs; else all is in a temporary
 * folder that is removed.
 */
export const embeddedPostgres = (options: {
  readonly directory?: string
}): Effect.Effect<PostgresServer, EmbeddedServerError, Scope.Scope> =>
  Effect.retry(attempt(options.directory), { times: 3, while: (error) => error.portTaken })

const administer = (server: PostgresServer, statement: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement).unprepared).pipe(
    Effect.asVoid,
    Effect.provide(
      PgClient.layer({
        host: server.host,
        port: server.port,
        username: server.user,
        password: server.password,
        database: "postgres",
        maxConnections: 1
      })
    )
  )

const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Creates a database, as a copy of `template` when one is named; nobody may be connected to that. */
export const createDatabase = (
  server: PostgresServer,
  name: string,
  template = "template1"
): Effect.Effect<void, SqlError.SqlError> =>
  administer(server, `create database ${identifier(name)} template ${identifier(template)}`)

/** Drops a database and whoever is connected to it; one that is not there is no error. */
export const dropDatabase = (server: PostgresServer, name: string): Effect.Effect<void, SqlError.SqlError> =>
  administer(server, `drop database if exists ${identifier(name)} with (force)`)
