import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Redacted, References } from "effect"
import { createDatabase, embeddedPostgres } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { embeddedRedis } from "../../src/demo/servers/EmbeddedRedis.ts"
import { environment } from "../support/environment.ts"
import { fillDatabase } from "./Data.ts"
import { listenerOf } from "./Machine.ts"
import type { Variables } from "./Subjects.ts"

const database = "bench"

/** PostgreSQL with all its rows, Redis, and what a server must know of them; ended with the scope. */
export const startServers = Effect.gen(function* () {
  const postgres = yield* embeddedPostgres({})
  const redis = yield* embeddedRedis()
  if (redis.flavour.includes("in process")) throw new Error("The benchmark needs a redis-server on PATH.")
  yield* createDatabase(postgres, database)
  yield* fillDatabase(postgres, database).pipe(Effect.provideService(References.MinimumLogLevel, "Warn"))
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "raid-bench-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  )
  const variables: Variables = {
    ...environment,
    DB_PORT: String(postgres.port),
    DB_USER: postgres.user,
    DB_PASSWORD: Redacted.value(postgres.password),
    DB_NAME: database,
    REDIS_PORT: String(redis.port),
    REDIS_PASSWORD: Redacted.value(redis.password)
  }
  return {
    variables,
    folder,
    /** The parents of all that runs beside the server that is measured. */
    families: [process.pid, listenerOf(postgres.port), listenerOf(redis.port)],
    postgresPort: postgres.port,
    versions: `Node ${process.versions.node}, PostgreSQL ${postgres.version}, ${redis.flavour}`
  }
})

export type Servers = Effect.Success<typeof startServers>
