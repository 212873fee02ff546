import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { textOf } from "../containers/Dockerfile.ts"
import { openBrowser } from "../support/Browser.ts"
import { live, TestApp } from "../support/TestApp.ts"

layer(TestApp.layer({ REVISION: "34fbca7" }), live)("health", (it) => {
  it.effect("tells which version and commit runs", () =>
    Effect.gen(function* () {
      const { version } = JSON.parse(textOf("package.json"))
      const { send } = yield* openBrowser()
      const { body } = yield* send("GET", "/api/v1/health")
      assert.deepStrictEqual(body, { status: "ok", service: "app", version, revision: "34fbca7" })
    })
  )

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
