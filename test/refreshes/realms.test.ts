import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { battlenetSimulator } from "../../src/demo/simulators/Battlenet.ts"
import type { GameVersion } from "../../src/demo/simulators/Realms.ts"
import { warcraftlogsSimulator } from "../../src/demo/simulators/Warcraftlogs.ts"
import type { SimCharacter } from "../../src/demo/simulators/World.ts"
import type { Region } from "../../src/game/Game.ts"
import { findRealm, realmIndex } from "../../src/refreshes/battlenet/RealmIndex.ts"
import { bnetClient, credentials, inTime, wclClient, withLog } from "../infra/providers.ts"

const index = "/data/wow/realm/index"
const graphql = "/api/v2/client"
const profileOf = (slug: string) => new RegExp(`/profile/wow/character/${slug}/[^/]+$`)

const configured: Readonly<Record<GameVersion, string>> = {
  retail: "retail",
  classic: "progression",
  classicann: "classicann",
  classic1x: "classic1x"
}

const resident: Omit<SimCharacter, "region" | "realm"> = {
  name: "Resident",
  class: "Mage",
  race: "Troll",
  spec: "Fire",
  role: "ranged",
  faction: "HORDE",
  wcl: "ranked",
  bnet: "ok"
}

/** Both clients, as `Refreshes` joins them. */
const start = Effect.fnUntraced(function* (game: GameVersion = "retail") {
  const battlenet = yield* battlenetSimulator({ ...credentials, requestsPerSecond: 10_000, gameVersion: game })
  const warcraftlogs = yield* warcraftlogsSimulator({ ...credentials, requestsPerMinute: 1000 })
  const bnet = yield* bnetClient({
    BNET_API_BASE_URL: battlenet.apiBaseUrl,
    BNET_OAUTH_TOKEN_URL: battlenet.tokenUrl,
    BNET_GAME_VERSION: configured[game]
  })
  const wcl = yield* wclClient({
    WCL_ENDPOINT: warcraftlogs.endpoint,
    WCL_OAUTH_TOKEN_URL: warcraftlogs.tokenUrl,
    WCL_SKIP_GEAR: "true"
  })
  const live = (region: Region, realm: string) => {
    battlenet.put({ ...resident, region, realm })
    warcraftlogs.put({ ...resident, region, realm })
  }
  const ask = (region: Region, server: string, name = resident.name) => {
    const who = { name, server, region, role: resident.role, class: null }
    return {
      battlenet: bnet.character(who),
      warcraftlogs: wcl.character({ ...who, realm: bnet.realm(who) })
    }
  }
  return { battlenet, warcraftlogs, live, ask }
})

type Row = readonly [region: Region, written: string, slug: string]

/** A name as somebody writes it, and the slug that both providers are asked for. */
const table: Readonly<Record<GameVersion, ReadonlyArray<Row>>> = {
  retail: [
    ["eu", "Azjol-Nerub", "azjolnerub"],
    ["eu", "azjol nerub", "azjolnerub"],
    ["eu", "azjolnerub", "azjolnerub"],
    ["eu", "Arak-arahm", "arakarahm"],
    ["eu", "Aggra (Português)", "aggra-português"],
    ["eu", "aggra portugues", "aggra-português"],
    ["eu", "Ревущий фьорд", "howling-fjord"],
    ["eu", "ревущий-фьорд", "howling-fjord"],
    ["eu", "Howling Fjord", "howling-fjord"],
    ["eu", "ГОРДУННИ", "gordunni"],
    ["eu", "Свежеватель Душ", "soulflayer"],
    ["eu", "Ясеневый лес", "ashenvale"],
    ["eu", "Festung der Stürme", "festung-der-stürme"],
    ["eu", "Confre\u0301rie du Thorium", "confrérie-du-thorium"],
    ["eu", "Chants éternels", "chants-éternels"],
    ["eu", "Drek’Thar", "drekthar"],
    ["eu", "  Tarren   Mill ", "tarren-mill"],
    ["eu", "Pozzo dell'Eternità", "pozzo-delleternità"],
    ["us", "Ra-den", "raden"],
    ["us", "Azjol-Nerub", "azjolnerub"],
    ["us", "Area 52", "area-52"],
    ["us", "Mal'Ganis", "malganis"],
    ["us", "Sisters of Elune", "sisters-of-elune"],
    ["kr", "아즈샤라", "azshara"],
    ["kr", "하이잘", "hyjal"],
    ["kr", "불타는 군단", "burning-legion"],
    ["tw", "暗影之月", "shadowmoon"],
    ["tw", "世界之樹", "world-tree"],
    ["tw", "Arthas", "arthas"]
  ],
  classic1x: [
    ["eu", "Пламегор", "flamegor"],
    ["eu", "Вестник Рока", "harbinger-of-doom"],
    ["eu", "Hydraxian Waterlords", "hydraxian-waterlords"],
    ["us", "Arugal (AU)", "arugal-au"],
    ["us", "Bloodsail Buccaneers", "bloodsail-buccaneers"],
    ["kr", "힐스브래드", "hillsbrad"],
    ["tw", "伊弗斯", "ivus"]
  ],
  classic: [
    ["eu", "Pyrewood Village", "pyrewood-village"],
    ["eu", "everlook", "everlook"],
    ["us", "Old Blanchy", "old-blanchy"]
  ],
  classicann: [
    ["eu", "Spineshatter", "spineshatter"],
    ["eu", "THUNDERSTRIKE", "thunderstrike"],
    ["eu", "living-flame", "living-flame"],
    ["eu", "Nek`Rosh", "nekrosh"],
    ["eu", "Змейталак", "chapel-of-ash"],
    ["us", "Living Flame", "living-flame"],
    ["us", "Dreamscythe", "dreamscythe"]
  ]
}

const games: ReadonlyArray<GameVersion> = ["retail", "classic1x", "classic", "classicann"]

describe("realms", { concurrent: true }, () => {
  it.live.each(games)("both providers are asked for the slug they know: %s", (version) =>
    Effect.gen(function* () {
      const { battlenet, warcraftlogs, live, ask } = yield* start(version)
      for (const [region, written, slug] of table[version]) {
        live(region, slug)
        battlenet.calls.reset()
        warcraftlogs.calls.reset()
        const both = ask(region, written)
        assert.isNull((yield* both.battlenet).error, written)
        assert.isNull((yield* both.warcraftlogs).error, written)
        assert.lengthOf(battlenet.calls.to(profileOf(slug)), 1, written)
        const asked = warcraftlogs.calls.to(graphql).map(({ body }) => body as { readonly variables: object })
        assert.lengthOf(asked, 1)
        assert.deepInclude(asked[0]?.variables, { s0: slug, r0: region }, written)
      }
    })
  )

  it.live("one look-up serves 50 refreshes at both providers, and all that come later", () =>
    Effect.gen(function* () {
      const { battlenet, live, ask } = yield* start()
      live("eu", "azjolnerub")
      battlenet.fault({ kind: "slow", ms: 300, path: index })
      const many = Array.from({ length: 50 }, () => {
        const { battlenet, warcraftlogs } = ask("eu", "Azjol-Nerub")
        return Effect.all([battlenet, warcraftlogs], { concurrency: 2 })
      })
      const found = yield* Effect.all(many, { concurrency: "unbounded" })
      for (const { error } of found.flat()) assert.isNull(error)
      yield* ask("eu", "Tarren Mill").battlenet
      assert.lengthOf(battlenet.calls.to(index), 1)
      assert.deepStrictEqual(battlenet.calls.to(index)[0]?.query, { namespace: "dynamic-eu" })
    })
  )

  it.live.each(["status", "garbage", "reset"] as const)("without the list the rule decides: %s", (kind) =>
    Effect.gen(function* () {
      const { battlenet, live, ask } = yield* start()
      live("eu", "tarren-mill")
      live("eu", "festung-der-stürme")
      battlenet.fault({ kind, path: index })
      for (const written of ["Tarren Mill", "Festung der Stürme"]) {
        const both = ask("eu", written)
        assert.isNull((yield* both.battlenet).error)
        assert.isNull((yield* both.warcraftlogs).error)
      }
      // A broken connection is tried twice.
      assert.lengthOf(battlenet.calls.to(index), kind === "reset" ? 2 : 1)
    }).pipe(withLog)
  )

  it.live("Warcraft Logs answers while Battle.net is wholly away", () =>
    Effect.gen(function* () {
      const { battlenet, live, ask } = yield* start()
      live("eu", "tarren-mill")
      battlenet.fault({ kind: "hang" })
      assert.isNull((yield* inTime(ask("eu", "Tarren Mill").warcraftlogs)).error)
    }).pipe(withLog)
  )

  it.live("a guess that nobody knows is no news of the character, and the list is asked for again soon", () =>
    Effect.gen(function* () {
      const { battlenet, live, ask } = yield* start()
      live("eu", "howling-fjord")
      battlenet.fault({ kind: "status", status: 503, path: index, times: 1 })
      const guess = ask("eu", "Ревущий фьорд")
      assert.strictEqual((yield* Effect.flip(guess.battlenet))._tag, "provider.unavailable")
      assert.strictEqual((yield* Effect.flip(guess.warcraftlogs))._tag, "provider.unavailable")
      const plain = ask("eu", "Tarren Mill", "Nobody")
      assert.strictEqual((yield* plain.battlenet).error, "Battle.net does not know this character.")
      assert.strictEqual((yield* plain.warcraftlogs).error, "Warcraft Logs does not know this character.")
      const found = yield* Effect.retry(guess.battlenet, { schedule: Schedule.spaced("100 millis") }).pipe(
        Effect.timeout("8 seconds")
      )
      assert.isNull(found.error)
      assert.isNull((yield* guess.warcraftlogs).error)
      assert.lengthOf(battlenet.calls.to(index), 2)
    }).pipe(withLog)
  )

  it.live(
    "a list that hangs costs the first refreshes 2 s and the next ones nothing, and what comes late is used",
    () =>
      Effect.gen(function* () {
        const { battlenet, live, ask } = yield* start()
        live("eu", "tarren-mill")
        live("eu", "azjolnerub")
        battlenet.fault({ kind: "slow", ms: 5000, path: index, times: 1 })
        const timed = Effect.fnUntraced(function* (refresh: Effect.Effect<{ readonly error: string | null }, unknown>) {
          const begun = yield* Clock.currentTimeMillis
          assert.isNull((yield* refresh).error)
          return (yield* Clock.currentTimeMillis) - begun
        })
        const refreshes = () => Object.values(ask("eu", "Tarren Mill")).map(timed)
        for (const took of yield* Effect.all(refreshes(), { concurrency: 2 })) assert.isBelow(took, 3000)
        for (const took of yield* Effect.all(refreshes(), { concurrency: 2 })) assert.isBelow(took, 1000)
        const joined = Effect.repeat(ask("eu", "Azjol-Nerub").battlenet, {
          until: ({ error }) => error === null,
          schedule: Schedule.spaced("100 millis")
        })
        yield* Effect.timeout(joined, "8 seconds")
        assert.lengthOf(battlenet.calls.to(index), 1)
      }).pipe(withLog)
  )

  it.live("China costs Battle.net no call, and Warcraft Logs is asked by the rule", () =>
    Effect.gen(function* () {
      const { battlenet, warcraftlogs, ask } = yield* start()
      const both = ask("cn", "Ravencrest")
      assert.strictEqual((yield* Effect.flip(both.battlenet))._tag, "provider.region_unsupported")
      assert.strictEqual((yield* both.warcraftlogs).error, "Warcraft Logs does not know this character.")
      assert.lengthOf(battlenet.calls.all, 0)
      assert.deepInclude(warcraftlogs.calls.to(graphql)[0]?.body, {
        variables: { n0: "Resident", s0: "ravencrest", r0: "cn" }
      })
    })
  )
})

describe("findRealm", () => {
  const find = findRealm([
    { name: "Twin", slug: "twin-two" },
    { name: "Twin", slug: "twin" },
    { name: "Ab-c", slug: "abc-one" },
    { name: "A bc", slug: "abc-two" },
    { name: "Moved", slug: "stayed" },
    { name: "Stayed", slug: "stayed-behind" }
  ])
  it.each([
    ["Twin", "twin"],
    ["twin-two", "twin-two"],
    ["Ab-C", "abc-one"],
    ["abc", undefined],
    ["moved", "stayed"],
    ["Stayed", "stayed-behind"],
    ["Nowhere", undefined],
    ["", undefined]
  ])("%j is %j", (written, slug) => {
    assert.strictEqual(find(written), slug)
  })
})

it.effect("a list is kept for a day, and longer while there is no newer one", () =>
  Effect.gen(function* () {
    const lists = [[{ name: "Ab-c", slug: "abc" }], undefined, [{ name: "Ab-c", slug: "new" }]]
    let asked = 0
    const slugOf = yield* realmIndex(["eu"], () => Effect.sync(() => lists[asked++]))
    const slug = Effect.map(slugOf("eu", "Ab-c"), (found) => found.slug)
    assert.strictEqual(yield* slug, "abc")
    yield* TestClock.adjust("23 hours")
    assert.deepStrictEqual([yield* slug, asked], ["abc", 1])
    yield* TestClock.adjust("2 hours")
    // This one begins the look-up that fails, and does not wait for it.
    assert.strictEqual(yield* slug, "abc")
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual([yield* slug, asked], ["abc", 2])
    yield* TestClock.adjust("10 seconds")
    yield* slug
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual([yield* slug, asked], ["new", 3])
  })
)
