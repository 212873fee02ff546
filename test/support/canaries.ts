import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Redis } from "ioredis"
import { inject } from "vitest"
import type { PostgresServer } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { environment } from "./environment.ts"

const configured = Object.entries(environment)
  .filter(([name]) => /SECRET|PASSWORD|KEY/.test(name))
  .map(([, value]) => value)

/** Matches the codes and tokens of the simulated providers. */
const issued = /sim(?:code-|-access-|-refresh-|\.wcl\.)[\w-]{32}|SIMEU[\w-]{32}/

/** Tokens of this file's browsers: sessions, CSRF, states. */
const noted = new Set<string>()

export const noteSecret = (secret: string) => {
  if (secret.length >= 22) noted.add(secret)
}

/** What was searched for this test file. */
export const looked = { databases: 0, lines: 0, keys: 0, secrets: () => noted.size }

/** Throws when a text contains a secret of the run; the message says where, not which. */
export const assertClean = (place: string, text: string) => {
  const token = text.match(/[\w-]{22,}/g)?.find((word) => noted.has(word))
  if (token !== undefined || issued.test(text) || configured.some((secret) => text.includes(secret)))
    throw new Error(`${place} contains a secret`)
}

/** Every row of every table of a database, as text. */
export const databaseText = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ readonly text: string }>`
    select query_to_xml(format('select * from %I.%I', schemaname, tablename), true, false, '')::text as text
    from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`
  return rows.map(({ text }) => text).join("\n")
})

export const assertCleanDatabase = ({ host, port, user, password }: PostgresServer, database: string) =>
  databaseText.pipe(
    Effect.provide(PgClient.layer({ host, port, username: user, password, database, maxConnections: 1 })),
    Effect.map((text) => {
      looked.databases += 1
      assertClean("The database", text)
    })
  )

/** Every key of the run's Redis with its value. */
export const redisText = async () => {
  const redis = new Redis(inject("redis"))
  const keys = await redis.keys("*")
  looked.keys += keys.length
  const values = await Promise.all(keys.map((key) => redis.dumpBuffer(key).catch(() => null)))
  redis.disconnect()
  return keys.join("\n") + values.map((value) => value?.toString("latin1") ?? "").join("\n")
}
