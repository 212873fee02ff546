import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Exit, Redacted, References, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { Redis as IoRedis } from "ioredis"
import { createDatabase, embeddedPostgres, type PostgresServer } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { embeddedRedis, type RedisServer } from "../../src/demo/servers/EmbeddedRedis.ts"
import { fillDatabase } from "../bench/Data.ts"
import { gate } from "../support/Gate.ts"

/* PostgreSQL and Redis that can be stopped, killed, frozen and started again, each behind a proxy that stays. */

const database = "faults"

/** A temporary folder, removed with the scope. */
export const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "raid-faults-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** A server in a scope of its own, ended with the harness if a case has not ended it. */
const restartable = <A, E>(start: Effect.Effect<A, E, Scope.Scope>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        let scope: Scope.Closeable | undefined
        const up = async () => {
          scope = Scope.makeUnsafe()
          return Effect.runPromise(Scope.provide(start, scope))
        }
        const down = async () => {
          const ended = scope
          scope = undefined
          if (ended !== undefined) await Effect.runPromise(Scope.close(ended, Exit.void))
        }
        return { up, down }
      }),
      ({ down }) => Effect.promise(down)
    ),
    (server) => server
  )

export const startPostgres = Effect.gen(function* () {
  // Data in a folder of its own is written as carefully as in production, and outlives the server.
  const directory = yield* folder
  const { up, down } = yield* restartable(embeddedPostgres({ directory }))
  let server: PostgresServer = yield* Effect.promise(up)
  yield* createDatabase(server, database)
  yield* fillDatabase(server, database).pipe(Effect.provideService(References.MinimumLogLevel, "Warn"))
  const proxy = yield* gate(server.host, server.port)
  const pid = () => Number(readFileSync(join(directory, "data/postmaster.pid"), "utf8").split("\n", 1)[0])

  const query = <Row extends object>(text: string, name = database) =>
    Effect.runPromise(
      Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<Row>(text).unprepared).pipe(
        Effect.provide(
          PgClient.layer({
            host: server.host,
            port: server.port,
            username: server.user,
            password: server.password,
            database: name,
            maxConnections: 1
          })
        )
      )
    )
  return {
    gate: proxy,
    version: server.version,
    password: Redacted.value(server.password),
    user: server.user,
    database,
    query,
    pid,
    /** `immediate` is PostgreSQL's word for a stop without a farewell: the next start recovers. */
    stop: async (how: "fast" | "immediate") => {
      if (how === "immediate") process.kill(pid(), "SIGQUIT")
      await down()
    },
    start: async () => {
      server = await up()
      proxy.pointTo(server.port)
    },
    /** A new, empty database. */
    create: (name: string) => Effect.runPromise(createDatabase(server, name))
  }
})

export const startRedis = Effect.gen(function* () {
  const { up, down } = yield* restartable(embeddedRedis())
  let server: RedisServer = yield* Effect.promise(up)
  if (server.flavour.includes("in process")) throw new Error("The faults need a redis-server on PATH.")
  const password = server.password
  const proxy = yield* gate(server.host, server.port)
  const command = async (...[name = "", ...args]: ReadonlyArray<string>) => {
    const { host, port } = server
    const client = new IoRedis({ host, port, password: Redacted.value(server.password), lazyConnect: true })
    try {
      await client.connect()
      return await client.call(name, ...args)
    } finally {
      client.disconnect()
    }
  }
  const protect = async (next = password) => {
    await command("CONFIG", "SET", "requirepass", Redacted.value(next))
    server = { ...server, password: next }
  }
  return {
    gate: proxy,
    flavour: server.flavour,
    password: Redacted.value(password),
    command,
    pid: async () => Number(/process_id:(\d+)/.exec(String(await command("INFO", "server")))?.[1]),
    stop: down,
    start: async () => {
      server = await up()
      await protect(password)
      proxy.pointTo(server.port)
    },
    /** Asks new connections for this password, or for that of the replicas. */
    protect
  }
})

export type Postgres = Effect.Success<typeof startPostgres>
