import { assert, layer } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { CharacterId } from "../../src/characters/Character.ts"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { demoCharacters, type SimCharacter } from "../../src/demo/simulators/World.ts"
import type { BnetCharacter } from "../../src/refreshes/battlenet/Reading.ts"
import { SnapshotsRepo } from "../../src/refreshes/SnapshotsRepo.ts"
import { noRankings } from "../../src/refreshes/warcraftlogs/Rankings.ts"
import type { WclRankings } from "../../src/refreshes/warcraftlogs/Sheet.ts"
import { sentences } from "../../src/refreshes/warcraftlogs/Sheets.ts"
import { until } from "../start/startProcess.ts"
import { openBrowser } from "../support/Browser.ts"
import { characterOf, seededGuild } from "../support/seeded.ts"
import { live, TestApp } from "../support/TestApp.ts"

const row = {
  encounter_id: 1,
  encounter_name: "Hydross the Unstable",
  rank_percent: 90,
  median_percent: 80,
  total_kills: 2,
  fastest_kill_ms: 1000,
  best_amount: 900,
  spec: "Beast Mastery",
  all_stars: null
}

const read: WclRankings = {
  ...noRankings,
  rankings: [row],
  zone_id: 1056,
  metric: "dps",
  difficulty: 3,
  size: 25,
  partition: 1,
  best_performance_average: 90,
  median_performance_average: 80,
  total_kills: 2,
  fault: null,
  erases: false,
  partial: false,
  error: null
}
const unread: WclRankings = { ...read, ...noRankings, fault: "unread", partial: true, error: sentences.unread }
const hidden: WclRankings = { ...read, ...noRankings, rankings: [], erases: true, error: sentences.hidden }

const helmet = {
  id: 29_076,
  slot: 1,
  quality: 4,
  icon: null,
  itemLevel: 128,
  permanentEnchant: null,
  temporaryEnchant: null,
  gems: null
}

const profile: BnetCharacter = {
  battlenet_id: 71_000_001,
  avatar_url: "https://render.worldofwarcraft.com/eu/1.jpg",
  level: 70,
  equipped_item_level: 126,
  active_spec_name: "Arms",
  faction: "horde",
  class: "Warrior",
  race: "Orc",
  error: null,
  unread: []
}
const unknown: BnetCharacter = {
  ...profile,
  battlenet_id: null,
  avatar_url: null,
  level: null,
  equipped_item_level: null,
  active_spec_name: null,
  faction: null,
  class: null,
  race: null,
  error: "Battle.net does not know this character."
}

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("what is stored of the providers' answers", (it) => {
  const world = Effect.gen(function* () {
    const { sql } = yield* TestApp
    const repo = Context.get(
      yield* Layer.build(SnapshotsRepo.layer.pipe(Layer.provide(Layer.succeed(SqlClient.SqlClient, sql)))),
      SnapshotsRepo
    )
    const browser = yield* openBrowser()
    yield* browser.signIn(personas.officer.id)
    const entries = Effect.map(browser.client.roster.get({ params: { guild_id: seededGuild } }), ({ roster }) => ({
      revision: roster.revision,
      entries: roster.players.flatMap(({ characters }) => characters)
    }))
    const detail = (id: CharacterId) =>
      Effect.map(browser.client.characters.get({ params: { character_id: id } }), ({ character }) => character)
    const summaryOf = (id: CharacterId) =>
      Effect.map(entries, ({ entries }) => entries.find((entry) => entry.id === id)!.summary)
    const all = (yield* entries).entries.map(({ id }) => id)
    return { sql, repo, browser, entries, detail, summaryOf, all }
  })

  it.effect("many in one statement each, and one revision of the roster; those that are gone are left out", () =>
    Effect.gen(function* () {
      const { repo, entries, all, detail } = yield* world
      const gone = "00000000-0000-4000-8000-000000000001" as CharacterId
      const ids = [...all, gone]
      yield* repo.storeSheets(ids.map((character) => ({ character, found: read })))
      yield* repo.storeProfiles(ids.map((character) => ({ character, found: profile })))
      const before = (yield* entries).revision
      const stored = [
        yield* repo.storeSheets(ids.map((character) => ({ character, found: read }))),
        yield* repo.storeGear(ids.map((character) => ({ character, gear: [helmet] }))),
        yield* repo.storeProfiles(ids.map((character) => ({ character, found: profile })))
      ]
      for (const one of stored) assert.deepStrictEqual(one.toSorted(), all.toSorted())
      assert.strictEqual((yield* entries).revision, before + 3)
      for (const id of [all[0]!, all.at(-1)!]) {
        const { warcraftlogs, battlenet } = yield* detail(id)
        assert.deepInclude(warcraftlogs!, { gear: [helmet], rankings: [row], difficulty: 3, size: 25, partition: 1 })
        assert.deepInclude(battlenet!, { class: "Warrior", race: "Orc", identity: null })
      }
    })
  )

  it.effect("nothing of a character that is deleted while it is stored", () =>
    Effect.gen(function* () {
      const { repo, sql } = yield* world
      for (const store of [
        (id: CharacterId) => repo.storeWarcraftlogs(id, { ...read, gear: [helmet] }),
        (id: CharacterId) => repo.storeBattlenet(id, profile)
      ]) {
        const [made] = yield* sql<{ readonly id: CharacterId }>`
          insert into characters (name, region, server, class, race, spec, role, rank, realm_slug, name_key)
          values ('Mayfly', 'eu', 'x', 'Mage', 'Troll', 'Frost', 'ranged', 'alt', 'x', 'mayfly') returning id`
        const [deleted, seen] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const deleting = yield* Effect.forkScoped(
          sql.withTransaction(
            Effect.andThen(sql`delete from characters where id = ${made!.id}::uuid`, () =>
              Effect.andThen(Deferred.succeed(deleted, undefined), Deferred.await(seen))
            )
          )
        )
        yield* Deferred.await(deleted)
        const storing = yield* Effect.forkScoped(store(made!.id))
        yield* until(
          sql<{ readonly n: number }>`
            select count(*)::int as n from pg_stat_activity
            where wait_event_type = 'Lock' and query like '%_snapshots as old%' and datname = current_database()`,
          ([row]) => row!.n === 1
        )
        yield* Deferred.succeed(seen, undefined)
        yield* Fiber.join(deleting)
        assert.isUndefined(yield* Fiber.join(storing))
      }
    })
  )

  it.effect("each part knows when it was read, and one that was not stays as it was", () =>
    Effect.gen(function* () {
      const { repo, detail, summaryOf, sql, all } = yield* world
      const character = all[1]!
      yield* sql`delete from character_warcraftlogs_snapshots where character_id = ${character}::uuid`
      yield* repo.storeSheets([{ character, found: unread }])
      const never = (yield* detail(character)).warcraftlogs!
      assert.deepInclude(never, { rankings: [], gear: [], rankings_fetched_at: null, gear_fetched_at: null })
      yield* repo.storeSheets([{ character, found: read }])
      yield* repo.storeGear([{ character, gear: [helmet] }])
      const first = (yield* detail(character)).warcraftlogs!
      assert.deepInclude(first, { partial: false, error: null, gear: [helmet] })
      assert.isAbove(Date.parse(first.gear_fetched_at!), Date.parse(first.rankings_fetched_at!))
      yield* repo.storeSheets([{ character, found: unread }])
      const second = (yield* detail(character)).warcraftlogs!
      assert.deepInclude(second, { partial: true, error: sentences.unread, rankings: [row], metric: "dps", size: 25 })
      assert.deepStrictEqual(
        [second.rankings_fetched_at, second.gear_fetched_at],
        [first.rankings_fetched_at, first.gear_fetched_at]
      )
      assert.isAbove(Date.parse(second.fetched_at), Date.parse(first.fetched_at))
      yield* repo.storeSheets([{ character, found: read }])
      yield* repo.storeGear([{ character, gear: undefined }])
      const third = (yield* detail(character)).warcraftlogs!
      assert.deepInclude(third, { partial: true, error: sentences.noGear, gear: [helmet] })
      assert.strictEqual(third.gear_fetched_at, first.gear_fetched_at)
      const { warcraftlogs } = yield* summaryOf(character)
      assert.deepStrictEqual(
        [warcraftlogs!.rankings_fetched_at, warcraftlogs!.gear_fetched_at],
        [third.rankings_fetched_at, third.gear_fetched_at]
      )
    })
  )

  it.effect("hidden logs take parses and gear away, and say so", () =>
    Effect.gen(function* () {
      const { repo, detail, all } = yield* world
      const character = all[2]!
      yield* repo.storeSheets([{ character, found: read }])
      yield* repo.storeGear([{ character, gear: [helmet] }])
      yield* repo.storeSheets([{ character, found: hidden }])
      assert.deepInclude((yield* detail(character)).warcraftlogs!, {
        gear: [],
        rankings: [],
        all_stars: [],
        zone_id: null,
        best_performance_average: null,
        error: sentences.hidden
      })
    })
  )

  it.effect("another id marks a character as replaced, 30 days without one as gone", () =>
    Effect.gen(function* () {
      const { browser, repo, detail, summaryOf, sql, all } = yield* world
      const character = all[3]!
      const store = (found: BnetCharacter) =>
        Effect.andThen(
          repo.storeProfiles([{ character, found }]),
          Effect.map(detail(character), ({ battlenet }) => battlenet!)
        )
      assert.isNull((yield* store(profile)).identity)
      assert.deepInclude(yield* store(unknown), { identity: null, level: null, class: null, error: unknown.error })
      const past = (days: number) =>
        sql`update character_battlenet_snapshots set gone_since = now() - make_interval(days => ${days}::int)
          where character_id = ${character}::uuid`
      yield* past(29)
      assert.isNull((yield* store(unknown)).identity)
      yield* past(30)
      assert.strictEqual((yield* store(unknown)).identity, "gone")
      assert.strictEqual((yield* summaryOf(character)).battlenet!.identity, "gone")
      // It is back, as itself; then it is another one.
      assert.isNull((yield* store(profile)).identity)
      assert.strictEqual((yield* store({ ...profile, battlenet_id: 71_000_002 })).identity, "replaced")
      assert.strictEqual((yield* store({ ...profile, battlenet_id: 71_000_002 })).identity, "replaced")
      assert.strictEqual((yield* summaryOf(character)).battlenet!.identity, "replaced")
      // Another one yet, and then the first one again.
      assert.strictEqual((yield* store({ ...profile, battlenet_id: 71_000_003 })).identity, "replaced")
      assert.isNull((yield* store(profile)).identity)
      // Whoever edits the entry has seen the mark.
      assert.strictEqual((yield* store({ ...profile, battlenet_id: 71_000_002 })).identity, "replaced")
      const { players } = (yield* browser.client.roster.get({ params: { guild_id: seededGuild } })).roster
      const player = players.find(({ characters }) => characters.some(({ id }) => id === character))!
      const { entry_id } = player.characters.find(({ id }) => id === character)!
      const edited = yield* browser.send(
        "PATCH",
        `/api/v1/guilds/${seededGuild}/players/${player.id}/characters/${entry_id}`,
        { json: { note: "The new one plays here now." } }
      )
      assert.strictEqual(edited.status, 200)
      assert.isNull((yield* summaryOf(character)).battlenet!.identity)
      // Whoever edits the character accepts the new one as itself: the old one is then another.
      yield* sql`update characters set updated_at = now() where id = ${character}::uuid`
      assert.isNull((yield* detail(character)).battlenet!.identity)
      assert.strictEqual((yield* store(profile)).identity, "replaced")
      assert.isNull((yield* store({ ...profile, battlenet_id: 71_000_002 })).identity)
      // What could not be read stays.
      const kept = yield* store({ ...profile, avatar_url: null, active_spec_name: null, unread: ["avatar_url"] })
      assert.deepInclude(kept, { avatar_url: profile.avatar_url, active_spec_name: null })
    })
  )

  it.effect("the roster tells where Battle.net has another class or race", () =>
    Effect.gen(function* () {
      const { battlenet } = yield* TestApp
      const { browser, summaryOf } = yield* world
      const raider = yield* openBrowser()
      yield* raider.signIn(personas.raider.id)
      const { id, name } = yield* characterOf(raider, { wcl: "ranked", bnet: "ok" })
      const known = demoCharacters.find((one) => one.name === name && one.realm === "spineshatter")!
      const differing = Effect.fnUntraced(function* (changes: Partial<SimCharacter>) {
        battlenet.put({ ...known, ...changes })
        yield* browser.client.refreshes.battlenet({ params: { character_id: id } })
        const { battlenet: summary } = yield* summaryOf(id)
        return [summary!.class, summary!.race, summary!.differs]
      })
      assert.deepStrictEqual(yield* differing({}), [known.class, known.race, []])
      assert.deepStrictEqual(yield* differing({ race: "Tauren", class: "Druid", spec: "Balance" }), [
        "Druid",
        "Tauren",
        ["class", "race"]
      ])
      assert.deepStrictEqual(yield* differing({ bnet: "sparse" }), [known.class, null, []])
      battlenet.put(known)
    })
  )
})
