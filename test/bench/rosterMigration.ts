import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { createDatabase, embeddedPostgres } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { embeddedRedis } from "../../src/demo/servers/EmbeddedRedis.ts"
import { freePort, step } from "../../src/demo/servers/Watchdog.ts"
import { Crypto } from "../../src/infra/Crypto.ts"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { environment } from "../support/environment.ts"

/*
 * The roster's migration on a database of the release before it, while a server of that release serves: how long it
 * takes, which locks it holds, what is lost, and what the old server answers meanwhile and afterwards.
 * `node test/bench/rosterMigration.ts [USERS]`
 */

const users = Number(process.argv[2] ?? "10000")
const file = "20261126000100_roster"
const root = fileURLToPath(new URL("../../", import.meta.url))
const git = (...args: ReadonlyArray<string>) => execFileSync("git", args, { cwd: root, maxBuffer: 2 ** 28 })
const say = (line: string) => void process.stdout.write(`${line}\n`)

/** The last commit without the migration, in a folder of its own. */
const lastRelease = () => {
  const added = git(
    "log",
    "--diff-filter=A",
    "--format=%H",
    "--",
    `migrations/${file}.up.sql`,
    "migrations/20261126000000_roster.up.sql"
  )
    .toString()
    .trim()
  const folder = mkdtempSync(join(tmpdir(), "last-release-"))
  execFileSync("tar", ["-x", "-C", folder], { input: git("archive", `${added.split("\n").at(-1)}^`) })
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  return folder
}

const id = (table: string, n = "n") =>
  `overlay(overlay(md5('${table}' || ${n}) placing '4' from 13) placing '8' from 17)::uuid`
const many = (count: number) => `generate_series(1, ${count}) n`
/** Twelve letters: names as the game has them. */
const name = "initcap(translate(substr(md5('name' || n), 1, 12), '0123456789', 'ghijklmnop'))"

const fill = [
  `insert into users (id) select ${id("user")} from ${many(users)}`,
  `insert into discord_identities (id, user_id, discord_user_id) select ${id("identity")}, ${id("user")}, 900000000000000000 + n from ${many(users)}`,
  `insert into discord_profiles (discord_identity_id, username) select ${id("identity")}, 'user' || n from ${many(users)}`,
  `insert into guilds (id, name, realm, region, faction, game_version)
   select ${id("guild")}, 'Guild ' || n, 'Spineshatter', 'eu', 'horde', 'classicann' from ${many(Math.ceil(users / 40))}`,
  `insert into guild_memberships (guild_id, user_id, role)
   select ${id("guild", "(1 + n / 40)")}, ${id("user")}, (array['admin', 'officer', 'raider', 'raider', 'applicant'])[1 + n % 5]
   from ${many(users - 1)}`,
  `insert into characters (id, user_id, name, region, server, class, race, spec, role, rank)
   select ${id("character")}, ${id("user", "(1 + n % " + users + ")")}, ${name}, 'eu', 'Spineshatter', 'Warrior', 'Orc', 'Fury',
     'melee', case when n <= ${users} then 'main' else 'alt' end from ${many(users * 3)}`,
  `insert into character_battlenet_snapshots (character_id, level) select ${id("character")}, 70 from ${many(users * 3)}`,
  "analyze"
]

const tables = ["users", "discord_identities", "discord_profiles", "guilds", "guild_memberships", "user_sessions"]
/** The old server itself keeps changing the rest. */
const whole: Readonly<Record<string, string>> = { discord_identities: "id, user_id, discord_user_id" }
const columns = "id, user_id, name, region, server, class, race, spec, role, rank, created_at, updated_at, deleted_at"

const bench = Effect.gen(function* () {
  const server = yield* embeddedPostgres({})
  const redis = yield* embeddedRedis()
  yield* createDatabase(server, "old")
  const port = yield* step(freePort)
  const variables: Record<string, string> = {
    ...environment,
    APP_PORT: String(port),
    DB_HOST: server.host,
    DB_PORT: String(server.port),
    DB_USER: server.user,
    DB_PASSWORD: Redacted.value(server.password),
    DB_NAME: "old",
    REDIS_PORT: String(redis.port),
    REDIS_PASSWORD: Redacted.value(redis.password),
    LOG_LEVEL: "Error"
  }
  const folder = lastRelease()
  yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, ["src/main.ts"], { cwd: folder, env: variables, stdio: "inherit" })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const url = `http://127.0.0.1:${port}/api/v1`
  const isUp = Effect.promise(() =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false
    )
  )
  yield* Effect.repeat(Effect.delay(isUp, "100 millis"), { until: (up) => up })

  const { host, user: username, password } = server
  const database = PgClient.layer({ host, port: server.port, username, password, database: "old", maxConnections: 2 })
  const sql = Context.get(yield* Layer.build(database), SqlClient.SqlClient)
  const all = (text: string) => sql.unsafe<Record<string, unknown>>(text).unprepared
  for (const text of fill) yield* all(text)
  const crypto = Context.get(
    yield* Layer.build(Crypto.layer.pipe(Layer.provide(AppConfig.layerFrom(variables)))),
    Crypto
  )
  const token = yield* crypto.token
  const csrf = crypto.csrfToken(token)
  yield* sql`insert into user_sessions (user_id, token_hash, csrf_token_hash, expires_at)
    select ${String((yield* all(`select ${id("user", "5")} as id`))[0]!["id"])}::uuid, ${crypto.hash("session", token)}, ${crypto.hash("csrf", csrf)}, now() + interval '1 day'`
  const guild = String(
    (yield* all(`select guild_id from guild_memberships where user_id = ${id("user", "5")}`))[0]!["guild_id"]
  )

  const send = async (method: string, path: string, body?: unknown) => {
    const started = performance.now()
    const response = await fetch(url + path, {
      method,
      headers: { cookie: `session=${token}; csrf=${csrf}`, "x-csrf-token": csrf, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    await response.arrayBuffer()
    return { status: response.status, ms: performance.now() - started }
  }
  const digest = (what: string, from: string) =>
    `select md5(string_agg(row::text, ',' order by row::text)) as digest from (select ${what} from ${from}) row`
  const state = Effect.all([
    ...tables.map((table) => all(digest(whole[table] ?? "*", table))),
    all(digest(columns, "characters"))
  ])
  const before = yield* state

  const seen: Array<{ at: number; status: number; ms: number }> = []
  const locks = new Set<string>()
  const poll = { running: true }
  const started = performance.now()
  const polling = Promise.all([
    (async () => {
      while (poll.running) {
        const at = performance.now() - started
        seen.push({ at, ...(await send("GET", `/guilds/${guild}/characters`)) })
        seen.push({ at, ...(await send("GET", "/auth/session")) })
      }
    })(),
    (async () => {
      while (poll.running) {
        const rows = await Effect.runPromise(
          all(`select distinct l.mode || ' on ' || l.relation::regclass as lock from pg_locks l
            where l.granted and l.locktype = 'relation' and l.mode in ('AccessExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock')
              and l.pid <> pg_backend_pid() and l.relation::regclass::text !~ '^(pg_|roster|game_)|_(pkey|key|idx)$'
              and exists (select from pg_class c where c.oid = l.relation and c.relkind = 'r')`)
        )
        for (const { lock } of rows) locks.add(String(lock))
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })()
  ])
  const code = yield* Effect.promise(
    () =>
      new Promise<number | null>((resolve) =>
        spawn(process.execPath, [join(root, "src/cli/migrate.ts"), "up"], { env: variables, stdio: "inherit" }).once(
          "close",
          resolve
        )
      )
  )
  const seconds = (performance.now() - started) / 1000
  poll.running = false
  yield* Effect.promise(() => polling)
  const after = yield* state
  const lost = [...tables, "characters"].filter((_, at) => JSON.stringify(before[at]) !== JSON.stringify(after[at]))
  const [made] = yield* all(
    "select (select count(*) from roster_players)::int as players, (select count(*) from roster_entries)::int as entries"
  )
  say(`migrate ended with ${code} after ${seconds.toFixed(1)} s, start of the process included`)
  say(`locks held: ${[...locks].toSorted().join(", ")}`)
  say(`tables that differ: ${lost.join(", ") || "none"}; made ${JSON.stringify(made)}`)
  const counts = new Map<number, number>()
  for (const { status } of seen) counts.set(status, (counts.get(status) ?? 0) + 1)
  say(
    `the old server during it: ${[...counts].map(([status, n]) => `${n} x ${status}`).join(", ")}; slowest ${Math.max(...seen.map(({ ms }) => ms)).toFixed(0)} ms`
  )

  const bystander = `00000000-0000-4000-8000-000000000000`
  yield* all(`update guild_memberships set role = 'admin' where user_id = ${id("user", "5")}`)
  const target = String(
    (yield* all(
      `select user_id from guild_memberships where guild_id = '${guild}' and role = 'applicant' limit 1`
    ))[0]!["user_id"]
  )
  for (const [method, path, body] of [
    ["GET", "/auth/session"],
    ["GET", "/guilds"],
    ["GET", `/guilds/${guild}`],
    ["GET", `/guilds/${guild}/members`],
    ["GET", `/guilds/${guild}/characters`],
    [
      "POST",
      "/guilds",
      { name: "New", realm: "Spineshatter", region: "eu", faction: "horde", game_version: "classicann" }
    ],
    ["PATCH", `/guilds/${guild}`, { name: "Renamed" }],
    ["PATCH", `/guilds/${guild}/members/${target}`, { role: "raider" }],
    ["POST", `/guilds/${guild}/invites`, {}],
    ["DELETE", `/guilds/${guild}/members/${target}`],
    ["DELETE", `/guilds/${guild}/members/${bystander}`],
    ["POST", "/auth/logout"]
  ] as const) {
    const { status } = yield* Effect.promise(() => send(method, path, body))
    say(`the old server afterwards: ${method} ${path.replaceAll(/[0-9a-f-]{36}/g, "{id}")} ${status}`)
  }
})

await Effect.runPromise(Effect.scoped(bench))
