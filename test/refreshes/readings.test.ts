import { assert, describe, it } from "@effect/vitest"
import { readActiveSpec, readAvatar, readProfile, readRealms } from "../../src/refreshes/battlenet/Profile.ts"
import { gameVersions } from "../../src/game/GameVersions.ts"
import { slugByRule } from "../../src/game/Realm.ts"
import { warcraftlogsWordsOf } from "../../src/game/WarcraftlogsWords.ts"
import type { CharacterId } from "../../src/characters/Character.ts"
import { findIn, readFight } from "../../src/refreshes/warcraftlogs/Gear.ts"
import { readRankings } from "../../src/refreshes/warcraftlogs/Rankings.ts"
import type { Sought } from "../../src/refreshes/warcraftlogs/Sheet.ts"
import { readSheets } from "../../src/refreshes/warcraftlogs/Sheets.ts"

const words = warcraftlogsWordsOf("classicann")
const asked = { metric: "dps", zoneId: 1056, className: "Warrior", words } as const

const row = (fields: object) => ({
  encounter: { id: 100_623, name: "Hydross the Unstable" },
  rankPercent: 68.3598,
  medianPercent: 57.2865,
  lockedIn: true,
  totalKills: 3,
  fastestKill: 305_225,
  allStars: { points: "many", rank: "~5575", serverRank: 1.5, regionRank: -1, rankPercent: "-" },
  spec: "Protection",
  bestSpec: "Protection",
  bestAmount: 1917.664699,
  ...fields
})

describe("readRankings", () => {
  it("sums kills, keeps rows of zeros, and leaves out what is not an encounter", () => {
    const nothing = {
      rankPercent: null,
      medianPercent: null,
      totalKills: 0,
      fastestKill: 0,
      spec: null,
      bestSpec: null
    }
    const junk = row({ encounter: { id: "x" } })
    const odd = row({ rankPercent: "-", totalKills: -1, bestAmount: "1", fastestKill: 99.6, spec: "a\u0000b" })
    const read = readRankings(
      {
        zone: 1048,
        metric: "hps",
        bestPerformanceAverage: 64.2,
        rankings: [row({}), row(nothing), junk, null, 7, odd]
      },
      asked
    )
    if (read === undefined || read === "hidden" || read.rankings === undefined) return assert.fail()
    assert.deepInclude(read, { zone_id: 1048, metric: "hps", best_performance_average: 64.2, total_kills: 3 })
    assert.isNull(read.median_performance_average)
    assert.deepEqual(read.rankings[0], {
      encounter_id: 100_623,
      encounter_name: "Hydross the Unstable",
      rank_percent: 68.3598,
      median_percent: 57.2865,
      total_kills: 3,
      fastest_kill_ms: 305_225,
      best_amount: 1917.664699,
      spec: "Protection",
      all_stars: {
        points: null,
        possible_points: null,
        rank: 5575,
        region_rank: null,
        server_rank: null,
        rank_percent: null,
        total: null
      }
    })
    assert.deepInclude(read.rankings[1], { rank_percent: null, total_kills: 0, fastest_kill_ms: null, spec: null })
    const strange = { rank_percent: null, total_kills: 0, best_amount: null, fastest_kill_ms: null, spec: "ab" }
    assert.deepInclude(read.rankings[2], strange)
    assert.strictEqual(read.rankings.length, 3)
  })

  it.each([
    [{ error: "You do not have permission to see this character's rankings." }, "hidden"],
    [{ error: "Invalid zone specified." }, undefined],
    ["text", undefined],
    [[], undefined],
    [7, undefined]
  ])("%j is %s", (zoneRankings, expected) => {
    assert.strictEqual<unknown>(readRankings(zoneRankings, asked), expected)
  })
})

describe("the words of Warcraft Logs", () => {
  it.each([
    ["classicann", 3, "BeastMastery", "Beast Mastery"],
    ["classicann", 6, "Justicar", "Protection"],
    ["classicann", 2, "Warden", "Feral"],
    ["classicann", 2, "Guardian", "Feral"],
    ["retail", 2, "Guardian", "Guardian"],
    ["classic1x", 11, "Gladiator", "Protection"],
    ["classicann", 11, "Champion", "Protection"],
    ["retail", 1, "Lichborne", "Blood"],
    ["classicann", 7, "Smiter", "Smiter"],
    ["classicann", 99, "SomethingNew", "Something New"]
  ] as const)("%s: class %i, %s is %s", (version, classId, word, expected) => {
    const { classOf, specOf } = warcraftlogsWordsOf(version)
    assert.strictEqual(specOf(classOf(classId), word), expected)
  })
})

const actor = (id: number, name: string, server: string | null, type = "Player") => ({ id, name, type, server })
const event = (sourceID: number, gear: unknown, type = "combatantinfo") => ({
  timestamp: 601_234,
  type,
  sourceID,
  gear
})
const fight = (actors: ReadonlyArray<unknown>, events: ReadonlyArray<unknown>) => ({
  reportData: { report: { masterData: { actors }, events: { data: events } } }
})
const helmet = { id: 30_228, quality: 4, icon: "inv_helmet_15.jpg", itemLevel: 133 }
const found = (data: unknown, sought: Sought) => {
  const read = readFight(data)
  return read && findIn(read, sought)
}
const pyrena = { name: "PYRÉNA", servers: ["spineshatter"] }

describe("readFight", () => {
  it("maps slots, enchantments and gems, and tolerates junk anywhere", () => {
    const gems = [{ id: 25_897, itemLevel: 70, icon: "gem.jpg" }, { id: "x" }, { id: 0 }]
    const gear = [
      { ...helmet, permanentEnchant: 3003, gems },
      { id: 0, quality: 1, icon: "inv_axe_02.jpg", itemLevel: 0 },
      null,
      { ...helmet, id: "30228" },
      { ...helmet, quality: 2 ** 40, itemLevel: 1.5, icon: 7, temporaryEnchant: "a", gems: [] },
      ...Array.from({ length: 20 }, () => helmet)
    ]
    const read = found(fight([actor(1, "Pyréna", "Spineshatter")], [event(1, gear)]), pyrena)
    const none = { permanentEnchant: null, temporaryEnchant: null, gems: null }
    assert.deepEqual(read?.gear?.slice(0, 3), [
      { ...helmet, ...none, slot: 1, permanentEnchant: 3003, gems: [{ id: 25_897, itemLevel: 70, icon: "gem.jpg" }] },
      { id: 30_228, ...none, slot: 5, quality: null, itemLevel: null, icon: null },
      { ...helmet, ...none, slot: 6 }
    ])
    assert.strictEqual(read?.gear?.at(-1)?.slot, 19)
  })

  it("picks the player by realm among namesakes, pets and decomposed names", () => {
    const actors = [
      actor(1, "Pyréna", "Thunderstrike"),
      actor(2, "Pyréna", "Spineshatter", "Pet"),
      actor(3, "Pyre\u0301na", "Spineshatter")
    ]
    const events = [1, 2, 3].map((id) => event(id, [{ ...helmet, id: 1000 + id }]))
    assert.deepInclude(found(fight(actors, events), pyrena)?.gear?.[0], { id: 1003 })
    assert.isUndefined(found(fight(actors.slice(0, 2), events), pyrena)?.actor)
    assert.strictEqual(found(fight([actor(9, "Pyréna", null)], events), pyrena)?.actor, 9)
    const joined = { name: "Pyréna", servers: ["Living Flame"] }
    assert.strictEqual(found(fight([actor(4, "Pyréna", "LivingFlame")], events), joined)?.actor, 4)
  })

  it("finds nothing in events without gear or of another type, or in a hidden report", () => {
    const actors = [actor(1, "Pyréna", "Spineshatter")]
    const odd = [event(1, undefined), event(1, []), event(1, [helmet], "cast"), null, 7]
    assert.deepEqual(found(fight(actors, odd), pyrena), { actor: 1, gear: undefined })
    const archived = { reportData: { report: { masterData: { actors }, events: null } } }
    assert.deepEqual(found(archived, pyrena), { actor: 1, gear: undefined })
    assert.deepEqual(found({ reportData: { report: null } }, pyrena), { actor: undefined, gear: undefined })
    assert.isUndefined(found({}, pyrena))
  })

  it("orders kills by time, whatever the order of the reports", () => {
    const kill = (id: number, endTime: number) => ({ id, startTime: endTime - 1, endTime, friendlyPlayers: null })
    const reports = {
      data: [
        { code: "old", startTime: 1000, endTime: 5000, fights: [kill(1, 100), kill(2, 900)] },
        { code: "wipes", startTime: 9000, fights: [] },
        { code: "new", startTime: 1500, endTime: 3 * 3_600_000, fights: [kill(3, 100), kill(4, 600)] }
      ]
    }
    const one = {
      character: "" as CharacterId,
      name: "Pyréna",
      server: "Spineshatter",
      realm: slugByRule("Spineshatter"),
      region: "eu",
      game_version: null,
      class: null,
      role: null
    }
    const told = { errors: [], now: 8 * 3_600_000, zoneId: undefined, skipGear: false, version: "classicann" }
    const [sheet] = readSheets([one], { characterData: { c0: { recentReports: reports } } }, told) ?? []
    if (sheet === undefined || typeof sheet === "string") return assert.fail()
    assert.deepEqual(
      sheet.reports.map(({ fight }) => fight),
      [4, 2, 3, 1]
    )
    // One report ended too recently, or did not say when.
    assert.deepEqual(
      sheet.reports.map(({ finished }) => finished),
      [false, true, false, true]
    )
  })
})

describe("Battle.net readings", () => {
  it("reads a profile", () => {
    const sparse = { id: 71_032_969, name: "Rakkamok", level: 70 }
    const game = gameVersions.get("classicann")!
    const empty = {
      level: 70,
      equipped_item_level: null,
      active_spec_name: null,
      faction: null,
      class: null,
      race: null
    }
    assert.deepEqual(readProfile(sparse, game), { battlenet_id: 71_032_969, ...empty })
    const era = { ...sparse, active_spec: { id: 0 }, faction: { type: "ALLIANCE", name: "Allianz" } }
    assert.deepInclude(readProfile(era, game), { active_spec_name: null, faction: "alliance" })
    const retail = { ...sparse, active_spec: { id: 70, name: "Retribution" }, faction: { type: "NEUTRAL" } }
    assert.deepInclude(readProfile(retail, game), { active_spec_name: "Retribution", faction: null })
    const localised = { ...sparse, active_spec: { id: 70, name: { en_US: "Retribution" } }, level: "70" }
    assert.deepInclude(readProfile(localised, game), { active_spec_name: null, level: null })
    const whole = { ...sparse, character_class: { id: 11, name: "Druide" }, race: { id: 8, name: "Troll" } }
    assert.deepInclude(readProfile(whole, game), { class: "Druid", race: "Troll" })
    assert.deepInclude(readProfile({ ...sparse, character_class: { id: 6 }, race: { id: 99 } }, game), empty)
    for (const wrong of [undefined, null, [], "x", {}, { id: "1" }]) assert.isUndefined(readProfile(wrong, game))
  })

  it("reads the talent tree with most points in the active group", () => {
    const groups = (...trees: ReadonlyArray<object>) => ({
      specialization_groups: [
        { is_active: false, specializations: [{ specialization_name: "Frost", spent_points: 61 }] },
        { is_active: true, specializations: trees }
      ]
    })
    const arcane = { specialization_name: "Arcane", spent_points: 40, talents: [] }
    const fire = { specialization: { id: 1, name: "Fire" }, spent_points: 41 }
    assert.strictEqual(readActiveSpec(groups(arcane, { specialization_name: "Frost", spent_points: 21 })), "Arcane")
    assert.strictEqual(readActiveSpec(groups(arcane, fire)), "Fire")
    assert.isNull(readActiveSpec(groups({ specialization_name: "Arcane", spent_points: 0 })))
    assert.isNull(readActiveSpec({ specialization_groups: [{ is_active: true }] }))
    for (const wrong of [undefined, null, {}, { specialization_groups: 7 }]) assert.isNull(readActiveSpec(wrong))
  })

  it.each([
    ["https://render.worldofwarcraft.com/a.jpg", true],
    ["http://render.worldofwarcraft.com/a.jpg", false],
    ["javascript:alert(1)", false],
    ["//render.worldofwarcraft.com/a.jpg", false],
    ["https://user:pass@render.worldofwarcraft.com/a.jpg", false],
    ["https://render.worldofwarcraft.com/a b.jpg", false],
    [`https://render.worldofwarcraft.com/${"a".repeat(3000)}`, false],
    ["https://", false]
  ])("accepts %s as a picture: %s", (value, taken) => {
    assert.strictEqual(
      readAvatar({ assets: [{ key: "main", value: "x" }, null, { key: "avatar", value }] }),
      taken ? value : null
    )
  })

  it("reads realm names in one language or in all", () => {
    const realms = [
      { slug: "spineshatter", name: "Spineshatter" },
      { slug: "flamegor", name: { en_US: "Flamegor", ru_RU: "Пламегор", bad: 7 } }
    ]
    assert.deepEqual(
      readRealms({ realms })?.map(({ name }) => name),
      ["Spineshatter", "Flamegor", "Пламегор"]
    )
    assert.isUndefined(readRealms({ realms: "none" }))
  })
})
