import { assert, layer } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { RedisPatience } from "../../src/limits/RateLimiter.ts"
import { capturedLog } from "../support/capturedLog.ts"
import { eventually } from "../support/eventually.ts"
import { from, newAddress, signedIn, strictReplica, strictReplicaWith } from "./limited.ts"
import { openBrowser } from "../support/Browser.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

const session = "/api/v1/auth/session"

const variables = { TRUSTED_PROXIES: "127.0.0.1/32", LOG_LEVEL: "Warn" }

layer(TestApp.layer(variables), live)("limits of two replicas", (it) => {
  const replicas = Effect.all([strictReplica, strictReplica])

  /** How many of 200 parallel requests, half to each replica, pass a limit of 20. */
  const passing = Effect.fnUntraced(function* ([one, other]: Effect.Success<typeof replicas>, ip: string) {
    const answers = yield* Effect.forEach(
      Array.from({ length: 200 }).keys(),
      (index) => (index % 2 === 0 ? one : other).send("GET", session, from(ip)),
      { concurrency: "unbounded" }
    )
    assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([401, 429]))
    return answers.filter(({ status }) => status === 401).length
  })

  it.effect("L02 of 200 parallel requests to two replicas exactly 20 pass", () =>
    Effect.gen(function* () {
      // On a busy machine the simulated Redis answers late, which another test covers.
      const patient = strictReplicaWith(Layer.succeed(RedisPatience, 500))
      const both = yield* Effect.all([patient, patient])
      for (let round = 1; round <= 3; round++) assert.strictEqual(yield* passing(both, newAddress()), 20)
    })
  )

  it.effect.each(["shut", "silence"] as const)(
    "L02 with Redis %s each replica passes 20 and logs each fact once, and they count together again when it is back",
    (state) =>
      Effect.gen(function* () {
        const app = yield* TestApp
        const both = yield* replicas
        const ip = newAddress()
        yield* Effect.forEach(both, ({ send }) => send("GET", session, from(newAddress())))
        const lines = yield* capturedLog
        app.redis[state]()
        assert.strictEqual(yield* passing(both, ip), 40)
        // A replica leaves Redis alone for a second, then tries it again; no visible fact tells when.
        yield* Effect.sleep("1100 millis")
        assert.strictEqual(yield* passing(both, newAddress()), 40)
        // The app itself and two replicas share the process. Each says once that Redis is slow, and once that it is gone.
        for (const words of ["Redis is slow", "Redis is not responding"])
          assert.isAtMost(lines.filter((line) => line.includes(words)).length, 3, lines.join("\n"))
        assert.isAtMost(lines.filter((line) => line.includes("Redis")).length, 6, lines.join("\n"))
        app.redis.open()
        yield* eventually(
          Effect.suspend(() => passing(both, newAddress())),
          (passed) => passed === 20
        ).pipe(Effect.timeout("10 seconds"))
      }).pipe(Effect.scoped),
    30_000
  )

  it.effect("L02 a window that began in Redis continues without it", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const { send } = yield* strictReplica
      const ip = newAddress()
      const ask = Effect.map(send("GET", session, from(ip)), ({ status }) => status)
      const before = yield* Effect.replicateEffect(ask, 15)
      app.redis.shut()
      const after = yield* Effect.replicateEffect(ask, 10)
      app.redis.open()
      assert.strictEqual([...before, ...after].indexOf(429), 20)
    })
  )

  it.effect("L02 while Redis hangs few requests wait for it", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const { send } = yield* openBrowser(yield* startReplica(app.variables))
      const { headers } = yield* signedIn()
      const measure = Effect.forEach(Array.from({ length: 200 }).keys(), () =>
        Effect.gen(function* () {
          const started = yield* Clock.currentTimeMillis
          assert.strictEqual((yield* send("GET", session, { headers })).status, 200)
          return (yield* Clock.currentTimeMillis) - started
        })
      )
      const sum = (times: ReadonlyArray<number>) => times.reduce((a, b) => a + b, 0)
      const usual = sum(yield* measure)
      app.redis.silence()
      const hanging = sum(yield* measure)
      app.redis.open()
      // If each request waited, this would take 8 s longer.
      assert.isBelow(hanging, usual * 2 + 1000)
    })
  )
})
