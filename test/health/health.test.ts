import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { openBrowser } from "../support/Browser.ts"
import { live, TestApp } from "../support/TestApp.ts"

layer(TestApp.layer(), live)("health", (it) => {
  it.effect.each(["postgres", "redis"] as const)("%s: up, shut, silent and back", (service) =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const { send } = yield* openBrowser()
      const path = `/api/v1/health/${service}`
      assert.deepStrictEqual((yield* send("GET", path)).body, { status: "ok", service })
      for (const state of ["shut", "silence"] as const) {
        app[service][state]()
        const { status, body } = yield* send("GET", path)
        assert.strictEqual(status, 503)
        assert.deepInclude(body, { status: "unavailable", service })
        assert.match(body.error, /^(PostgreSQL|Redis) is not responding\.$/)
        assert.strictEqual((yield* send("GET", "/api/v1/health")).status, 200)
        app[service].open()
        const back = Effect.repeat(send("GET", path), { until: ({ status }) => status === 200 })
        yield* Effect.timeout(back, "5 seconds")
      }
    })
  )
})
