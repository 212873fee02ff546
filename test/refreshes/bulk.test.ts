import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { randomUUID } from "node:crypto"
import type { CharacterId } from "../../src/characters/Character.ts"
import { gearOf } from "../../src/demo/simulators/Gear.ts"
import { Reports } from "../../src/demo/simulators/Reports.ts"
import { warcraftlogsSimulator, type WarcraftlogsOptions } from "../../src/demo/simulators/Warcraftlogs.ts"
import { demoCharacters, type SimCharacter, World } from "../../src/demo/simulators/World.ts"
import { freePort, step } from "../../src/demo/servers/Watchdog.ts"
import { slugByRule } from "../../src/game/Realm.ts"
import { chooseFights, type Missed } from "../../src/refreshes/warcraftlogs/ChosenFights.ts"
import type { Sheet, SheetAsked } from "../../src/refreshes/warcraftlogs/Sheet.ts"
import { sentences } from "../../src/refreshes/warcraftlogs/Sheets.ts"
import type { WclClient } from "../../src/refreshes/warcraftlogs/WclClient.ts"
import { credentials, wclClient, withLog } from "../infra/providers.ts"

const api = "/api/v2/client"
const example = demoCharacters.find(({ wcl, realm }) => wcl === "ranked" && realm === "spineshatter")!
const healer = demoCharacters.find(({ wcl, role }) => wcl === "ranked" && role === "heal")!

/** As many raiders as asked, of whom every fifth heals. */
const raiders = (count: number): ReadonlyArray<SimCharacter> =>
  Array.from({ length: count }, (_, at) => ({
    ...(at % 5 === 0 ? healer : example),
    realm: "spineshatter",
    name: `Raider${String.fromCharCode(97 + (at % 26), 97 + Math.floor(at / 26))}`
  }))

const ask = ({ name, realm, region, class: typed, role }: SimCharacter): SheetAsked => ({
  character: name as CharacterId,
  name,
  server: realm,
  realm: slugByRule(realm),
  region,
  game_version: "classicann",
  class: typed,
  role
})

const start = Effect.fnUntraced(function* (
  options: Partial<WarcraftlogsOptions> = {},
  changes: Readonly<Record<string, string>> = {}
) {
  const sim = yield* warcraftlogsSimulator({ ...credentials, ...options })
  const variables = {
    WCL_ENDPOINT: sim.endpoint,
    WCL_OAUTH_TOKEN_URL: sim.tokenUrl,
    WCL_API_DELAY_MS: "0",
    DB_NAME: `bulk_${randomUUID()}`,
    ...changes
  }
  return { sim, variables, client: yield* wclClient(variables) }
})

type Client = WclClient["Service"]

/** What a refresh in bulk does: sheets of eight, then fights until everyone is found or given up. */
const whole = Effect.fnUntraced(function* (client: Client, people: ReadonlyArray<SimCharacter>, size = 8) {
  const sheets: Array<Sheet> = []
  for (let at = 0; at < people.length; at += size) {
    sheets.push(...(yield* client.sheets(people.slice(at, at + size).map(ask))))
  }
  const gear = new Map<string, unknown>()
  const missed: Array<Missed> = []
  let fights = chooseFights(sheets)
  while (fights.length > 0) {
    for (const fight of fights) {
      const read = yield* client.fight(fight)
      for (const [who, worn] of read.gear) gear.set(who, worn)
      missed.push(...read.missed)
    }
    fights = chooseFights(
      sheets.filter(({ character }) => !gear.has(character)),
      missed
    )
  }
  return { sheets, gear }
})

const worn = (one: SimCharacter, code: string) =>
  gearOf(one, code).flatMap((item, slot) =>
    item.id === 0 ? [] : [{ permanentEnchant: null, temporaryEnchant: null, gems: null, ...item, slot: slot + 1 }]
  )

describe("Warcraft Logs in bulk", { concurrent: true }, () => {
  const counts = [
    [40, 14, 8, { first: 5, fights: 3 }],
    [121, 21, 8, { first: 16, fights: 6 }],
    [121, 21, 10, { first: 13, fights: 6 }]
  ] as const
  it.live.each(counts)("%i characters of teams of %i, %i a request", ([count, raidSize, size, expected]) =>
    Effect.gen(function* () {
      const people = raiders(count)
      const { sim, client } = yield* start({ characters: people, raidSize }, { WCL_API_DELAY_MS: "300" })
      const begun = yield* Clock.currentTimeMillis
      const { sheets, gear } = yield* whole(client, people, size)
      const took = (yield* Clock.currentTimeMillis) - begun
      const reports = new Reports(new World(people), raidSize)
      assert.lengthOf(new Set(people.map((one) => reports.of(one)[1]?.code)), expected.fights)
      assert.lengthOf(sim.calls.to(api), expected.first + expected.fights)
      assert.isBelow(took, 15_000)
      for (const [at, one] of people.entries()) {
        const { found, name } = sheets[at]!
        assert.strictEqual(name, one.name)
        assert.deepInclude(found, { fault: null, error: null, metric: one.role === "heal" ? "hps" : "dps" })
        assert.deepInclude(found, { difficulty: 3, size: 25, partition: 1, zone_id: 1056 })
        assert.lengthOf(found.rankings ?? [], 10)
        assert.lengthOf(found.all_stars, 1)
        assert.deepEqual(gear.get(name), worn(one, reports.of(one)[1]!.code), name)
      }
      // What is cached costs nothing, on another replica neither, and for a single refresh neither.
      sim.calls.reset()
      yield* whole(client, people, size)
      assert.lengthOf(sim.calls.to(api), expected.first)
    })
  )

  it.live("finds those who were not in the chosen fight, and gives up on those without gear", () =>
    Effect.gen(function* () {
      const people = raiders(10)
      const { sim, client } = yield* start({ characters: people })
      sim.put({ ...people[3]!, wcl: "no-gear" })
      const { gear } = yield* whole(client, people)
      assert.lengthOf([...gear.keys()], 9)
      // Two for the sheets, one for all, and two more for the one who wears nothing.
      assert.lengthOf(sim.calls.to(api), 5)
    })
  )

  it.live("one name costs no other its answer: each fault has its sentence", () =>
    Effect.gen(function* () {
      const kinds = ["ranked", "hidden", "unknown", "failing", "renamed", "refused", "no-rankings", "no-kills"] as const
      const people = raiders(kinds.length).map((one, at) => ({ ...one, wcl: kinds[at]! }))
      const { sim, client } = yield* start({ characters: people })
      const asked = [...people.map(ask), { ...ask(people[0]!), class: "Mage" }, { ...ask(people[0]!), name: ".." }]
      const { value: sheets, lines } = yield* withLog(client.sheets(asked))
      assert.deepEqual(
        sheets.map(({ found }) => [found.fault, found.erases, found.partial]),
        [
          [null, false, false],
          ["hidden", true, false],
          ["unknown", true, false],
          ["unread", false, true],
          ["renamed", false, false],
          ["unread", false, true],
          [null, false, false],
          [null, false, false],
          ["other_class", false, false],
          ["unknown", true, false]
        ]
      )
      assert.deepEqual(
        sheets.map(({ found }) => found.error),
        [
          null,
          sentences.hidden,
          sentences.unknown,
          sentences.rankings,
          sentences.renamed,
          sentences.unread,
          null,
          null,
          `Warcraft Logs has this character as a ${healer.class}, not a Mage.`,
          sentences.unknown
        ]
      )
      assert.isUndefined(sheets[3]!.found.rankings)
      assert.isUndefined(sheets[5]!.found.rankings)
      assert.deepInclude(sheets[7]!.found, { total_kills: 0, best_performance_average: null })
      for (const row of sheets[7]!.found.rankings!) assert.deepInclude(row, { total_kills: 0, fastest_kill_ms: null })
      assert.isAbove(sheets[3]!.reports.length, 0)
      // All nine, then halves until the one that spoils it is alone.
      assert.isAtMost(sim.calls.to(api).length, 9)
      for (const line of lines) assert.notInclude(line, "Internal server error")
      // When there is an answer for none, it is Warcraft Logs that fails.
      const two = people.slice(0, 2)
      for (const one of two) sim.put({ ...one, wcl: "refused" })
      assert.strictEqual((yield* Effect.flip(client.sheets(two.map(ask))))._tag, "provider.unavailable")
    })
  )

  it.live("a 429 stops the calls of all replicas, single ones too, until Retry-After is over", () =>
    Effect.gen(function* () {
      const people = raiders(8)
      const { sim, client, variables } = yield* start({ characters: people })
      const [first] = chooseFights(yield* client.sheets(people.map(ask)))
      const other = yield* wclClient(variables)
      yield* other.sheets(people.map(ask))
      sim.fault({ kind: "status", status: 429, retryAfter: 3600, path: api, times: 1 })
      const now = yield* Clock.currentTimeMillis
      const spent = yield* Effect.flip(client.sheets(people.map(ask)))
      sim.calls.reset()
      const refused = [
        spent,
        yield* Effect.flip(other.sheets(people.map(ask))),
        yield* Effect.flip(other.fight(first!)),
        yield* Effect.flip(client.fight(first!))
      ]
      for (const error of refused) {
        assert.deepInclude(error, { _tag: "QuotaSpent", reason: "retry-after" })
        if (error._tag === "QuotaSpent") assert.closeTo(error.until - now, 3_600_000, 5000)
      }
      const question = { ...ask(people[0]!), realm: Effect.succeed(slugByRule("spineshatter")), role: "tank" as const }
      for (const one of [client, other]) {
        const error = yield* Effect.flip(one.character(question))
        assert.strictEqual(error._tag, "provider.rate_limited")
        assert.closeTo(error.retryAfter!, 3600, 5)
      }
      assert.lengthOf(sim.calls.all, 0)
    }).pipe(withLog)
  )

  it.live("leaves a tenth of the hour to single refreshes, and goes on after the reset", () =>
    Effect.gen(function* () {
      const people = raiders(8)
      let ahead = 0
      const { sim, client, variables } = yield* start({ characters: people, now: () => Date.now() + ahead })
      const other = yield* wclClient(variables)
      sim.spend(3600 - 60)
      // Three seconds before the simulated reset.
      ahead = 3_597_000
      yield* client.sheets(people.map(ask))
      for (const one of [client, other]) {
        const error = yield* Effect.flip(one.sheets(people.map(ask)))
        if (error._tag !== "QuotaSpent") return assert.fail(error._tag)
        assert.strictEqual(error.reason, "reserve")
        assert.isBelow(error.until - (yield* Clock.currentTimeMillis), 3500)
      }
      assert.lengthOf(sim.calls.to(api), 1)
      const question = { ...ask(people[0]!), realm: Effect.succeed(slugByRule("spineshatter")), role: "tank" as const }
      assert.isNull((yield* other.character(question)).error)
      const error = yield* Effect.flip(other.sheets(people.map(ask)))
      if (error._tag !== "QuotaSpent") return assert.fail(error._tag)
      yield* Effect.sleep(error.until - (yield* Clock.currentTimeMillis) + 50)
      assert.lengthOf(yield* other.sheets(people.map(ask)), 8)
    })
  )

  it.live("without Redis it reads each fight anew, and takes half of what it saw left to be its own", () =>
    Effect.gen(function* () {
      const people = raiders(8)
      const port = String(yield* step(freePort))
      const { sim, client } = yield* start({ characters: people }, { REDIS_PORT: port })
      const [fight] = chooseFights(yield* client.sheets(people.map(ask)))
      assert.strictEqual((yield* client.fight(fight!)).requests, 1)
      assert.strictEqual((yield* client.fight(fight!)).requests, 1)
      // Half of 700 is less than the reserve of 360.
      sim.spend(2850)
      yield* client.sheets(people.map(ask))
      assert.deepInclude(yield* Effect.flip(client.sheets(people.map(ask))), { _tag: "QuotaSpent", reason: "reserve" })
    }).pipe(withLog)
  )
})
