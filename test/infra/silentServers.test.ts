import { assert, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlError } from "effect/sql"
import { serverFaultOf } from "../../src/infra/SqlFaults.ts"
import { openBrowser } from "../support/Browser.ts"
import { eventually } from "../support/eventually.ts"
import { live, TestApp } from "../support/TestApp.ts"

const json = { name: "N", realm: "R", region: "eu", faction: "horde", game_version: "classic" }

layer(TestApp.layer(), live)("servers whose answers are late", (it) => {
  it.effect("D04 after PostgreSQL was 5 s late, all is well within 3 s, without waiting for what was lost", () =>
    Effect.gen(function* () {
      const { postgres } = yield* TestApp
      const { send, signIn } = yield* openBrowser()
      yield* signIn()
      const write = send("POST", "/api/v1/guilds", { json })
      const both = Effect.all([send("GET", "/api/v1/guilds"), write], { concurrency: 2 })
      assert.strictEqual((yield* write).status, 201)
      postgres.disturb({ latency: 5000 })
      for (let n = 0; n < 2; n++) {
        const answers = yield* Effect.replicateEffect(both, 20, { concurrency: 20 })
        assert.deepStrictEqual(new Set(answers.flat().map(({ status }) => status)), new Set([503]))
      }
      postgres.open()
      const since = performance.now()
      const answers = eventually(Effect.replicateEffect(both, 20, { concurrency: 20 }), (all) =>
        all.flat().every(({ status }) => status < 400)
      )
      yield* answers
      assert.isBelow(performance.now() - since, 3000)
    })
  )

  it.effect("D06 after Redis was 3 s late, /health/redis says within a second that it is back", () =>
    Effect.gen(function* () {
      const { redis } = yield* TestApp
      const { send } = yield* openBrowser()
      const health = Effect.map(send("GET", "/api/v1/health/redis"), ({ status }) => status)
      redis.disturb({ latency: 3000 })
      yield* eventually(health, (status) => status === 503)
      yield* Effect.replicateEffect(health, 3)
      redis.open()
      const since = performance.now()
      yield* eventually(health, (status) => status === 200)
      assert.isBelow(performance.now() - since, 1000)
    })
  )
})

it("D03 a socket that the server has ended is a lost connection", () => {
  const cause = Object.assign(new Error("This socket has been ended by the other party"), { code: "EPIPE" })
  const reason = new SqlError.ConnectionError({ cause, message: "Socket error", operation: "query" })
  assert.include(serverFaultOf(new SqlError.SqlError({ reason })), { code: "connection" })
})
