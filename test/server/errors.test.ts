import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { openBrowser } from "../support/Browser.ts"
import { live, TestApp } from "../support/TestApp.ts"

const guilds = "/api/v1/guilds"
const nowhere = "00000000-0000-4000-8000-000000000000"
const night = { name: "Night Watch", realm: "Spineshatter", region: "eu", faction: "horde", game_version: "classicann" }

type Send = Effect.Success<ReturnType<typeof openBrowser>>["send"]

interface Case {
  readonly what: string
  readonly status: number
  readonly code: string
  /** Sent without a session; otherwise the caller is signed in. */
  readonly anonymous?: true
  /** What happens to PostgreSQL before the request. */
  readonly postgres?: "shut" | "silence"
  readonly ask: (send: Send) => ReturnType<Send>
}

const cases: ReadonlyArray<Case> = [
  { what: "no session", status: 401, code: "auth.unauthorized", anonymous: true, ask: (send) => send("GET", guilds) },
  {
    what: "garbage as session",
    status: 401,
    code: "auth.unauthorized",
    anonymous: true,
    ask: (send) => send("GET", guilds, { headers: { cookie: "session=garbage" } })
  },
  {
    what: "two sessions",
    status: 401,
    code: "auth.unauthorized",
    anonymous: true,
    ask: (send) => send("GET", guilds, { headers: { cookie: "session=a; session=b" } })
  },
  {
    what: "empty CSRF token",
    status: 403,
    code: "auth.csrf_required",
    ask: (send) => send("POST", guilds, { json: night, headers: { "x-csrf-token": "" } })
  },
  {
    what: "wrong CSRF token",
    status: 403,
    code: "auth.csrf_invalid",
    ask: (send) => send("POST", guilds, { json: night, headers: { "x-csrf-token": "wrong" } })
  },
  {
    what: "foreign origin",
    status: 403,
    code: "auth.origin_forbidden",
    ask: (send) => send("POST", guilds, { json: night, headers: { origin: "https://evil.test" } })
  },
  {
    what: "null origin",
    status: 403,
    code: "auth.origin_forbidden",
    ask: (send) => send("POST", guilds, { json: night, headers: { origin: "null" } })
  },
  {
    what: "cross-site",
    status: 403,
    code: "auth.origin_forbidden",
    ask: (send) => send("POST", guilds, { json: night, headers: { "sec-fetch-site": "cross-site" } })
  },
  { what: "unknown guild", status: 404, code: "guild.not_found", ask: (send) => send("GET", `${guilds}/${nowhere}`) },
  {
    what: "members of an unknown guild",
    status: 404,
    code: "guild.not_found",
    ask: (send) => send("GET", `${guilds}/${nowhere}/members`)
  },
  {
    what: "characters of an unknown guild",
    status: 404,
    code: "guild.not_found",
    ask: (send) => send("GET", `${guilds}/${nowhere}/characters`)
  },
  {
    what: "unknown character",
    status: 404,
    code: "character.not_found",
    ask: (send) => send("GET", `/api/v1/characters/${nowhere}`)
  },
  {
    what: "refresh of an unknown character",
    status: 404,
    code: "character.not_found",
    ask: (send) => send("POST", `/api/v1/characters/${nowhere}/battlenet/refresh`)
  },
  { what: "unknown route", status: 404, code: "route.not_found", ask: (send) => send("GET", "/api/v1/nothing") },
  {
    what: "unknown route for a change",
    status: 404,
    code: "route.not_found",
    anonymous: true,
    ask: (send) => send("POST", "/nothing")
  },
  { what: "doubled slash", status: 404, code: "route.not_found", ask: (send) => send("GET", "/api/v1//guilds") },
  { what: "wrong method", status: 405, code: "route.method_not_allowed", ask: (send) => send("DELETE", guilds) },
  {
    what: "wrong method without a session",
    status: 405,
    code: "route.method_not_allowed",
    anonymous: true,
    ask: (send) => send("POST", "/api/v1/health")
  },
  {
    what: "body over 64 KiB",
    status: 413,
    code: "request.too_large",
    ask: (send) => send("POST", guilds, { json: { ...night, name: "x".repeat(65_536) } })
  },
  {
    what: "form",
    status: 415,
    code: "request.unsupported_media_type",
    ask: (send) => send("POST", guilds, { text: ["name=x", "application/x-www-form-urlencoded"] })
  },
  {
    what: "text",
    status: 415,
    code: "request.unsupported_media_type",
    ask: (send) => send("POST", guilds, { text: [JSON.stringify(night), "text/plain"] })
  },
  {
    what: "another charset",
    status: 415,
    code: "request.unsupported_media_type",
    ask: (send) => send("POST", guilds, { text: [JSON.stringify(night), "application/json; charset=utf-16"] })
  },
  {
    what: "compressed",
    status: 415,
    code: "request.unsupported_media_type",
    ask: (send) => send("POST", guilds, { json: night, headers: { "content-encoding": "gzip" } })
  },
  {
    what: "malformed JSON",
    status: 400,
    code: "validation.invalid_request",
    ask: (send) => send("POST", guilds, { text: ["{", "application/json"] })
  },
  { what: "no body", status: 400, code: "validation.invalid_request", ask: (send) => send("POST", guilds) },
  {
    what: "NUL in a name",
    status: 400,
    code: "validation.invalid_request",
    ask: (send) => send("POST", guilds, { json: { ...night, name: "a\u0000b" } })
  },
  {
    what: "wrong type",
    status: 400,
    code: "validation.invalid_request",
    ask: (send) => send("POST", guilds, { json: { ...night, name: 7 } })
  },
  {
    what: "missing field",
    status: 400,
    code: "validation.invalid_request",
    ask: (send) => send("POST", guilds, { json: { name: "x" } })
  },
  {
    what: "bad UUID",
    status: 400,
    code: "validation.invalid_request",
    ask: (send) => send("GET", `${guilds}/not-a-uuid`)
  },
  {
    what: "path that is not UTF-8",
    status: 400,
    code: "validation.invalid_request",
    ask: (send) => send("GET", `${guilds}/%ff`)
  },
  {
    what: "NUL in the path",
    status: 400,
    code: "validation.invalid_request",
    ask: (send) => send("GET", `${guilds}/%00`)
  },
  {
    what: "name out of bounds",
    status: 400,
    code: "guild.validation_failed",
    ask: (send) => send("POST", guilds, { json: { ...night, name: " " } })
  },
  {
    what: "unknown region",
    status: 400,
    code: "guild.validation_failed",
    ask: (send) => send("POST", guilds, { json: { ...night, region: "mars" } })
  },
  {
    what: "state that was never begun",
    status: 400,
    code: "auth.invalid_oauth_state",
    anonymous: true,
    ask: (send) => send("POST", "/api/v1/auth/discord/callback", { json: { code: "c", state: "s" } })
  },
  {
    what: "PostgreSQL down",
    status: 503,
    code: "dependency.unavailable",
    postgres: "shut",
    ask: (send) => send("GET", guilds)
  },
  {
    what: "PostgreSQL silent",
    status: 503,
    code: "dependency.unavailable",
    postgres: "silence",
    ask: (send) => send("GET", guilds)
  }
]

layer(TestApp.layer(), live)("every failure is an envelope", (it) => {
  it.effect.each(cases)("$status $what", ({ status, code, anonymous, postgres, ask }) =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const { send, signIn } = yield* openBrowser()
      if (anonymous === undefined) yield* signIn()
      if (postgres !== undefined) app.postgres[postgres]()
      yield* Effect.addFinalizer(() => Effect.sync(app.postgres.open))
      const { body, headers, ...answer } = yield* ask(send)
      assert.strictEqual(answer.status, status)
      assert.deepStrictEqual(Object.keys(body), ["error"])
      assert.hasAllKeys(body.error, ["code", "message", "request_id", "details"])
      assert.strictEqual(body.error.code, code)
      assert.strictEqual(body.error.request_id, headers["x-request-id"])
      assert.match(body.error.message, /^[A-Z].*\.$/)
      assert.strictEqual(headers["content-type"], "application/json")
    })
  )

  it.effect("405 names the allowed methods", () =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      const { headers } = yield* send("PATCH", guilds)
      assert.sameMembers(headers["allow"]!.split(", "), ["GET", "HEAD", "POST"])
    })
  )

  it.effect("details name the field, and never quote it", () =>
    Effect.gen(function* () {
      const { send, signIn } = yield* openBrowser()
      yield* signIn()
      const { body } = yield* send("POST", guilds, { json: { ...night, region: "quoted", faction: undefined } })
      assert.deepStrictEqual(body.error.details, { fields: [{ field: "payload.faction", reason: "is missing" }] })
      const bounds = yield* send("POST", guilds, { json: { ...night, region: "quoted", name: "" } })
      assert.deepStrictEqual(bounds.body.error.details.fields.map((f: { field: string }) => f.field).toSorted(), [
        "name",
        "region"
      ])
      assert.notInclude(JSON.stringify(bounds.body), "quoted")
    })
  )

  it.effect("details say what is wrong with a parameter and with a body", () =>
    Effect.gen(function* () {
      const { send, signIn } = yield* openBrowser()
      yield* signIn()
      const fields = (path: string, json?: unknown) =>
        Effect.map(send(json === undefined ? "GET" : "POST", path, { json }), ({ body }) => body.error.details.fields)
      assert.deepStrictEqual(yield* fields(guilds, {}), [{ field: "payload.name", reason: "is missing" }])
      assert.deepStrictEqual(yield* fields(guilds, []), [{ field: "payload", reason: "is not valid" }])
      assert.deepStrictEqual(yield* fields(guilds, { ...night, name: 7 }), [
        { field: "payload.name", reason: "is not valid" }
      ])
      assert.deepStrictEqual(yield* fields(`${guilds}/no-uuid`), [{ field: "params.guild_id", reason: "is not valid" }])
    })
  )

  it.effect("a valid incoming request id is kept, a hostile one replaced", () =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      const kept = yield* send("GET", "/nothing", { headers: { "x-request-id": "trace-0123456789" } })
      assert.strictEqual(kept.body.error.request_id, "trace-0123456789")
      const replaced = yield* send("GET", "/nothing", { headers: { "x-request-id": "<script>" } })
      assert.match(replaced.body.error.request_id, /^[0-9a-f-]{36}$/)
    })
  )
})
