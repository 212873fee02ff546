import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Exit, Redacted, References, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { Redis } from "ioredis"
import type { TestProject } from "vitest/node"
import {
  type PostgresServer,
  createDatabase,
  dropDatabase,
  embeddedPostgres
} from "../../src/demo/servers/EmbeddedPostgres.ts"
import { type RedisServer, embeddedRedis } from "../../src/demo/servers/EmbeddedRedis.ts"
import { migrate } from "../../src/infra/SqlFiles.ts"

/** The values of these variables, undefined when none is set; setting only some is a mistake. */
const given = <const Name extends string>(...names: ReadonlyArray<Name>) => {
  const values = names.map((name) => [name, process.env[name] ?? ""] as const)
  const missing = values.filter(([, value]) => value === "").map(([name]) => name)
  if (missing.length === names.length) return undefined
  if (missing.length > 0) throw new Error(`Set ${missing.join(" and ")} too, or none of ${names.join(", ")}.`)
  return Object.fromEntries(values) as Record<Name, string>
}

const connect = (server: PostgresServer, database: string) =>
  PgClient.layer({
    host: server.host,
    port: server.port,
    username: server.user,
    password: server.password,
    database,
    maxConnections: 1
  })

const postgresOfRun = Effect.gen(function* () {
  const env = yield* Effect.sync(() => given("DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD"))
  if (env === undefined) {
    const server = yield* embeddedPostgres({})
    return { server, told: `PostgreSQL ${server.version} (embedded)` }
  }
  const server = {
    host: env.DB_HOST,
    port: Number(env.DB_PORT),
    user: env.DB_USER,
    password: Redacted.make(env.DB_PASSWORD)
  }
  const [row] = yield* Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ version: string }>`select current_setting('server_version') as version`
  ).pipe(Effect.provide(connect({ ...server, version: "" }, "postgres")))
  const version = row?.version ?? "of unknown version"
  return { server: { ...server, version }, told: `PostgreSQL ${version} at ${server.host}:${server.port}` }
})

const ask = async (host: string, port: number, password: string) => {
  const client = new Redis({ host, port, password, lazyConnect: true, retryStrategy: () => null })
  client.on("error", () => {})
  try {
    await client.connect()
    const info = await client.info("server")
    return /\b(?:valkey|redis)_version:(\S+)/.exec(info)?.[1] ?? "of unknown version"
  } finally {
    client.disconnect()
  }
}

const redisOfRun = Effect.gen(function* () {
  const env = yield* Effect.sync(() => given("REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD"))
  if (env === undefined) {
    const server = yield* embeddedRedis()
    return { server, told: server.flavour }
  }
  const { REDIS_HOST: host, REDIS_PORT: port, REDIS_PASSWORD: password } = env
  const version = yield* Effect.tryPromise(() => ask(host, Number(port), password))
  const server: RedisServer = {
    host,
    port: Number(port),
    password: Redacted.make(password),
    flavour: `Redis ${version}`
  }
  return { server, told: `${server.flavour} at ${host}:${port}` }
})

const start = Effect.gen(function* () {
  const [postgres, redis] = yield* Effect.all([postgresOfRun, redisOfRun], { concurrency: 2 })
  const template = yield* Effect.acquireRelease(
    Effect.suspend(() => {
      const name = `test_${randomBytes(6).toString("hex")}`
      return Effect.as(createDatabase(postgres.server, name), name)
    }),
    (name) => Effect.orDie(dropDatabase(postgres.server, name))
  )
  yield* migrate.pipe(
    Effect.provide(connect(postgres.server, template)),
    Effect.provideService(References.MinimumLogLevel, "Warn")
  )
  process.stdout.write(`Tests run on ${postgres.told} and ${redis.told}.\n`)
  return { postgres: { ...postgres.server, template }, redis: redis.server }
})

/** Starts the servers of the run, or uses those that the environment names, and passes them to the test files. */
export default async (project: TestProject) => {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  const { postgres, redis } = await Effect.runPromise(Scope.provide(start, scope)).catch(async (error: unknown) => {
    await close()
    throw error
  })
  project.provide("postgres", { ...postgres, password: Redacted.value(postgres.password) })
  project.provide("redis", { host: redis.host, port: redis.port, password: Redacted.value(redis.password) })
  const folder = mkdtempSync(join(tmpdir(), "raid-test-"))
  const path = join(folder, "looked")
  writeFileSync(path, "")
  project.provide("looked", path)
  return () => {
    rmSync(folder, { recursive: true })
    return close()
  }
}
