import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Schedule } from "effect"
import type { BattlenetOptions } from "../../src/demo/simulators/Battlenet.ts"
import { battlenetSimulator } from "../../src/demo/simulators/Battlenet.ts"
import type { SimCharacter } from "../../src/demo/simulators/World.ts"
import { demoCharacters } from "../../src/demo/simulators/World.ts"
import type { BnetQuestion } from "../../src/refreshes/battlenet/BnetClient.ts"
import { bnetClient, credentials, faults, inTime, withLog } from "../infra/providers.ts"

const start = Effect.fnUntraced(function* (
  changes: Readonly<Record<string, string>> = {},
  options: Partial<BattlenetOptions> = {}
) {
  const sim = yield* battlenetSimulator({ ...credentials, requestsPerSecond: 10_000, ...options })
  const client = yield* bnetClient({
    BNET_API_BASE_URL: sim.apiBaseUrl,
    BNET_OAUTH_TOKEN_URL: sim.tokenUrl,
    ...changes
  })
  return { sim, client }
})

const named = (name: string): SimCharacter =>
  demoCharacters.find((character) => character.name === name && character.realm !== "thunderstrike") ??
  assert.fail(`nobody is called ${name}`)

const ask = ({ name, realm, region }: SimCharacter): BnetQuestion => ({ name, server: realm, region })

const tank = named("Aldrakh")
const profile = "/profile/wow/character/spineshatter/aldrakh"
const ending = (path: string) => new RegExp(`${path}$`)

const unknown = {
  battlenet_id: null,
  avatar_url: null,
  level: null,
  equipped_item_level: null,
  active_spec_name: null,
  faction: null,
  class: null,
  race: null,
  error: "Battle.net does not know this character.",
  unread: []
}

describe("BnetClient", { concurrent: true }, () => {
  it.live("reads profile, picture and spec with one token", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      const found = yield* client.character(ask(tank))
      assert.deepInclude(found, { level: 70, active_spec_name: "Protection", faction: "horde", error: null })
      assert.match(found.avatar_url ?? "", /^https:\/\/render\.worldofwarcraft\.com\/classicann-eu\//)
      assert.isAbove(found.battlenet_id ?? 0, 71_000_000)
      assert.deepEqual(found.unread, [])
      yield* client.character(ask(tank))
      assert.strictEqual(sim.calls.to("/oauth/token").length, 1)
      for (const { query, authorization } of sim.calls.to("/profile/")) {
        assert.deepEqual(query, { namespace: "profile-classicann-eu", locale: "en_GB" })
        assert.strictEqual(authorization, "bearer")
      }
    })
  )

  it.live("picks the talent tree with most points in the active group, in both shapes", () =>
    Effect.gen(function* () {
      const { client } = yield* start()
      const people = demoCharacters.filter(({ bnet, class: name }) => bnet === "ok" && name !== "Druid")
      const found = yield* Effect.forEach(people, (one) => client.character(ask(one)), { concurrency: 16 })
      const names = found.map(({ active_spec_name }) => active_spec_name?.replace(/ /g, ""))
      assert.deepEqual(
        names,
        people.map(({ spec }) => spec)
      )
    })
  )

  it.live.each([
    ["retail", "retail", "profile-eu"],
    ["classic1x", "classic1x", "profile-classic1x-eu"],
    ["classic", "classicann", "profile-classicann-eu"],
    ["classicann", "classicann", "profile-classicann-eu"],
    ["progression", "classic", "profile-classic-eu"]
  ] as const)("%s uses the namespace of the game version", ([configured, gameVersion, namespace]) =>
    Effect.gen(function* () {
      const { sim, client } = yield* start({ BNET_GAME_VERSION: configured }, { gameVersion })
      assert.deepInclude(yield* client.character(ask(tank)), { active_spec_name: "Protection", error: null })
      assert.strictEqual(sim.calls.to(ending(profile))[0]?.query["namespace"], namespace)
    })
  )

  it.live("asks America in American English, and China not at all", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      sim.put({ ...tank, region: "us" })
      assert.isNull((yield* client.character({ ...ask(tank), region: "us" })).error)
      assert.deepEqual(sim.calls.to("/us/profile/")[0]?.query, {
        namespace: "profile-classicann-us",
        locale: "en_US"
      })
      const before = sim.calls.all.length
      const error = yield* Effect.flip(client.character({ ...ask(tank), region: "cn" }))
      assert.strictEqual(error._tag, "provider.region_unsupported")
      assert.strictEqual(sim.calls.all.length, before)
    })
  )

  it.live("reads characters that are unknown or have no picture, no talents or little of a profile", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      assert.deepEqual(yield* client.character(ask(named("Cyrawisp"))), unknown)
      const plain = yield* client.character(ask(named("Nazmojo")))
      assert.deepInclude(plain, { avatar_url: null, active_spec_name: "Restoration", error: null, unread: [] })
      const young = yield* client.character(ask(named("Tinysprout")))
      assert.deepInclude(young, { level: 14, active_spec_name: null, error: null, unread: [] })
      sim.put({ ...tank, bnet: "sparse" })
      const sparse = yield* client.character(ask(tank))
      assert.deepInclude(sparse, { level: 70, equipped_item_level: null, faction: null, error: null })
    })
  )

  it.live("looks up a realm with a non-Latin name once, and derives its slug when the lookup fails", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      const far = { ...ask(named("Лунодол")), server: "Змейталак" }
      assert.deepInclude(yield* client.character(far), { level: 70, error: null })
      assert.deepInclude(yield* client.character({ ...far, name: "ЛУНОДОЛ" }), { level: 70, error: null })
      assert.strictEqual(sim.calls.to("/data/wow/realm/index").length, 1)
      assert.strictEqual(sim.calls.to("/data/")[0]?.query["namespace"], "dynamic-classicann-eu")

      const accented = { ...tank, realm: "pozzo-delleternità" }
      const other = yield* start()
      other.sim.put(accented)
      other.sim.fault({ kind: "hang", path: "/data/" })
      const found = yield* inTime(other.client.character({ ...ask(accented), server: "Pozzo dell’Eternità" }))
      assert.isNull(found.error)
    }).pipe(withLog)
  )

  it.live("calls no other path or host, whatever the name, realm or region", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      const texts = ["a/../../token", "a?b=c#d", "%2e%2e", "@evil.example", "a\\b", "//evil.example/x", "x;y", "..."]
      for (const text of texts) {
        assert.deepEqual(yield* client.character({ ...ask(tank), name: text }), unknown)
        assert.deepEqual(yield* client.character({ ...ask(tank), server: text }), unknown)
      }
      for (const { path, query } of sim.calls.to("/eu/profile/")) {
        assert.match(path, /^\/eu\/profile\/wow\/character\//)
        assert.deepEqual(Object.keys(query).toSorted(), ["locale", "namespace"])
      }
      // The other two fetched the token and the realm list.
      assert.strictEqual(sim.calls.all.length, sim.calls.to("/eu/profile/").length + 2)

      const before = sim.calls.all.length
      for (const text of ["", " ", ".", "..", " .. ", "a\u0000", "a\r\nb", "\ud800"]) {
        assert.deepEqual(yield* client.character({ ...ask(tank), name: text }), unknown)
        assert.deepEqual(yield* client.character({ ...ask(tank), server: text }), unknown)
      }
      const region = "eu.evil.example/" as "eu"
      assert.strictEqual(
        (yield* Effect.flip(client.character({ ...ask(tank), region })))._tag,
        "provider.region_unsupported"
      )
      assert.strictEqual(sim.calls.all.length, before)
    })
  )

  it.live("maps every fault within six seconds, follows no redirect and leaks nothing", () =>
    Effect.gen(function* () {
      const own = [
        { fault: { kind: "status", status: 403 }, reason: "403" },
        { fault: { kind: "status", status: 404, html: true }, reason: "404" }
      ] as const
      const cases = [
        ...Object.values(faults).flatMap((each) => [
          { ...each, path: ending(profile), wait: 15 },
          { ...each, path: "/oauth/token", wait: 15 }
        ]),
        ...own.map((each) => ({ ...each, path: ending(profile), wait: 60 }))
      ]
      const { value, lines } = yield* withLog(
        Effect.forEach(
          cases,
          ({ path, fault, reason, wait }) =>
            Effect.gen(function* () {
              const { sim, client } = yield* start()
              sim.fault({ ...fault, path })
              const error = yield* inTime(Effect.flip(client.character(ask(tank))))
              return { error, fault, wait, reason, calls: sim.calls.to(path), followed: sim.calls.to("/redirected") }
            }).pipe(Effect.scoped),
          { concurrency: "unbounded" }
        )
      )
      for (const { error, fault, reason, wait, calls, followed } of value) {
        assert.strictEqual(error._tag, "provider.unavailable", fault.kind)
        assert.strictEqual(error.retryAfter, ("retryAfter" in fault ? fault.retryAfter : undefined) ?? wait)
        assert.strictEqual(calls.length, reason === "connection" ? 2 : 1)
        assert.strictEqual(followed.length, 0)
        assert.isTrue(lines.some((line) => line.includes(reason)))
      }
      assert.strictEqual(lines.filter((line) => line.includes("A provider rejected our request")).length, 2)
      const secrets = [credentials.clientSecret, "SIMEU", "<<<", "Error 500"]
      for (const line of lines) for (const secret of secrets) assert.notInclude(line, secret)
    })
  )

  it.live("does without picture and spec when they fail in any way", () =>
    Effect.forEach(
      [...Object.values(faults), { fault: { kind: "status", status: 429 } as const }],
      ({ fault }) =>
        Effect.gen(function* () {
          const { sim, client } = yield* start()
          sim.fault({ ...fault, path: /character-media|specializations/ })
          const found = yield* inTime(client.character(ask(tank)))
          assert.deepInclude(found, { level: 70, avatar_url: null, active_spec_name: null, error: null }, fault.kind)
          assert.deepEqual(found.unread, ["avatar_url", "active_spec_name"])
        }).pipe(Effect.scoped),
      { concurrency: "unbounded" }
    ).pipe(withLog)
  )

  it.live("gets a new token when the old one is refused, once", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      yield* client.character(ask(tank))
      sim.dropTokens()
      assert.isNull((yield* client.character(ask(tank))).error)
      assert.strictEqual(sim.calls.to("/oauth/token").length, 2)
      sim.calls.reset()
      sim.fault({ kind: "status", status: 401, path: "/profile/" })
      assert.strictEqual((yield* Effect.flip(client.character(ask(tank))))._tag, "provider.unavailable")
      assert.strictEqual(sim.calls.to("/profile/").length, 2)
      assert.strictEqual(sim.calls.to("/oauth/token").length, 1)
    }).pipe(withLog)
  )

  it.live("shares one token among a hundred callers", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      yield* Effect.all(
        Array.from({ length: 100 }, () => client.character(ask(tank))),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(sim.calls.to("/oauth/token").length, 1)
    })
  )

  it.live("asks nothing before Retry-After has passed, then asks again", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      sim.fault({ kind: "status", status: 429, retryAfter: 2, times: 1, path: "/profile/" })
      const limited = { _tag: "provider.rate_limited", retryAfter: 2 } as const
      const begun = yield* Clock.currentTimeMillis
      assert.deepInclude(yield* Effect.flip(client.character(ask(tank))), limited)
      const before = sim.calls.all.length
      assert.strictEqual((yield* Effect.flip(client.character(ask(tank))))._tag, "provider.rate_limited")
      assert.strictEqual(sim.calls.all.length, before)
      const found = yield* Effect.retry(client.character(ask(tank)), {
        while: ({ _tag }) => _tag === "provider.rate_limited",
        schedule: Schedule.spaced("20 millis")
      })
      assert.isNull(found.error)
      assert.isAtLeast((yield* Clock.currentTimeMillis) - begun, 2000)
    }).pipe(withLog)
  )
})
