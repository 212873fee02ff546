import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted, type Scope } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { postgresBinaries, serverUser } from "./PostgresBinaries.ts"
import { postgresData } from "./PostgresData.ts"
import { type EmbeddedServerError, freePort, step, watchdog } from "./Watchdog.ts"

/** Connection details of a PostgreSQL server, for a user with permission to create databases. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Redacted.Redacted<string>
  /** As the server reports it: `18.4`. */
  readonly version: string
}

/** A temporary server need not survive a power cut, so it need not wait for the disk. */
const careless = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]

const attempt = Effect.fnUntraced(function* (directory: string | undefined) {
  const user = yield* step(() => serverUser(directory && join(directory, "data")))
  const { initdb, postgres, version } = yield* postgresBinaries(user)
  const temporary = yield* watchdog({ user, fast: directory === undefined })
  const { folder } = temporary
  const { data, password, cwd, name } = yield* step(() =>
    postgresData({ home: directory ?? folder, user, initdb, version, folder })
  )
  const dog = cwd === "/" ? temporary : yield* watchdog({ user, cwd })
  return yield* step(async (): Promise<PostgresServer> => {
    const port = await freePort()
    const settings = [
      "listen_addresses=127.0.0.1",
      `port=${port}`,
      "unix_socket_directories=",
      "max_connections=200",
      "timezone=UTC",
      "log_timezone=UTC",
      ...(directory === undefined ? careless : [])
    ]
    const words = [postgres, "-D", name, ...settings.flatMap((setting) => ["-c", setting])]
    await dog.start({ words, stop: directory === undefined ? "QUIT" : "INT" }, async () => {
      const mark = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")
      return mark.split("\n")[7]?.trim() === "ready"
    })
    return { host: "127.0.0.1", port, user: "postgres", password: Redacted.make(password), version }
  })
})

/**
 * A PostgreSQL server on a free port of 127.0.0.1. It stops with the scope or with this process, even if the process is
 * killed. With `directory`, data and password are kept there between runs; otherwise everything is in a temporary folder
 * that is removed.
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

/** Creates a database as a copy of `template`, which must have no open connections. */
export const createDatabase = (
  server: PostgresServer,
  name: string,
  template = "template1"
): Effect.Effect<void, SqlError.SqlError> =>
  administer(server, `create database ${identifier(name)} template ${identifier(template)}`)

/** Drops a database and its open connections; a missing database is not an error. */
export const dropDatabase = (server: PostgresServer, name: string): Effect.Effect<void, SqlError.SqlError> =>
  administer(server, `drop database if exists ${identifier(name)} with (force)`)
