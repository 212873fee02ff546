import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Schedule } from "effect"
import { gearOf } from "../../src/demo/simulators/Gear.ts"
import { Reports } from "../../src/demo/simulators/Reports.ts"
import type { WarcraftlogsOptions } from "../../src/demo/simulators/Warcraftlogs.ts"
import { warcraftlogsSimulator } from "../../src/demo/simulators/Warcraftlogs.ts"
import type { SimCharacter } from "../../src/demo/simulators/World.ts"
import { demoCharacters, World } from "../../src/demo/simulators/World.ts"
import { slugByRule } from "../../src/game/Realm.ts"
import { sentences } from "../../src/refreshes/warcraftlogs/Sheets.ts"
import type { WclQuestion } from "../../src/refreshes/warcraftlogs/WclClient.ts"
import { credentials, faults, inTime, wclClient, withLog } from "../infra/providers.ts"

const api = "/api/v2/client"
const token = "/oauth/token"

const start = Effect.fnUntraced(function* (
  changes: Readonly<Record<string, string>> = {},
  options: Partial<WarcraftlogsOptions> = {}
) {
  const sim = yield* warcraftlogsSimulator({ ...credentials, ...options })
  const client = yield* wclClient({ WCL_ENDPOINT: sim.endpoint, WCL_OAUTH_TOKEN_URL: sim.tokenUrl, ...changes })
  return { sim, client }
})

const named = (name: string): SimCharacter =>
  demoCharacters.find((character) => character.name === name && character.realm === "spineshatter") ??
  assert.fail(`nobody is called ${name}`)

const ask = ({ name, realm, region, role, class: typed }: SimCharacter): WclQuestion => ({
  class: typed,
  name,
  server: realm,
  realm: Effect.succeed(slugByRule(realm)),
  region,
  role
})

const tank = named("Aldrakh")
const healer = named("Élunisse")

describe("WclClient", { concurrent: true }, () => {
  it.live("reads rankings and equipment with one token", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      const found = yield* client.character(ask(tank))
      assert.deepInclude(found, { zone_id: 1056, metric: "dps", partial: false, error: null })
      const rankings = found.rankings ?? []
      assert.strictEqual(rankings.length, 10)
      assert.strictEqual(
        found.total_kills,
        rankings.reduce((sum, each) => sum + each.total_kills, 0)
      )
      assert.deepInclude(rankings[0], { encounter_id: 100_623, encounter_name: "Hydross the Unstable" })
      for (const never of rankings.filter(({ total_kills }) => total_kills === 0)) {
        assert.deepInclude(never, { rank_percent: null, fastest_kill_ms: null, best_amount: 0, spec: null })
      }
      yield* client.character(ask(healer))
      assert.strictEqual(sim.calls.to(token).length, 1)
      assert.deepInclude(sim.calls.to(token)[0], { authorization: "basic", body: { grant_type: "client_credentials" } })
      assert.strictEqual(sim.calls.to(api)[0]?.authorization, "bearer")
    })
  )

  it.live("asks for healing metrics for healers, and sends accents unchanged", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start({ WCL_SKIP_GEAR: "true", WCL_ZONE_ID: "1048" })
      const decomposed = { ...ask(healer), name: healer.name.normalize("NFD"), server: "Spineshatter", region: "EU" }
      const found = yield* client.character(decomposed)
      assert.deepInclude(found, { metric: "hps", zone_id: 1048, error: null, partial: false, gear: undefined })
      assert.strictEqual(sim.calls.to(api).length, 1)
      const [question] = sim.calls.to(api)
      const expected = { n0: "Élunisse", s0: "spineshatter", r0: "eu", zoneID: 1048 }
      assert.deepInclude(question?.body, { variables: expected })
    })
  )

  it.live("finds each player's equipment at their newest kill, despite namesakes and early leavers", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start({}, { requestsPerMinute: 10_000, pointsPerHour: 100_000 })
      const reports = new Reports(new World(demoCharacters))
      const ranked = demoCharacters.filter(({ wcl }) => wcl === "ranked")
      const found = yield* Effect.forEach(ranked, (one) => client.character(ask(one)), { concurrency: 8 })
      for (const [index, { gear, error }] of found.entries()) {
        const one = ranked[index] ?? assert.fail()
        const [, farm] = reports.of(one)
        const worn = gearOf(one, farm?.code ?? "").flatMap((item, slot) =>
          item.id === 0 ? [] : [{ permanentEnchant: null, temporaryEnchant: null, gems: null, ...item, slot: slot + 1 }]
        )
        assert.isNull(error, one.name)
        assert.deepEqual(gear, worn, one.name)
      }
      assert.isAtMost(sim.calls.to(api).length, ranked.length * 3)
    })
  )

  it.live("recognises hidden and unknown characters, and asks nothing about an impossible name", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      const blank = { gear: [], rankings: [], zone_id: null, metric: null, total_kills: null, partial: false }
      const hidden = yield* client.character(ask(named("Ûmbriel")))
      assert.deepInclude(hidden, { ...blank, error: sentences.hidden })
      const unknown = { ...blank, error: "Warcraft Logs does not know this character." }
      assert.deepInclude(yield* client.character(ask(named("Cyrawisp"))), unknown)
      const before = sim.calls.all.length
      for (const name of ["", " ", ".", "..", "a\u0000b", "\ud800"]) {
        assert.deepInclude(yield* client.character({ ...ask(tank), name }), unknown)
        assert.deepInclude(yield* client.character({ ...ask(tank), server: name }), unknown)
      }
      assert.strictEqual(sim.calls.all.length, before)
    })
  )

  const inParts = [
    ["no-kills", { partial: false, error: null, gear: undefined, best_performance_average: null, total_kills: 0 }],
    ["no-reports", { partial: false, error: null, gear: undefined }],
    ["no-rankings", { partial: false, error: null, rankings: [], metric: "dps", total_kills: 0 }],
    [
      "no-gear",
      {
        partial: true,
        error: "Warcraft Logs shows no equipment for this character in the latest kills.",
        gear: undefined
      }
    ],
    [
      "failing",
      { partial: true, error: "The rankings could not be read from Warcraft Logs this time.", rankings: undefined }
    ]
  ] as const
  it.live.each(inParts)("keeps what it could read: %s", ([wcl, expected]) =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      sim.put({ ...tank, wcl })
      sim.calls.reset()
      assert.deepInclude(yield* client.character(ask(tank)), expected)
      assert.isAtMost(sim.calls.to(api).length, 4)
    })
  )

  it.live("treats a zone that is not open yet as unreadable rankings", () =>
    Effect.gen(function* () {
      const { client } = yield* start({ WCL_ZONE_ID: "1060" })
      const { value, lines } = yield* withLog(client.character(ask(tank)))
      assert.deepInclude(value, { partial: true, rankings: undefined, zone_id: null })
      assert.isAbove(value.gear?.length ?? 0, 10)
      for (const line of lines) assert.notInclude(line, "Invalid zone")
    })
  )

  it.live("keeps the rankings when the equipment fails in any way", () =>
    Effect.forEach(
      Object.values(faults),
      ({ fault }) =>
        Effect.gen(function* () {
          const { sim, client } = yield* start({ WCL_API_DELAY_MS: "50" })
          sim.fault({ kind: "slow", ms: 0, path: api, times: 1 })
          sim.fault({ ...fault, path: api })
          const found = yield* inTime(client.character(ask(tank)))
          const error = "The equipment could not be read from Warcraft Logs this time."
          assert.deepInclude(found, { gear: undefined, partial: true, error, zone_id: 1056 }, fault.kind)
          assert.strictEqual(found.rankings?.length, 10)
        }).pipe(Effect.scoped),
      { concurrency: "unbounded" }
    ).pipe(withLog)
  )

  it.live("maps every fault within six seconds, follows no redirect and leaks nothing", () =>
    Effect.gen(function* () {
      const cases = Object.values(faults).flatMap((each) => [
        { ...each, path: api },
        { ...each, path: token }
      ])
      const { value, lines } = yield* withLog(
        Effect.forEach(
          cases,
          ({ path, fault, reason }) =>
            Effect.gen(function* () {
              const { sim, client } = yield* start()
              sim.fault({ ...fault, path })
              const error = yield* inTime(Effect.flip(client.character(ask(tank))))
              return { error, fault, path, reason, calls: sim.calls.to(path), followed: sim.calls.to("/redirected") }
            }).pipe(Effect.scoped),
          { concurrency: "unbounded" }
        )
      )
      for (const { error, fault, path, reason, calls, followed } of value) {
        assert.strictEqual(error._tag, "provider.unavailable", `${path} ${fault.kind}`)
        assert.strictEqual(error.retryAfter, fault.retryAfter ?? 15)
        assert.strictEqual(calls.length, reason === "connection" ? 2 : 1)
        assert.strictEqual(followed.length, 0)
      }
      for (const { reason } of value) assert.isTrue(lines.some((line) => line.includes(reason)))
      const secrets = [credentials.clientSecret, "sim.wcl.", "<<<", "Error 500"]
      for (const line of lines) for (const secret of secrets) assert.notInclude(line, secret)
    })
  )

  it.live("gets a new token when the old one is refused, once", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start({ WCL_SKIP_GEAR: "true" })
      yield* client.character(ask(tank))
      sim.dropTokens()
      assert.isNull((yield* client.character(ask(tank))).error)
      assert.strictEqual(sim.calls.to(token).length, 2)

      sim.calls.reset()
      sim.fault({ kind: "status", status: 401, path: api })
      assert.strictEqual((yield* Effect.flip(client.character(ask(tank))))._tag, "provider.unavailable")
      assert.strictEqual(sim.calls.to(api).length, 2)
      assert.strictEqual(sim.calls.to(token).length, 1)
    }).pipe(withLog)
  )

  it.live("shares one token among a hundred callers, before and after it expires", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start({ WCL_SKIP_GEAR: "true" }, { requestsPerMinute: 1000 })
      const hundred = Effect.all(
        Array.from({ length: 100 }, () => client.character(ask(tank))),
        { concurrency: "unbounded" }
      )
      yield* hundred
      assert.strictEqual(sim.calls.to(token).length, 1)
      sim.dropTokens()
      yield* hundred
      assert.strictEqual(sim.calls.to(token).length, 2)
    })
  )

  it.live("logs only that its credentials are refused", () =>
    Effect.gen(function* () {
      const { client } = yield* start({ WCL_CLIENT_SECRET: "another-canary-51b8" })
      const { value, lines } = yield* withLog(Effect.flip(client.character(ask(tank))))
      assert.strictEqual(value._tag, "provider.unavailable")
      assert.isTrue(lines.some((line) => line.includes("A provider rejected our credentials")))
      for (const line of lines) assert.notInclude(line, "canary")
    })
  )

  it.live("asks nothing before Retry-After has passed, then asks again", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start({ WCL_SKIP_GEAR: "true" })
      sim.fault({ kind: "status", status: 429, retryAfter: 2, times: 1, path: api })
      const limited = { _tag: "provider.rate_limited", retryAfter: 2 } as const
      const begun = yield* Clock.currentTimeMillis
      assert.deepInclude(yield* Effect.flip(client.character(ask(tank))), limited)
      const before = sim.calls.all.length
      const again = yield* Effect.all(
        Array.from({ length: 20 }, () => Effect.flip(client.character(ask(tank)))),
        { concurrency: "unbounded" }
      )
      for (const error of again) assert.strictEqual(error._tag, "provider.rate_limited")
      assert.strictEqual(sim.calls.all.length, before)
      const found = yield* Effect.retry(client.character(ask(tank)), {
        while: ({ _tag }) => _tag === "provider.rate_limited",
        schedule: Schedule.spaced("20 millis")
      })
      assert.isNull(found.error)
      assert.isAtLeast((yield* Clock.currentTimeMillis) - begun, 2000)
    }).pipe(withLog)
  )

  it.live("waits a minute when a 429 does not say how long, and an hour at most", () =>
    Effect.forEach(
      [
        [undefined, 60],
        [86_400, 3600]
      ] as const,
      ([retryAfter, expected]) =>
        Effect.gen(function* () {
          const { sim, client } = yield* start()
          sim.fault({ kind: "status", status: 429, html: true, ...(retryAfter === undefined ? {} : { retryAfter }) })
          assert.strictEqual((yield* Effect.flip(client.character(ask(tank)))).retryAfter, expected)
        }).pipe(Effect.scoped)
    ).pipe(withLog)
  )

  it.live("stops when the hour's points are spent, even after a good answer", () =>
    Effect.gen(function* () {
      const { sim, client } = yield* start()
      sim.spend(3600 - 1)
      const found = yield* client.character(ask(tank))
      assert.deepInclude(found, { partial: true, zone_id: 1056, gear: undefined })
      const before = sim.calls.all.length
      const error = yield* Effect.flip(client.character(ask(tank)))
      assert.strictEqual(error._tag, "provider.rate_limited")
      assert.isAbove(error.retryAfter ?? 0, 3000)
      assert.strictEqual(sim.calls.all.length, before)
    }).pipe(withLog)
  )
})
