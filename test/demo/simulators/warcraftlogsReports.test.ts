import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { warcraftlogsSimulator } from "../../../src/demo/simulators/Warcraftlogs.ts"
import { sameName } from "../../../src/demo/simulators/World.ts"
import type { Loose } from "./requests.ts"
import { applicationToken, bodyOf, client, request, someone } from "./requests.ts"

/** Sends queries to a simulator of its own. */
const asking = Effect.gen(function* () {
  const sim = yield* warcraftlogsSimulator(client)
  const headers = {
    authorization: `Bearer ${yield* applicationToken(sim.tokenUrl)}`,
    "content-type": "application/json"
  }
  const ask = (query: string, variables: object = {}) =>
    Effect.map(
      request(sim.endpoint, { method: "POST", headers, body: JSON.stringify({ query, variables }) }),
      (answer) => bodyOf(answer) as Loose
    )
  const reportsOf = (name: string, limit = 5) =>
    Effect.map(
      ask(
        `query Recent($name: String!, $limit: Int) {
          characterData { character(name: $name, serverSlug: "spineshatter", serverRegion: "eu") {
            recentReports(limit: $limit) { data {
              code startTime endTime visibility zone { id name }
              fights(killType: Kills) { id name encounterID kill difficulty size startTime endTime friendlyPlayers }
            } }
          } }
        }`,
        { name, limit }
      ),
      ({ data }) => data.characterData.character.recentReports.data
    )
  const report = (code: string, selection: string) =>
    Effect.map(
      ask(`query R($code: String!) { reportData { report(code: $code) { ${selection} } } }`, { code }),
      (body) => ({
        ...body.data.reportData.report,
        errors: body.errors
      })
    )
  return { sim, ask, reportsOf, report }
})

it.live("has kills in the second newest report", () =>
  Effect.gen(function* () {
    const { reportsOf } = yield* asking
    const reports = yield* reportsOf("Cyrandel")
    assert.deepStrictEqual(
      reports.map(({ fights }: Loose) => fights?.length ?? null),
      [0, 6, 6, null]
    )
    const [, farm] = reports
    assert.hasAllKeys(farm, ["code", "startTime", "endTime", "visibility", "zone", "fights"])
    assert.deepInclude(farm, { visibility: "public", zone: { id: 1056, name: "SSC / TK" } })
    assert.deepInclude(farm.fights[0], { id: 3, encounterID: 100623, kill: true, difficulty: 3, size: 25 })
    assert.match(farm.code, /^[A-Za-z0-9]{16}$/)
    assert.deepStrictEqual(yield* reportsOf("Cyrandel", 2), reports.slice(0, 2))
    assert.deepStrictEqual((yield* reportsOf("Borînhoof"))[1], farm)
    assert.deepStrictEqual(
      (yield* reportsOf("Farrahex")).map(({ fights }: Loose) => fights),
      [[]]
    )
  })
)

it.live("names the players, among them a namesake and a pet of the same name", () =>
  Effect.gen(function* () {
    const { reportsOf, report } = yield* asking
    const [, { code, fights }] = yield* reportsOf("Aldrakh")
    const fields = "{ id name type subType server gameID petOwner icon }"
    const selection = `all: masterData(translate: false) { actors ${fields} } players: masterData { actors(type: "Player") ${fields} }`
    const { all, players } = yield* report(code, selection)
    const namesakes = (actors: ReadonlyArray<Loose>) =>
      actors.filter(({ name }) => sameName(name) === "aldrakh").map(({ type, server }) => [type, server])
    assert.deepStrictEqual(namesakes(players.actors), [
      ["Player", "Thunderstrike"],
      ["Player", "Spineshatter"]
    ])
    assert.deepStrictEqual(namesakes(all.actors).at(-1), ["Pet", null])
    assert.includeMembers(
      all.actors.map(({ type }: Loose) => type),
      ["NPC"]
    )
    const mine = players.actors.find(({ name, server }: Loose) => name === "Aldrakh" && server === "Spineshatter")
    assert.include(fights[0].friendlyPlayers, mine.id)
    assert.isBelow(fights.at(-1).friendlyPlayers.length, fights[0].friendlyPlayers.length)
  })
)

const eventKeys =
  "timestamp type fight sourceID gear auras expansion faction specID strength agility stamina intellect spirit dodge " +
  "parry block armor critMelee critRanged critSpell hasteMelee hasteRanged hasteSpell hitMelee hitRanged hitSpell " +
  "expertise resilienceCritTaken resilienceDamageTaken talents pvpTalents customPowerSet secondaryCustomPowerSet " +
  "tertiaryCustomPowerSet"

const combatants = (fight: Loose, others = "") =>
  `events(dataType: CombatantInfo, fightIDs: [${fight.id}], startTime: 0, endTime: ${fight.endTime}, ${others}) { data nextPageTimestamp }`

it.live("gives everyone's equipment in one request", () =>
  Effect.gen(function* () {
    const { reportsOf, report } = yield* asking
    const [, { code, fights }] = yield* reportsOf("Cyrandel")
    const { events } = yield* report(code, combatants(fights[0], "translate: false"))
    assert.strictEqual(events.nextPageTimestamp, null)
    const sources = events.data.map(({ sourceID }: Loose) => sourceID)
    assert.deepStrictEqual(sources, fights[0].friendlyPlayers)
    for (const event of events.data) {
      assert.hasAllKeys(event, eventKeys.split(" "))
      assert.deepInclude(event, { type: "combatantinfo", fight: fights[0].id, specID: 0 })
      assert.lengthOf(event.gear, 19)
      assert.strictEqual(
        event.talents.reduce((sum: number, { id }: Loose) => sum + id, 0),
        61
      )
    }
    const items: ReadonlyArray<Loose> = events.data.flatMap(({ gear }: Loose) => gear)
    assert.isTrue(items.every((item) => "id" in item && "quality" in item && "icon" in item && "itemLevel" in item))
    assert.isTrue(items.some(({ id }) => id === 0))
    for (const key of ["gems", "permanentEnchant", "temporaryEnchant"]) {
      assert.isTrue(items.some((item) => key in item) && items.some((item) => !(key in item)))
    }
  })
)

it.live("sends the events of the requested window, fights and actor", () =>
  Effect.gen(function* () {
    const { reportsOf, report } = yield* asking
    const [, { code, fights }] = yield* reportsOf("Cyrandel")
    const [first, second] = fights
    const count = (events: string) =>
      Effect.map(report(code, `events(${events}) { data }`), ({ events }) => events.data.length)
    const raiders = first.friendlyPlayers.length
    const combatant = "dataType: CombatantInfo"
    assert.strictEqual(yield* count(`${combatant}, fightIDs: [${first.id}]`), 0)
    assert.strictEqual(yield* count(`${combatant}, fightIDs: [${first.id}], endTime: ${first.startTime}`), 0)
    assert.strictEqual(yield* count(`${combatant}, fightIDs: [${first.id}, ${second.id}], endTime: 1e8`), 2 * raiders)
    assert.strictEqual(yield* count(`${combatant}, encounterID: 100624, endTime: 1e8`), raiders)
    assert.strictEqual(yield* count(`${combatant}, killType: Wipes, endTime: 1e8`), 0)
    assert.strictEqual(yield* count(`${combatant}, fightIDs: [${first.id}], endTime: 1e8, sourceID: 2`), 1)
    assert.strictEqual(
      yield* count(`${combatant}, fightIDs: [${first.id}], startTime: ${first.endTime}, endTime: 1e8`),
      0
    )
    assert.strictEqual(yield* count(`dataType: Healing, fightIDs: [${first.id}], endTime: 1e8`), 0)
  })
)

it.live("continues where a page ended", () =>
  Effect.gen(function* () {
    const { reportsOf, report } = yield* asking
    const [, { code, fights }] = yield* reportsOf("Cyrandel")
    const page = (startTime: number) =>
      report(
        code,
        `events(dataType: CombatantInfo, fightIDs: [3], startTime: ${startTime}, endTime: 1e8, limit: 20) { data nextPageTimestamp }`
      )
    const first = yield* page(0)
    const second = yield* page(first.events.nextPageTimestamp)
    assert.strictEqual(second.events.nextPageTimestamp, null)
    const sources = [...first.events.data, ...second.events.data].map(({ sourceID }) => sourceID)
    assert.deepStrictEqual(sources, fights[0].friendlyPlayers)
    const { errors } = yield* report(code, "events(dataType: CombatantInfo, limit: 0) { data }")
    assert.include(errors[0].message, "limit")
  })
)

it.live("gives nothing for an archived report, and an error for one that does not exist", () =>
  Effect.gen(function* () {
    const { reportsOf, report } = yield* asking
    const { code } = (yield* reportsOf("Cyrandel")).at(-1)
    const selection =
      "archiveStatus { isArchived isAccessible } events(dataType: CombatantInfo, endTime: 1e8) { data } masterData { lang }"
    const archived = yield* report(code, selection)
    assert.deepInclude(archived, {
      archiveStatus: { isArchived: true, isAccessible: false },
      events: null,
      masterData: null
    })
    const { errors } = yield* report("0000000000000000", "code")
    assert.deepInclude(errors[0], { message: "This report does not exist.", path: ["reportData", "report"] })
  })
)

it.live("has combatant info without gear for characters that log none", () =>
  Effect.gen(function* () {
    const { sim, reportsOf, report } = yield* asking
    sim.put({
      ...someone,
      name: "Bare",
      wcl: "no-gear"
    })
    const [, { code, fights }] = yield* reportsOf("Bare")
    const { events, masterData } = yield* report(
      code,
      `${combatants(fights[0])} masterData { actors(type: "Player") { id name server } }`
    )
    const { id } = masterData.actors.find(({ name }: Loose) => name === "Bare")
    assert.deepStrictEqual(events.data.find(({ sourceID }: Loose) => sourceID === id).gear, [])
  })
)
