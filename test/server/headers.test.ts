import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { openBrowser } from "../support/Browser.ts"
import { environment } from "../support/environment.ts"
import { live, TestApp } from "../support/TestApp.ts"

const origin = environment.FRONTEND_BASE_URL
const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "content-type" }

layer(TestApp.layer(), live)("headers", (it) => {
  it.effect("X07 the browser app may send credentials, and read the headers it needs, on errors too", () =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      const { status, headers } = yield* send("GET", "/api/v1/auth/session", { headers: { origin } })
      assert.strictEqual(status, 401)
      assert.deepInclude(headers, {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers":
          "etag, x-csrf-token, x-request-id, x-return-to, retry-after, ratelimit, ratelimit-policy",
        vary: "Origin"
      })
    })
  )

  it.effect("X05 a preflight is answered without PostgreSQL", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      app.postgres.shut()
      const { send } = yield* openBrowser()
      const { status, headers } = yield* send("OPTIONS", "/api/v1/guilds", { headers: { origin, ...preflight } })
      app.postgres.open()
      assert.strictEqual(status, 204)
      assert.deepInclude(headers, {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
        "access-control-allow-headers": "content-type, if-match, if-none-match, last-event-id, x-csrf-token",
        "access-control-max-age": "3600"
      })
    })
  )

  it.effect.each([
    "https://app.test:4200",
    "http://app.test",
    "http://app.test:42000",
    "http://evil-app.test:4200",
    "http://app.test:4200.evil.test",
    "HTTP://APP.TEST:4200",
    "null"
  ])("X05 %s gets no CORS headers", (origin) =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      const asked = yield* send("OPTIONS", "/api/v1/guilds", { headers: { origin, ...preflight } })
      const got = yield* send("GET", "/api/v1/health", { headers: { origin } })
      for (const { headers } of [asked, got]) {
        assert.lengthOf(
          Object.keys(headers).filter((name) => name.startsWith("access-control")),
          0
        )
        assert.strictEqual(headers.vary, "Origin")
      }
    })
  )

  it.effect.each(["/api/v1/health", "/api/v1/auth/session", "/nothing", "/api/v1/guilds/%ff"])(
    "O05 %s has the security headers, and does not name the server",
    (path) =>
      Effect.gen(function* () {
        const { headers } = yield* (yield* openBrowser()).send("GET", path)
        assert.deepInclude(headers, {
          "x-content-type-options": "nosniff",
          "cache-control": "no-store",
          "content-security-policy": "default-src 'none'; frame-ancestors 'none'"
        })
        assert.notProperty(headers, "server")
        assert.notProperty(headers, "x-powered-by")
      })
  )

  it.effect("I12 HEAD is GET without a body", () =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      const { status, body, headers } = yield* send("HEAD", "/api/v1/health")
      assert.deepStrictEqual([status, body, headers["content-type"]], [200, "", "application/json"])
    })
  )

  it.effect("the contract is served as OpenAPI and as a page without external resources", () =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      const { body } = yield* send("GET", "/api/v1/openapi.json")
      assert.include(Object.keys(body.paths), "/api/v1/characters/{character_id}/warcraftlogs/refresh")
      const errors = body.paths["/api/v1/guilds"].post.responses
      assert.containsAllKeys(errors, ["201", "400", "401", "403", "413", "415", "429", "500", "503"])
      const page = yield* send("GET", "/api/v1/docs")
      assert.match(page.headers["content-type"]!, /^text\/html/)
      assert.notMatch(page.body, /<script[^>]+src=["']https?:/)
      const policy = page.headers["content-security-policy"]!
      assert.match(policy, /script-src 'self';.*connect-src 'self'/)
      const script = yield* send("GET", "/api/v1/docs/reference.js")
      assert.match(script.headers["content-type"]!, /^text\/javascript/)
      assert.isAbove(script.body.length, 3_000_000)
    })
  )
})
