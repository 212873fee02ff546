import { createHash, createHmac } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { PostgresServer } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { migrate } from "../../src/infra/SqlFiles.ts"
import { environment } from "../support/environment.ts"

/*
 * 10,000 users and 250 guilds. Guild 1 is the raid: users 1 to 40 with three characters each, all of them with full
 * snapshots. Every other guild has an admin of its own and nine raiders. Everything is made from numbers, so that the
 * benchmark knows ids and cookies without asking.
 */

export const users = 10_000
export const raiders = 40
const guilds = 250

type Table = "user" | "identity" | "session" | "guild" | "character" | "entry" | "plan"

/** The same id in SQL and here: an MD5 in the shape of a UUID of version 4. */
const id = (table: Table, n: string) =>
  `overlay(overlay(md5('${table}' || ${n}) placing '4' from 13) placing 'a' from 17)::uuid`

export const idOf = (table: Table, n: number) => {
  const hex = createHash("md5").update(`${table}${n}`).digest("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

const mac = (domain: string, message: string) =>
  createHmac("sha256", environment.SESSION_HMAC_SECRET).update(`${domain}:${message}`)

/** The session token of a user, and the CSRF token that belongs to it. */
export const tokensOf = (user: number) => {
  const session = createHash("sha256").update(`session of ${user}`).digest("base64url")
  return { session, csrf: mac("csrf-token", session).digest("base64url") }
}

/** The cookie of a better-auth session, whose token is the user's number: better-auth signs its cookies. */
export const betterAuthCookie = (user: number) => {
  const token = String(user).padStart(32, "0")
  const signature = createHmac("sha256", environment.SESSION_HMAC_SECRET).update(token).digest("base64")
  return `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`
}

/** The admin of a guild other than the raid's. */
export const adminOf = (guild: number) => 1000 + guild

/** A character of the raid. */
export const characterOf = (user: number, which: number) => idOf("character", user * 10 + which)

const gem = (n: number) => ({ id: 24027 + n, itemLevel: 70, icon: "inv_jewelcrafting_livingruby_03.jpg" })

const gear = Array.from({ length: 19 }, (_, n) => ({
  id: 28963 + n,
  slot: n + 1,
  quality: 4,
  icon: `inv_helmet_${90 + n}.jpg`,
  itemLevel: 120 + n,
  permanentEnchant: n % 3 === 0 ? null : 3002 + n,
  temporaryEnchant: null,
  gems: n % 2 === 0 ? [gem(n), gem(n + 1)] : null
}))

const bosses =
  "High King Maulgar,Gruul the Dragonkiller,Magtheridon,Hydross the Unstable,The Lurker Below,Leotheras the Blind"
    .concat(
      ",Fathom-Lord Karathress,Morogrim Tidewalker,Lady Vashj,Void Reaver,High Astromancer Solarian,Kael'thas Sunstrider"
    )
    .split(",")

const rankings = bosses.map((encounter_name, n) => ({
  encounter_id: 50649 + n,
  encounter_name,
  rank_percent: 88.5 - n,
  median_percent: 70.25 + n / 4,
  total_kills: 3 + n,
  fastest_kill_ms: 123_456 + 1000 * n,
  best_amount: 1234.5 + n,
  spec: "Protection",
  all_stars: null
}))

const json = (value: unknown) => `'${JSON.stringify(value).replaceAll("'", "''")}'::jsonb`

const many = (count: number, from = 1) => `generate_series(${from}, ${count}) n`

/** A session is never five minutes unseen in a run: what a touch costs is no part of what a look-up does. */
const later = "now() + interval '1 day'"

const hashes = () => {
  const all = Array.from({ length: users }, (_, n) => tokensOf(n + 1))
  const list = (values: ReadonlyArray<string>) => `'{${values.join(",")}}'::text[]`
  const tokens = list(all.map(({ session }) => mac("session", session).digest("base64")))
  return `unnest(${tokens}, ${list(all.map(({ csrf }) => mac("csrf", csrf).digest("base64")))})`
}

const fill = () => [
  `insert into users (id) select ${id("user", "n")} from ${many(users)}`,
  `insert into discord_identities (id, user_id, discord_user_id, last_login_at, last_profile_refresh_at)
   select ${id("identity", "n")}, ${id("user", "n")}, 900000000000000000 + n, now(), ${later} from ${many(users)}`,
  `insert into discord_profiles (discord_identity_id, username, discriminator, global_name, avatar)
   select ${id("identity", "n")}, 'user' || n, '0', case when n % 4 > 0 then 'User ' || n end,
     case when n % 3 > 0 then md5('avatar' || n) end from ${many(users)}`,
  `insert into user_sessions (id, user_id, token_hash, csrf_token_hash, last_seen_at, expires_at, login_ip_address,
     login_location_country, login_location_region, login_location_city, current_ip_address, user_agent)
   select ${id("session", "n")}, ${id("user", "n")}, token, csrf, ${later}, now() + interval '30 days', '203.0.113.7',
     'DE', 'BE', 'Berlin', '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
   from ${hashes()} with ordinality as made (token, csrf, n)`,
  `insert into guilds (id, name, realm, region, faction, game_version, created_at)
   select ${id("guild", "n")}, 'Guild ' || n, 'Spineshatter', 'eu', 'horde', 'classicann', now() - n * interval '1 hour'
   from ${many(guilds)}`,
  `insert into guild_invites (guild_id, code) select ${id("guild", "n")}, md5('invite' || n) from ${many(guilds)}`,
  `insert into guild_memberships (guild_id, user_id, role, created_at)
   select ${id("guild", "g")}, ${id("user", "n")}, case when g > 1 or n > 6 then 'raider' when n > 2 then 'officer' else 'admin' end,
     now() - (41 - n) * interval '1 minute'
   from ${many(raiders)}, generate_series(1, 3) g`,
  `insert into guild_memberships (guild_id, user_id, role)
   select ${id("guild", "g")}, ${id("user", "1000 + g + 1000 * n")}, case when n = 0 then 'admin' else 'raider' end
   from generate_series(2, ${guilds}) g, generate_series(0, 8) n`,
  `insert into characters (id, user_id, name, region, server, class, race, spec, role, rank)
   select ${id("character", "n * 10 + c")}, ${id("user", "n")}, 'Raider' || n * 10 + c, 'eu', 'spineshatter', class, 'Orc',
     spec, role, case when c = 1 then 'main' else 'alt' end
   from ${many(raiders)} cross join generate_series(1, 3) c join (values (0, 'Warrior', 'Protection', 'tank'),
     (1, 'Warrior', 'Fury', 'melee'), (2, 'Shaman', 'Enhancement', 'melee'), (3, 'Shaman', 'Restoration', 'heal'),
     (4, 'Hunter', 'BeastMastery', 'ranged'), (5, 'Warlock', 'Affliction', 'ranged'), (6, 'Rogue', 'Combat', 'melee'))
     kinds (kind, class, spec, role) on kind = (n + c) % 7`,
  `insert into characters (id, user_id, name, region, server, class, race, spec, role, rank)
   select ${id("character", "n * 10")}, ${id("user", "n")}, 'Name' || n, 'eu', 'spineshatter', 'Mage', 'Troll', 'Fire', 'ranged', 'main'
   from ${many(5000, raiders + 1)}`,
  `insert into character_warcraftlogs_snapshots (character_id, gear, rankings, zone_id, metric, best_performance_average,
     median_performance_average, total_kills)
   select ${id("character", "n * 10 + c")}, ${json(gear)}, ${json(rankings)}, 1048, 'dps', 81.25, 70.5, 120
   from ${many(raiders)}, generate_series(1, 3) c`,
  `insert into character_battlenet_snapshots (character_id, battlenet_id, avatar_url, level, equipped_item_level,
     active_spec_name, faction)
   select ${id("character", "n * 10 + c")}, n * 10 + c, 'https://render.worldofwarcraft.com/classic-eu/character/' || n || c || '.jpg',
     70, 128, 'Protection', 'horde'
   from ${many(raiders)}, generate_series(1, 3) c`,
  `update roster_entries e set id = ${id("entry", "n")}
   from ${many(25)} where e.character_id = ${id("character", "n * 10 + 1")} and e.guild_id = ${id("guild", "1")}`,
  `insert into plans (id, guild_id, title, ruleset, created_by, updated_by)
   select ${id("plan", "n")}, ${id("guild", "1")}, 'Plan ' || n, 'tbc-anniversary@1', ${id("user", "1")}, ${id("user", "1")}
   from ${many(raiders)}`,
  `insert into plan_raids (plan_id, raid, title, size) select id, 0, 'Raid', 25 from plans`,
  `insert into plan_seats (plan_id, guild_id, entry_id, character_id, player_id, raid, size, "group", slot, spec, role,
     live_entry_id, live_guild_id, name, class, rank, player_name)
   select p.id, p.guild_id, e.id, c.id, r.id, 0, 25, (n - 1) / 5, (n - 1) % 5, e.spec, e.role, e.id, p.guild_id, c.name, e.class,
     e.rank, r.name
   from plans p cross join ${many(25)} join characters c on c.id = ${id("character", "n * 10 + 1")}
   join roster_entries e on e.character_id = c.id join roster_players r on r.id = e.player_id
   where e.guild_id = p.guild_id`,
  `insert into plan_revisions (plan_id, revision, actor_id, summary, raids, moves)
   select id, 1, created_by, 'Made.', '[]', '[]' from plans`,
  "vacuum analyze"
]

/** Makes the tables as this version of the code knows them, and fills them. */
export const fillDatabase = ({ host, port, user: username, password }: PostgresServer, database: string) =>
  Effect.gen(function* () {
    yield* migrate
    const sql = yield* SqlClient.SqlClient
    for (const text of fill()) yield* sql.unsafe(text).unprepared
  }).pipe(Effect.provide(PgClient.layer({ host, port, username, password, database, maxConnections: 1 })))
