import { spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { createDatabase, embeddedPostgres } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { splitStatements } from "../../src/infra/SqlStatements.ts"

/*
 * How long it takes to adopt an installation of 100,000 sessions and characters, with both snapshots of each character.
 * `node test/bench/adoption.ts [ROWS]`
 */

const rows = Number(process.argv[2] ?? "100000")
const program = fileURLToPath(new URL("../../src/cli/migrate.ts", import.meta.url))

const item = { id: 28963, slot: 1, quality: 4, icon: "inv_helmet_96.jpg", itemLevel: 120, permanentEnchant: 3002 }
const gear = Array.from({ length: 17 }, (_, slot) => ({ ...item, slot: slot + 1, temporaryEnchant: null, gems: null }))
const ranking = { encounter_id: 50649, encounter_name: "High King Maulgar", rank_percent: 88.5, median_percent: 70 }
const rankings = Array.from({ length: 12 }, () => ({
  ...ranking,
  total_kills: 3,
  fastest_kill_ms: 123456,
  best_amount: 1234.5,
  spec: "Protection"
}))

const id = (table: string) => `md5('${table}' || n)::uuid`
const many = `generate_series(1, ${rows}) n`

const fill = [
  `insert into users (id) select ${id("user")} from ${many}`,
  `insert into discord_identities (id, user_id, discord_user_id) select ${id("identity")}, ${id("user")}, 900000000000000000 + n from ${many}`,
  `insert into discord_profiles (discord_identity_id, username) select ${id("identity")}, 'user' || n from ${many}`,
  `insert into discord_oauth_tokens (discord_identity_id, access_token_ciphertext, refresh_token_ciphertext, token_type, scope, expires_at)
   select ${id("identity")}, 'v1:' || repeat('x', 100), 'v1:' || repeat('y', 100), 'Bearer', 'identify', now() from ${many}`,
  `insert into user_sessions (id, user_id, token_hash, csrf_token_hash, expires_at, login_ip_address)
   select ${id("session")}, ${id("user")}, md5('t' || n), md5('c' || n), now(), '203.0.113.7' from ${many}`,
  `insert into guilds (id, name, realm, region, faction, game_version)
   select ${id("guild")}, 'Guild ' || n, 'Spineshatter', 'eu', 'horde', 'classic' from ${many} where n % 50 = 0`,
  `insert into guild_memberships (guild_id, user_id, role)
   select md5('guild' || (n - n % 50))::uuid, ${id("user")}, 'raider' from ${many} where n >= 50`,
  `insert into characters (id, user_id, name, region, server, class, race, spec, role, rank)
   select ${id("character")}, ${id("user")}, 'Name' || n, 'eu', 'spineshatter', 'Warrior', 'Orc', 'Fury', 'melee', 'main' from ${many}`,
  `insert into warcraftlogs_snapshots (character_id, gear, rankings, metric, fetched_at)
   select ${id("character")}, '${JSON.stringify(gear)}', '${JSON.stringify(rankings)}', 'dps', now() from ${many}`,
  `insert into battlenet_snapshots (character_id, level, faction, fetched_at) select ${id("character")}, 70, 'horde', now() from ${many}`,
  `insert into security_audit_events (user_id, session_id, event_type, metadata)
   select ${id("user")}, ${id("session")}, 'session_created', '{}' from ${many}`,
  "analyze"
]

const adopt = (variables: Readonly<Record<string, string>>) =>
  Effect.promise(
    () =>
      new Promise<number | null>((resolve) =>
        spawn(process.execPath, [program, "adopt"], { env: variables, stdio: "inherit" }).once("close", resolve)
      )
  )

const bench = Effect.gen(function* () {
  const server = yield* embeddedPostgres({})
  yield* createDatabase(server, "old")
  const { host, port, user: username, password } = server
  const database = PgClient.layer({ host, port, username, password, database: "old", maxConnections: 1 })
  yield* Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const schema = yield* Effect.promise(() => readFile(new URL("../adoption/old.sql", import.meta.url), "utf8"))
    for (const text of [...splitStatements(schema).map(({ text }) => text), ...fill]) yield* sql.unsafe(text).unprepared
  }).pipe(Effect.provide(database))
  const started = performance.now()
  const code = yield* adopt({
    DB_HOST: host,
    DB_PORT: String(port),
    DB_USER: username,
    DB_PASSWORD: Redacted.value(password),
    DB_NAME: "old"
  })
  const seconds = (performance.now() - started) / 1000
  const counted = yield* Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ n: number }>`select sum(n_live_tup)::int as n from pg_stat_user_tables where schemaname = 'public'`
  ).pipe(Effect.provide(database))
  const n = counted[0]?.n ?? 0
  const pace = `about ${n} rows in ${seconds.toFixed(1)} s, ${Math.round(n / seconds)} rows/s`
  process.stdout.write(`adopt ended with ${code}: ${pace}\n`)
})

await Effect.runPromise(Effect.scoped(bench))
