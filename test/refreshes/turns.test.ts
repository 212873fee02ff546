import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { openBrowser } from "../support/Browser.ts"
import { eventually } from "../support/eventually.ts"
import { signedIn } from "../limits/limited.ts"
import { characterOf } from "../support/seeded.ts"
import { live, simulatedProviders, startReplica, TestApp } from "../support/TestApp.ts"

/** The call that every refresh makes exactly once. */
const central = { warcraftlogs: /client$/, battlenet: /\/profile\/wow\/character\/[^/]+\/[^/]+$/ }

const providers = ["warcraftlogs", "battlenet"] as const

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("refreshes on two replicas", (it) => {
  /** Two replicas with their own providers, because a spent quota would stay spent for the other tests. */
  const start = Effect.gen(function* () {
    const app = yield* TestApp
    const simulated = yield* simulatedProviders
    const variables = { ...app.variables, ...simulated.variables, WCL_SKIP_GEAR: "true" }
    const urls = yield* Effect.all([startReplica(variables), startReplica(variables)])
    const { browser, headers } = yield* signedIn()
    const { id } = yield* characterOf(browser, { wcl: "ranked", bnet: "ok" })
    const [one, other] = yield* Effect.forEach(urls, (url) => openBrowser(url))
    const refresher =
      ({ send }: typeof browser) =>
      (provider: (typeof providers)[number]) =>
        send("POST", `/api/v1/characters/${id}/${provider}/refresh`, { headers })
    const read = one!.send("GET", `/api/v1/characters/${id}`, { headers })
    return { simulated, refresh: [refresher(one!), refresher(other!)] as const, read }
  })

  for (const provider of providers) {
    const asked = ({ simulated }: Effect.Success<typeof start>) =>
      simulated[provider].calls.to(central[provider]).length

    it.effect(`L05 100 parallel refreshes from ${provider} ask it once, and get the same answer`, () =>
      Effect.gen(function* () {
        const world = yield* start
        for (let round = 1; round <= 3; round++) {
          // Slow, so that the first refresh does not end before the last request has arrived.
          world.simulated[provider].fault({ kind: "slow", ms: 1000, path: central[provider], times: 1 })
          const answers = yield* Effect.forEach(
            Array.from({ length: 100 }).keys(),
            (index) => world.refresh[index % 2]!(provider),
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
          for (const { body } of answers) assert.deepStrictEqual(body, answers[0]!.body)
          assert.strictEqual(asked(world), round)
        }
      })
    )

    it.effect(`L05 two refreshes from ${provider}, one after the other, ask it twice`, () =>
      Effect.gen(function* () {
        const world = yield* start
        const answers = [yield* world.refresh[0](provider), yield* world.refresh[1](provider)]
        assert.deepStrictEqual(
          answers.map(({ status }) => status),
          [200, 200]
        )
        assert.notStrictEqual(answers[0]!.body[provider].fetched_at, answers[1]!.body[provider].fetched_at)
        assert.strictEqual(asked(world), 2)
      })
    )

    it.effect(`L05 a caller of ${provider} that leaves does not disturb the others`, () =>
      Effect.gen(function* () {
        const world = yield* start
        const { calls, fault } = world.simulated[provider]
        fault({ kind: "slow", ms: 700, path: central[provider], times: 1 })
        const first = yield* Effect.forkChild(world.refresh[0](provider))
        yield* calls.reached(1, central[provider])
        const rest = yield* Effect.forkChild(
          Effect.all([world.refresh[0](provider), world.refresh[1](provider)], { concurrency: 2 })
        )
        yield* Fiber.interrupt(first)
        for (const { status } of yield* Fiber.join(rest)) assert.strictEqual(status, 200)
        assert.strictEqual(asked(world), 1)
      })
    )

    it.effect(`L05 a failure of ${provider} fails the callers that share it, and none after them`, () =>
      Effect.gen(function* () {
        const world = yield* start
        world.simulated[provider].fault({ kind: "slow", ms: 5000 })
        world.simulated[provider].fault({ kind: "hang" })
        const answers = yield* Effect.all([world.refresh[0](provider), world.refresh[1](provider)], { concurrency: 2 })
        assert.deepStrictEqual(
          answers.map(({ status, body }) => [status, body.error?.code]),
          answers.map(() => [503, "provider.unavailable"])
        )
        world.simulated[provider].clearFaults()
        assert.strictEqual((yield* world.refresh[1](provider)).status, 200)
      })
    )

    it.effect(
      `L05 a quota of ${provider} spent on one replica is spent on the other, and nothing else is affected`,
      () =>
        Effect.gen(function* () {
          const world = yield* start
          const { calls, fault } = world.simulated[provider]
          fault({ kind: "status", status: 429, retryAfter: 33, path: central[provider], times: 1 })
          const spent = yield* world.refresh[0](provider)
          const before = calls.all.length
          const refused = [yield* world.refresh[1](provider), yield* world.refresh[0](provider)]
          for (const { status, body, headers } of [spent, ...refused]) {
            assert.deepStrictEqual([status, body.error.code], [503, "provider.rate_limited"])
            assert.match(headers["retry-after"]!, /^3[123]$/)
          }
          assert.strictEqual(calls.all.length, before)
          const another = provider === "battlenet" ? "warcraftlogs" : "battlenet"
          assert.strictEqual((yield* world.refresh[1](another)).status, 200)
          assert.strictEqual((yield* world.read).status, 200)
        })
    )
  }

  it.effect.each(["shut", "silence"] as const)(
    "L05 with Redis %s no provider is asked, and everything else works",
    (state) =>
      Effect.gen(function* () {
        const app = yield* TestApp
        const world = yield* start
        app.redis[state]()
        for (const provider of providers) {
          const { status, body, headers } = yield* world.refresh[0](provider)
          assert.deepStrictEqual([status, body.error.code], [503, "provider.unavailable"])
          assert.strictEqual(headers["retry-after"], "5")
          assert.lengthOf(world.simulated[provider].calls.all, 0)
        }
        assert.strictEqual((yield* world.read).status, 200)
        app.redis.open()
        yield* eventually(world.refresh[0]("battlenet"), ({ status }) => status === 200).pipe(
          Effect.timeout("5 seconds")
        )
      })
  )
})
