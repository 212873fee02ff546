import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { cp, readdir, rm } from "node:fs/promises"
import { gameVersions } from "../../src/game/GameVersions.ts"
import { characterKey, realmSlug } from "../../src/game/Realm.ts"
import { migrateFrom, migrationsDirectory, rollback } from "../../src/infra/SqlFiles.ts"
import { schemaOf } from "../infra/schemaOf.ts"
import { emptyDatabase, folderOf, migratedDatabase } from "../infra/SqlFolders.ts"

const ours = ["20261126000000_characters_without_owners", "20261126000100_roster"] as const

/** A folder of the migrations up to that one; up to the last of the release before if it is undefined. */
const migrationsTo = Effect.fnUntraced(function* (last?: string) {
  const folder = yield* folderOf({})
  yield* Effect.promise(() => cp(migrationsDirectory, folder.path, { recursive: true }))
  for (const file of yield* Effect.promise(() => readdir(folder.path))) {
    const name = file.split(".", 1)[0]!
    if (last === undefined ? name >= ours[0] : name > last) yield* Effect.promise(() => rm(`${folder.path}/${file}`))
  }
  return folder.path
})

const id = (n: number) => `00000000-0000-4000-8000-0000000000${String(n).padStart(2, "0")}`
const [guild, gone] = [id(90), id(91)]

const character = (
  n: number,
  user: number,
  name: string,
  more: Partial<Record<"class" | "spec" | "race" | "server" | "rank" | "deleted", string>> = {}
) =>
  `insert into characters (id, user_id, name, region, server, class, race, spec, role, rank, deleted_at) values (
    '${id(n)}', '${id(user)}', '${name}', 'eu', '${more.server ?? "Living Flame"}', '${more.class ?? "Mage"}',
    '${more.race ?? "Troll"}', '${more.spec ?? "Frost"}', 'ranged', '${more.rank ?? "main"}', ${more.deleted ?? "null"})`

/** People 1 to 7: admin, raider, applicant, one who left, a deleted user, one without a Discord identity, a stranger. */
const oldRows = [
  ...[1, 2, 3, 4, 5, 6, 7].map(
    (n) => `insert into users (id, deleted_at) values ('${id(n)}', ${n === 5 ? "now()" : "null"})`
  ),
  ...[1, 2, 3, 4, 5, 7].flatMap((n) => [
    `insert into discord_identities (id, user_id, discord_user_id) values ('${id(10 + n)}', '${id(n)}', '93000000000000000${n}')`,
    `insert into discord_profiles (discord_identity_id, username, global_name) values ('${id(10 + n)}', 'user${n}', ${n === 2 ? "E'  Zwei\\u202E '" : "null"})`
  ]),
  `insert into user_sessions (user_id, token_hash, csrf_token_hash, expires_at) values ('${id(2)}', 't', 'c', now() + interval '1 day')`,
  `insert into guilds (id, name, realm, region, faction, game_version) values ('${guild}', 'G', 'Living Flame', 'eu', 'horde', 'classicann')`,
  `insert into guilds (id, name, realm, region, faction, game_version, deleted_at) values ('${gone}', 'D', 'R', 'eu', 'horde', 'classic', now())`,
  ...(["admin", "raider", "applicant", "raider", "raider", "officer"] as const).map(
    (role, at) =>
      `insert into guild_memberships (guild_id, user_id, role, deleted_at) values ('${guild}', '${id(at + 1)}', '${role}', ${at === 3 ? "now()" : "null"})`
  ),
  character(21, 2, "Kravá"),
  character(22, 2, "Kravà", { rank: "main" }),
  character(23, 2, "Oldone", { class: "Bard", spec: "Lute", race: "Elf", rank: "alt" }),
  character(24, 3, "Applying"),
  character(25, 4, "Leftone"),
  character(26, 1, "KRAVÁ", { server: "living-flame", rank: "alt" }),
  character(27, 1, "Deleted", { deleted: "now()" }),
  character(28, 7, "Stranger"),
  `insert into character_battlenet_snapshots (character_id, level) values ('${id(21)}', 70)`
]

const kept = [
  "users",
  "discord_identities",
  "guilds",
  "guild_memberships",
  "user_sessions",
  "character_battlenet_snapshots"
]

describe("the roster's migration", () => {
  it.live("makes members players and their characters entries, loses nothing, and reverts", () =>
    Effect.gen(function* () {
      const { layer } = yield* emptyDatabase
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const all = (text: string) => sql.unsafe<Record<string, unknown>>(text).unprepared
        const directory = yield* migrationsTo(ours[1])
        yield* migrateFrom(yield* migrationsTo())
        const schema = yield* schemaOf("public")
        for (const text of oldRows) yield* all(text)
        const before = yield* Effect.forEach(kept, (table) => all(`select * from ${table} order by 1`))
        const characters = yield* all(
          "select id, user_id, name, class, race, spec, role, rank, created_at, updated_at, deleted_at from characters order by id"
        )

        assert.deepStrictEqual((yield* migrateFrom(directory)).applied, ours)
        assert.deepStrictEqual(yield* Effect.forEach(kept, (table) => all(`select * from ${table} order by 1`)), before)
        assert.deepStrictEqual(
          yield* all(
            "select id, user_id, name, class, race, spec, role, rank, created_at, updated_at, deleted_at from characters order by id"
          ),
          characters
        )
        const roster = yield* all(`
          select p.name, p.status, p.discord_user_id as discord, p.user_id as user,
            array(select c.name || ' ' || e.rank from roster_entries e join characters c on c.id = e.character_id
              where e.player_id = p.id order by c.id) as characters
          from roster_players p where guild_id = '${guild}' order by p.user_id`)
        assert.deepStrictEqual(roster, [
          // The same character under another spelling of its realm stays its owner's, but a guild has it once.
          { name: "user1", status: "active", discord: "930000000000000001", user: id(1), characters: [] },
          {
            name: "Zwei",
            status: "active",
            discord: "930000000000000002",
            user: id(2),
            characters: ["Kravá main", "Kravà alt", "Oldone alt"]
          },
          { name: "user3", status: "trial", discord: "930000000000000003", user: id(3), characters: ["Applying main"] },
          { name: `Player ${id(6).slice(0, 8)}`, status: "active", discord: null, user: id(6), characters: [] }
        ])
        assert.deepStrictEqual(yield* all("select id from characters where twin"), [{ id: id(26) }])

        // Words that no list has may stay, and be edited, but none comes in by our own writes.
        yield* all(`update roster_entries set note = 'x' where spec = 'Lute'`)
        const refused = yield* Effect.flip(all(`update roster_entries set spec = 'Fire Dance' where spec = 'Lute'`))
        assert.strictEqual(refused.reason._tag, "ConstraintError")

        const after = yield* all("select id, user_id from characters where user_id is not null order by id")
        yield* all(
          `insert into characters (name, region, server, class, race, spec, role, rank) values ('Nobody', 'eu', 'x', 'Mage', null, 'Frost', 'ranged', 'alt')`
        )
        const refusal = yield* Effect.flip(rollback(directory))
        assert.match(refusal.message, /characters without an owner, players who are no members, notes or off-specs/)
        yield* all("delete from characters where user_id is null")
        yield* all("update roster_entries set note = null")
        assert.strictEqual(yield* rollback(directory), ours[1])
        assert.strictEqual(yield* rollback(directory), ours[0])
        assert.deepStrictEqual(yield* schemaOf("public"), schema)
        assert.deepStrictEqual(yield* all("select id, user_id from characters order by id"), after)
        assert.deepStrictEqual((yield* migrateFrom(directory)).applied, ours)
      }).pipe(Effect.provide(layer))
    })
  )

  it.live("a server of the last release goes on: what it writes reaches the roster", () =>
    Effect.gen(function* () {
      const { layer } = yield* migratedDatabase
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const all = (text: string) => sql.unsafe<Record<string, unknown>>(text).unprepared
        for (const text of oldRows) yield* all(text)
        const roster = all(`select coalesce(p.user_id::text, '-') as user, p.status, count(e.id)::int as entries
          from roster_players p left join roster_entries e on e.player_id = p.id
          where p.guild_id = '${guild}' group by p.id order by 1, 2`)
        assert.deepStrictEqual(
          yield* roster,
          [
            { user: id(1), status: "active", entries: 1 },
            { user: id(2), status: "active", entries: 3 },
            { user: id(6), status: "active", entries: 0 }
          ].map((row) => (row.user === id(1) ? { ...row, entries: 0 } : row))
        )
        // An applicant is promoted, a raider leaves and comes back, a user is deleted and signs in again.
        yield* all(`update guild_memberships set role = 'raider', updated_at = now() where user_id = '${id(3)}'`)
        yield* all(`update guild_memberships set deleted_at = now() where user_id = '${id(2)}'`)
        assert.deepStrictEqual(yield* roster, [
          { user: "-", status: "inactive", entries: 3 },
          { user: id(1), status: "active", entries: 0 },
          { user: id(3), status: "active", entries: 1 },
          { user: id(6), status: "active", entries: 0 }
        ])
        yield* all(`insert into guild_memberships (guild_id, user_id, role) values ('${guild}', '${id(2)}', 'applicant')
          on conflict (guild_id, user_id) where deleted_at is null do nothing`)
        yield* all(`update users set deleted_at = now() where id = '${id(3)}'`)
        yield* all(`update users set deleted_at = null where id in ('${id(3)}', '${id(5)}')`)
        assert.deepStrictEqual(yield* roster, [
          { user: id(1), status: "active", entries: 0 },
          { user: id(2), status: "active", entries: 3 },
          { user: id(3), status: "active", entries: 1 },
          { user: id(5), status: "active", entries: 0 },
          { user: id(6), status: "active", entries: 0 }
        ])
        // What it reads of characters: only those that have an owner.
        const seen =
          yield* all(`select c.name from live_members m join characters c on c.user_id = m.user_id and c.deleted_at is null
          where m.guild_id = '${guild}' order by lower(c.name), c.id`)
        assert.lengthOf(seen, 5)
        // Several spellings in one statement, as its seed writes them.
        yield* all(`insert into characters (user_id, name, region, server, class, race, spec, role, rank)
          values ('${id(2)}', 'kravá', 'eu', 'living flame', 'Mage', 'Troll', 'Fire', 'ranged', 'main')
          on conflict (region, lower(server), lower(name)) where deleted_at is null
          do update set spec = excluded.spec, updated_at = now() where characters.user_id = excluded.user_id`)
        assert.deepStrictEqual(yield* all(`select e.spec from roster_entries e where character_id = '${id(21)}'`), [
          { spec: "Fire" }
        ])
        // A guild that goes takes all of it, history included.
        yield* all(`delete from guilds where id = '${guild}'`)
        assert.deepStrictEqual(yield* all("select from roster_players union all select from roster_changes"), [])
      }).pipe(Effect.provide(layer))
    })
  )

  it.live("has the game's words, and the rules for names, as the code has them", () =>
    Effect.gen(function* () {
      const { layer } = yield* migratedDatabase
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const lines = (rows: ReadonlyArray<{ line: string }>) => rows.map(({ line }) => line).toSorted()
        const all = [...gameVersions.values()]
        const specs = all.flatMap(({ classes }) =>
          classes.flatMap(({ name, specs }) => specs.map((spec) => `${name}/${spec.name}`))
        )
        const stored = yield* sql<{ line: string }>`select class || '/' || spec as line from game_specs where known`
        assert.deepStrictEqual(lines(stored), [...new Set(specs)].toSorted())
        const races = yield* sql<{ line: string }>`select name as line from game_races where known`
        assert.deepStrictEqual(
          lines(races),
          [...new Set(all.flatMap(({ races }) => races.map(({ name }) => name)))].toSorted()
        )

        for (const name of ["Kravá", "KRAVA\u0301", " Élunisse", "ЧЕРНОЛАП", "Ζεύς", "아즈샤라", "Straße", "ÞÓRR"]) {
          const [row] = yield* sql<{ key: string }>`select name_key(${name}) as key`
          assert.strictEqual(row!.key, characterKey(name), name)
        }
        for (const realm of [
          "Azjol-Nerub",
          "Nek'Rosh",
          "Aggra (Português)",
          "Pozzo dell’Eternità",
          " Living  Flame ",
          "Свежеватель Душ",
          "Arugal (AU)",
          "Ra-den",
          "CHANTS ÉTERNELS"
        ]) {
          const [row] = yield* sql<{ key: string }>`select realm_key(${realm}) as key`
          assert.strictEqual(row!.key, realmSlug(realm), realm)
        }
      }).pipe(Effect.provide(layer))
    })
  )
})
