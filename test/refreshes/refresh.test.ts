import { assert, layer } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { Redis } from "effect/persistence"
import { redisPrefix } from "../../src/infra/Redis.ts"
import { sentences } from "../../src/refreshes/warcraftlogs/Sheets.ts"
import { services } from "../infra/providers.ts"
import type { Fault } from "../../src/demo/simulators/Fault.ts"
import { personas, profileOf } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { query } from "../support/query.ts"
import { characterOf } from "../support/seeded.ts"
import { live, simulatedProviders, startReplica, TestApp } from "../support/TestApp.ts"

interface Case {
  readonly fault: Fault
  readonly code: string
  readonly retryAfter?: string
}

const cases: ReadonlyArray<Case> = [
  { fault: { kind: "hang" }, code: "provider.unavailable" },
  { fault: { kind: "slow", ms: 8000 }, code: "provider.unavailable" },
  { fault: { kind: "status", status: 401 }, code: "provider.unavailable" },
  { fault: { kind: "status", status: 403 }, code: "provider.unavailable" },
  { fault: { kind: "status", status: 429, retryAfter: 33 }, code: "provider.rate_limited", retryAfter: "33" },
  { fault: { kind: "status", status: 429 }, code: "provider.rate_limited", retryAfter: "60" },
  { fault: { kind: "status", status: 500, html: true }, code: "provider.unavailable" },
  { fault: { kind: "garbage" }, code: "provider.unavailable" },
  { fault: { kind: "truncated" }, code: "provider.unavailable" },
  { fault: { kind: "reset" }, code: "provider.unavailable" }
]

const both = ["warcraftlogs", "battlenet"] as const

const raider = Effect.gen(function* () {
  const browser = yield* openBrowser()
  yield* browser.signIn(personas.raider.id)
  return browser
})

/** Finished reports are asked for only once. */
const forgetFights = Effect.gen(function* () {
  const { variables } = yield* TestApp
  yield* Effect.gen(function* () {
    const redis = yield* Redis.Redis
    const keys = yield* redis.send<ReadonlyArray<string>>("KEYS", `${yield* redisPrefix}fight:*`)
    if (keys.length > 0) yield* redis.send("DEL", ...keys)
  }).pipe(Effect.provide(services(variables)))
})

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("refreshing a character", (it) => {
  it.effect("every fault of a provider is a mapped error within 6 s, and the old snapshots stay", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const browser = yield* raider
      const params = { character_id: (yield* characterOf(browser, { wcl: "ranked", bnet: "ok" })).id }
      yield* browser.client.refreshes.warcraftlogs({ params })
      yield* browser.client.refreshes.battlenet({ params })
      const before = yield* browser.client.characters.get({ params })

      const suffer = Effect.fnUntraced(function* ({ fault, code, retryAfter }: Case) {
        const providers = yield* simulatedProviders
        const replica = yield* startReplica({ ...app.variables, ...providers.variables })
        const { send } = yield* openBrowser(replica, browser.jar)
        for (const provider of both) {
          providers[provider].fault(fault)
          const started = yield* Clock.currentTimeMillis
          const answer = yield* send("POST", `/api/v1/characters/${params.character_id}/${provider}/refresh`)
          const what = `${provider}: ${JSON.stringify(fault)}`
          assert.deepStrictEqual([answer.status, answer.body.error?.code], [503, code], what)
          assert.match(answer.headers["retry-after"] ?? "", new RegExp(`^${retryAfter ?? "\\d+"}$`), what)
          assert.isBelow((yield* Clock.currentTimeMillis) - started, 6000, what)
        }
      })
      yield* Effect.forEach(cases, suffer, { concurrency: "unbounded", discard: true })
      assert.deepStrictEqual(yield* browser.client.characters.get({ params }), before)
    })
  )

  it.effect("hidden logs are a message, not a failure", () =>
    Effect.gen(function* () {
      const browser = yield* raider
      const params = { character_id: (yield* characterOf(browser, { wcl: "hidden" })).id }
      const { warcraftlogs } = yield* browser.client.refreshes.warcraftlogs({ params })
      assert.strictEqual(warcraftlogs.error, sentences.hidden)
      assert.deepInclude(warcraftlogs, { rankings: [], gear: [], partial: false })
    })
  )

  it.effect("a character that neither provider knows is a message, not a failure", () =>
    Effect.gen(function* () {
      const browser = yield* raider
      const params = { character_id: (yield* characterOf(browser, { wcl: "unknown", bnet: "unknown" })).id }
      const { warcraftlogs } = yield* browser.client.refreshes.warcraftlogs({ params })
      const { battlenet } = yield* browser.client.refreshes.battlenet({ params })
      assert.strictEqual(warcraftlogs.error, "Warcraft Logs does not know this character.")
      assert.strictEqual(battlenet.error, "Battle.net does not know this character.")
      assert.deepInclude((yield* browser.client.characters.get({ params })).character, { warcraftlogs, battlenet })
    })
  )

  it.effect("healers are asked for healing, others for damage", () =>
    Effect.gen(function* () {
      const browser = yield* raider
      const refresh = Effect.fnUntraced(function* (role: "heal" | "ranged") {
        const params = { character_id: (yield* characterOf(browser, { wcl: "ranked", role })).id }
        return (yield* browser.client.refreshes.warcraftlogs({ params })).warcraftlogs.metric
      })
      assert.deepStrictEqual([yield* refresh("heal"), yield* refresh("ranged")], ["hps", "dps"])
    })
  )

  it.effect("unreadable gear stays as it was, next to new rankings", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const browser = yield* raider
      const params = { character_id: (yield* characterOf(browser, { wcl: "ranked", role: "ranged" })).id }
      const whole = (yield* browser.client.refreshes.warcraftlogs({ params })).warcraftlogs
      yield* forgetFights
      // The first request, for the rankings, is let through; the second, for the gear, is not.
      app.warcraftlogs.fault({ kind: "slow", ms: 0, path: "client", times: 1 })
      app.warcraftlogs.fault({ kind: "status", status: 500, path: "client", times: 1 })
      const { warcraftlogs } = yield* browser.client.refreshes.warcraftlogs({ params })
      app.warcraftlogs.clearFaults()
      assert.isTrue(warcraftlogs.partial)
      assert.match(warcraftlogs.error!, /equipment/)
      assert.deepStrictEqual([warcraftlogs.gear, warcraftlogs.rankings], [whole.gear, whole.rankings])
    })
  )

  it.effect("the owner and those who lead the guild may refresh a character, and only guild mates see it", () =>
    Effect.gen(function* () {
      const params = { character_id: (yield* characterOf(yield* raider, { wcl: "ranked" })).id }
      const [leader, mate, stranger] = [yield* openBrowser(), yield* openBrowser(), yield* openBrowser()]
      yield* leader.signIn(personas.officer.id)
      const farrag = { id: "900000000000000006", username: "farrag.sim", globalName: "Farrag" }
      ;(yield* TestApp).discord.addPersona({ id: farrag.id, label: "Farrag", profile: profileOf(farrag) })
      yield* mate.signIn(farrag.id)
      yield* stranger.signIn(personas.newcomer.id)
      assert.strictEqual((yield* mate.client.characters.get({ params })).character.id, params.character_id)
      assert.isNull((yield* leader.client.refreshes.battlenet({ params })).battlenet.error)
      const refused = [
        yield* Effect.flip(mate.client.refreshes.battlenet({ params })),
        yield* Effect.flip(stranger.client.refreshes.battlenet({ params })),
        yield* Effect.flip(stranger.client.characters.get({ params }))
      ]
      assert.deepStrictEqual(
        refused.map((error) => error._tag),
        ["character.refresh_forbidden", "character.not_found", "character.not_found"]
      )
    })
  )

  it.effect("a region without credentials is refused with its own code", () =>
    Effect.gen(function* () {
      const browser = yield* raider
      const { id } = yield* characterOf(browser, { wcl: "hidden" })
      yield* query`update characters set region = 'cn' where id = ${id}::uuid`
      const error = yield* Effect.flip(browser.client.refreshes.battlenet({ params: { character_id: id } }))
      assert.strictEqual(error._tag, "provider.region_unsupported")
    })
  )
})
