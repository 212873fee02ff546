import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { readFile } from "node:fs/promises"
import { roster, rosterRealm } from "../../src/demo/simulators/roster.ts"
import { seed } from "../../src/infra/SqlFiles.ts"
import { splitStatements } from "../../src/infra/SqlStatements.ts"
import { migratedDatabase } from "./SqlFolders.ts"

const guild = "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae"
const byName = (rows: ReadonlyArray<{ readonly name: string }>) => rows.toSorted((a, b) => (a.name < b.name ? -1 : 1))
const people = roster.flatMap(({ discordId, username, globalName, role }) =>
  discordId === null ? [] : [{ discordId, username, globalName, role }]
)
const characters = roster.flatMap(({ discordId: owner, characters }) =>
  characters.flatMap(({ name, class: className, race, spec, role, rank }) =>
    owner === null || race === null ? [] : [{ name, class: className, race, spec, role, rank, owner, ...rosterRealm }]
  )
)

/** Runs on a new, migrated database. */
const live = (name: string, work: Effect.Effect<void, unknown, SqlClient.SqlClient>) =>
  it.live(name, () => Effect.flatMap(migratedDatabase, ({ layer }) => Effect.provide(work, layer)))

/** Runs the seeds even if they were applied before. */
const seedAnew = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`delete from seed_history`
  return yield* seed
})

/** Everything a seed may touch, to compare before and after. */
const everything = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return {
    users: yield* sql`select * from users order by id`,
    identities: yield* sql`select * from discord_identities order by id`,
    profiles: yield* sql`select * from discord_profiles order by id`,
    guilds: yield* sql`select * from guilds order by id`,
    memberships: yield* sql`select * from guild_memberships order by id`,
    characters: yield* sql`select * from characters order by id`,
    plans: yield* sql`select * from plans order by id`,
    raids: yield* sql`select * from plan_raids order by plan_id, raid`,
    seats: yield* sql`select * from plan_seats order by plan_id, entry_id`,
    revisions: yield* sql`select * from plan_revisions order by plan_id, revision`
  }
})

const discordId = (seat: number) => String(900_000_000_000_000_000n + BigInt(seat))

const makeUser = Effect.fnUntraced(function* (discordUserId: string) {
  const sql = yield* SqlClient.SqlClient
  const [user] = yield* sql<{ id: string }>`insert into users default values returning id`
  const id = user?.id ?? ""
  yield* sql`insert into discord_identities (user_id, discord_user_id) values (${id}, ${discordUserId})`
  return id
})

const makeGuild = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`insert into guilds (id, name, realm, region, faction, game_version)
    values (${guild}, 'Older', 'Thunderstrike', 'eu', 'alliance', 'classic')`
})

const makeMembership = Effect.fnUntraced(function* (seat: number, role: string, endedDaysAgo: number | null = null) {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<{ id: string }>`
    select user_id as id from discord_identities where discord_user_id = ${discordId(seat)}`
  const userId = found?.id ?? (yield* makeUser(discordId(seat)))
  yield* sql`insert into guild_memberships (guild_id, user_id, role, deleted_at)
    values (${guild}, ${userId}, ${role}, now() - make_interval(days => ${endedDaysAgo}))`
  return userId
})

const makeCharacter = Effect.fnUntraced(function* (userId: string, name: string, deleted: boolean) {
  const sql = yield* SqlClient.SqlClient
  const [character] = yield* sql<{ id: string }>`
    insert into characters (user_id, name, region, server, class, race, spec, role, rank, deleted_at)
    values (${userId}, ${name}, 'eu', 'Spineshatter', 'Rogue', 'Troll', 'Combat', 'melee', 'alt',
      case when ${deleted} then now() end) returning id`
  return character?.id ?? ""
})

const memberships = Effect.fnUntraced(function* (userId: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql`select role, deleted_at is null as live from guild_memberships
    where guild_id = ${guild} and user_id = ${userId} order by deleted_at nulls first`
})

describe("the roster seed", () => {
  live(
    "contains the people and characters of the simulators, except those without a Discord id or race",
    Effect.gen(function* () {
      yield* seed
      const sql = yield* SqlClient.SqlClient
      const members = yield* sql`select discord_user_id as "discordId", username, global_name as "globalName", role
        from guild_memberships join discord_identities identity using (user_id)
        join discord_profiles profile on profile.discord_identity_id = identity.id
        where guild_id = ${guild} order by discord_user_id`
      assert.deepStrictEqual(members, people)
      const rows = yield* sql<{ name: string }>`
        select name, class, race, spec, role, rank, discord_user_id as owner, region, server as realm
        from characters join discord_identities using (user_id)`
      assert.deepStrictEqual(byName(rows), byName(characters))
      assert.strictEqual((yield* everything).users.length, people.length)
      const entries = yield* sql<{ name: string }>`
        select c.name, c.class, c.race, e.spec, e.role, e.rank, p.discord_user_id as owner, c.region, c.server as realm
        from roster_entries e join characters c on c.id = e.character_id join roster_players p on p.id = e.player_id
        where e.guild_id = ${guild}`
      assert.deepStrictEqual(byName(entries), byName(characters))
      assert(people.length >= 30 && people.length < roster.length && characters.length >= 60)
    })
  )

  live(
    "changes nothing when it is applied again",
    Effect.gen(function* () {
      yield* seed
      const before = yield* everything
      assert.deepStrictEqual(yield* seed, { applied: [] })
      assert.deepStrictEqual((yield* seedAnew).applied, [
        "20261101000000_guild",
        "20261101000100_roster",
        "20261101000200_plan"
      ])
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  live(
    "seats the mains of the roster in a plan, whose revision says the same",
    Effect.gen(function* () {
      yield* seed
      const sql = yield* SqlClient.SqlClient
      const seats = yield* sql`select s.entry_id, nullif(s."group", -1) as "group", s.slot, s.name, e.spec
        from plan_seats s join roster_entries e on e.id = s.live_entry_id and e.guild_id = ${guild} and e.rank = 'main'
        order by s."group", s.slot`
      const moved = yield* sql`select m.entry_id, (m."to" ->> 'group')::smallint as "group",
        (m."to" ->> 'slot')::smallint as slot, m.name, m."to" ->> 'spec' as spec
        from plan_revisions, jsonb_to_recordset(moves) as m(entry_id uuid, name text, "to" jsonb)
        order by coalesce((m."to" ->> 'group')::int, -1), 3`
      assert.lengthOf(seats, 25)
      assert.deepStrictEqual(moved, seats)
    })
  )

  live(
    "creates, restores and keeps memberships",
    Effect.gen(function* () {
      yield* makeGuild
      const sql = yield* SqlClient.SqlClient
      const applicant = yield* makeMembership(3, "applicant")
      const officer = yield* makeMembership(6, "officer")
      const former = yield* makeMembership(7, "officer", 9)
      yield* makeMembership(7, "admin", 1)
      yield* sql`update users set deleted_at = now() where id = ${former}`
      yield* seed
      assert.deepStrictEqual(yield* memberships(applicant), [{ role: "raider", live: true }])
      assert.deepStrictEqual(yield* memberships(officer), [{ role: "officer", live: true }])
      const told = [
        { role: "raider", live: true },
        { role: "officer", live: false }
      ]
      assert.deepStrictEqual(yield* memberships(former), told)
      assert.deepStrictEqual(yield* sql`select from users where deleted_at is not null`, [])
    })
  )

  live(
    "updates an owner's character, creates a deleted one again, and leaves another user's alone",
    Effect.gen(function* () {
      const owner = yield* makeUser(discordId(3))
      const changed = yield* makeCharacter(owner, "CYRANDEL", false)
      const deleted = yield* makeCharacter(owner, "Cyrabloom", true)
      const taken = yield* makeCharacter(yield* makeUser("1"), "Cyrashade", false)
      yield* seed
      const sql = yield* SqlClient.SqlClient
      const rows =
        yield* sql`select id, class from characters where id in (${changed}, ${deleted}, ${taken}) order by class`
      assert.deepStrictEqual(rows[0], { id: changed, class: "Mage" })
      assert.deepStrictEqual([rows[1]?.["class"], rows[2]?.["class"]], ["Rogue", "Rogue"])
      const live = yield* sql`select name, user_id = ${owner} as own from characters
        where name in ('Cyrabloom', 'Cyrashade') and deleted_at is null order by name`
      assert.deepStrictEqual(live, [
        { name: "Cyrabloom", own: true },
        { name: "Cyrashade", own: false }
      ])
    })
  )

  live(
    "leaves existing snapshots and profiles alone",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const id = yield* makeCharacter(yield* makeUser(discordId(3)), "Cyrandel", false)
      yield* sql`insert into character_warcraftlogs_snapshots (character_id, total_kills) values (${id}, 5)`
      yield* sql`insert into discord_profiles (discord_identity_id, username) select id, 'real' from discord_identities`
      yield* seed
      const kills = yield* sql`select character_id as id, total_kills as kills from character_warcraftlogs_snapshots`
      assert.deepStrictEqual(kills, [{ id, kills: 5 }])
      assert.deepStrictEqual(yield* sql`select from character_battlenet_snapshots`, [])
      assert.strictEqual((yield* sql`select from discord_profiles where username = 'real'`).length, 1)
    })
  )

  live(
    "makes nobody admin of an existing guild",
    Effect.gen(function* () {
      yield* makeGuild
      yield* seed
      const sql = yield* SqlClient.SqlClient
      const roles = yield* sql`select distinct role from guild_memberships`
      assert.deepStrictEqual(roles, [{ role: "raider" }])
      assert.deepStrictEqual(yield* sql`select name from guilds`, [{ name: "Older" }])
    })
  )
})

describe("seeds", () => {
  live(
    "stop when an applied seed was changed",
    Effect.gen(function* () {
      yield* seed
      yield* (yield* SqlClient.SqlClient)`update seed_history set checksum = 'other' where name like '%roster'`
      const { message } = yield* Effect.flip(seed)
      assert.match(message, /^Failed to apply database seeds: 20261101000100_roster was changed after it was applied/)
    })
  )

  live(
    "can be reverted by hand, without removing people who signed in",
    Effect.gen(function* () {
      yield* seed
      const sql = yield* SqlClient.SqlClient
      yield* sql`update discord_identities set last_login_at = now() where discord_user_id = ${discordId(3)}`
      for (const file of ["20261101000100_roster.down.sql", "20261101000000_guild.down.sql"]) {
        const text = yield* Effect.promise(() => readFile(new URL(`../../seeds/${file}`, import.meta.url), "utf8"))
        for (const statement of splitStatements(text)) yield* sql.unsafe(statement.text)
      }
      const left = yield* everything
      assert.deepStrictEqual([left.users.length, left.guilds.length, left.memberships.length], [1, 0, 0])
      const kept = characters.filter(({ owner }) => owner === discordId(3))
      assert.strictEqual(left.characters.length, kept.length)
    })
  )
})
