import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { idOf, raiders, users } from "./Data.ts"
import type { Options } from "./Options.ts"
import type { RouteName } from "./Routes.ts"
import { measure } from "./Sample.ts"
import { startServers } from "./Servers.ts"
import { startSubject } from "./Subjects.ts"
import { plainTable, type Row } from "./Summary.ts"

const raid = idOf("guild", 1)

const id = (table: string, n: string) => `md5('${table} of scale ' || ${n})::uuid`

/** More people, each with a session and in a guild of forty with a character. Without triggers: they go row by row. */
const morePeople = (from: number, to: number) => {
  const rows = `generate_series(${from + 1}, ${to}) n`
  const guild = id("guild", "n / 40")
  return [
    "set session_replication_role = replica",
    `insert into users (id) select ${id("user", "n")} from ${rows}`,
    `insert into discord_identities (id, user_id, discord_user_id) select ${id("identity", "n")}, ${id("user", "n")}, 800000000000000000 + n from ${rows}`,
    `insert into discord_profiles (discord_identity_id, username) select ${id("identity", "n")}, 'person' || n from ${rows}`,
    `insert into user_sessions (user_id, token_hash, csrf_token_hash, expires_at)
     select ${id("user", "n")}, md5('token' || n), md5('csrf' || n), now() + interval '30 days' from ${rows}`,
    `insert into guilds (id, name, realm, region, faction, game_version)
     select distinct ${guild}, 'Guild', 'Spineshatter', 'eu', 'horde', 'classicann' from ${rows} on conflict do nothing`,
    `insert into guild_memberships (guild_id, user_id, role) select ${guild}, ${id("user", "n")}, 'raider' from ${rows}`,
    `insert into characters (user_id, name, region, server, class, race, spec, role, rank, realm_slug, name_key)
     select ${id("user", "n")}, 'P' || n, 'eu', 'Scale', 'Warrior', 'Orc', 'Fury', 'melee', 'main', 'scale', 'p' || n from ${rows}`,
    "set session_replication_role = origin",
    "vacuum analyze"
  ]
}

/** So many members in the raid's guild. */
const moreMembers = (from: number, to: number) => [
  "set session_replication_role = replica",
  `insert into guild_memberships (guild_id, user_id, role)
   select '${raid}', ${id("user", "n")}, 'raider' from generate_series(${users + from + 1}, ${users + to}) n`,
  "set session_replication_role = origin",
  "vacuum analyze"
]

/** What a request costs as an installation grows, and as a guild does. */
export const scale = Effect.fnUntraced(function* ({ requests }: Options) {
  const servers = yield* startServers
  const { DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME } = servers.variables
  const fill = (statements: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      for (const text of statements) yield* sql.unsafe(text).unprepared
    }).pipe(
      Effect.provide(
        PgClient.layer({
          host: DB_HOST!,
          port: Number(DB_PORT),
          username: DB_USER!,
          password: Redacted.make(DB_PASSWORD!),
          database: DB_NAME!,
          maxConnections: 1
        })
      )
    )
  const rows: Array<Row> = [["people", "members", "route", "requests/s", "CPU us/request", "p50 ms", "p99 ms", "load"]]
  const look = (people: number, members: number, names: ReadonlyArray<RouteName>) =>
    Effect.scoped(
      Effect.gen(function* () {
        const subject = yield* startSubject("bundle", servers.variables, servers.folder)
        for (const name of names) {
          const { rate, micros, p50, p99, load } = yield* Effect.promise(() =>
            measure(subject, name, requests, servers)
          )
          rows.push([
            people.toLocaleString("en"),
            String(members),
            name,
            rate.toFixed(0),
            micros.toFixed(0),
            p50.toFixed(2),
            p99.toFixed(2),
            load
          ])
        }
      })
    )
  const all = ["session", "guilds", "members", "characters", "character", "roster"] as const
  let before = users
  for (const people of [users, 100_000, 1_000_000]) {
    if (people > before) yield* fill(morePeople(before, people))
    yield* look(people, raiders, all)
    before = people
  }
  let members = raiders
  for (const more of [100, 1000]) {
    yield* fill(moreMembers(members, more))
    yield* look(before, more, ["session", "members"])
    members = more
  }
  process.stdout.write(`${servers.versions}\n${plainTable(rows)}\n`)
})
