import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { databaseText, redisText } from "../support/canaries.ts"
import { capturedLog } from "../support/capturedLog.ts"
import { environment } from "../support/environment.ts"
import { raw } from "../support/raw.ts"
import { query } from "../support/query.ts"
import { unsafeRoutes } from "../support/routes.ts"
import { characterOf } from "../support/seeded.ts"
import { live, TestApp } from "../support/TestApp.ts"

/** Signs in, changes, reads, refreshes, and fails in many ways, like a day of use. */
const aDay = Effect.gen(function* () {
  const app = yield* TestApp
  const browser = yield* openBrowser()
  const { authorize, client, send, cookie } = browser
  const callback = yield* authorize(personas.raider.id)
  yield* client.signIn.callback({ payload: callback })
  const cookies = [yield* cookie("session"), yield* cookie("csrf"), yield* cookie("oauth_browser")]
  const params = { character_id: (yield* characterOf(browser, { wcl: "ranked" })).id }
  yield* client.refreshes.warcraftlogs({ params })
  app.battlenet.fault({ kind: "status", status: 500, html: true })
  yield* Effect.flip(client.refreshes.battlenet({ params }))
  app.battlenet.clearFaults()
  const canaries = [
    "canary-csrf-header",
    "canary-code-in-body",
    "canary-state-in-body",
    "canary-cookie-value",
    "canary-query"
  ]
  for (const { method, path } of unsafeRoutes) {
    yield* send(method, `${path}?token=canary-query`, {
      json: { code: "canary-code-in-body", state: "canary-state-in-body" },
      headers: { "x-csrf-token": "canary-csrf-header" }
    })
    yield* send(method, path, {
      text: ["{canary-code-in-body", "application/json"],
      headers: { cookie: "session=canary-cookie-value" }
    })
  }
  return [callback.code, callback.state, ...cookies, ...canaries] as ReadonlyArray<string>
})

const databaseDump = Effect.flatMap(TestApp, ({ sql }) => Effect.provideService(databaseText, SqlClient.SqlClient, sql))

layer(TestApp.layer({ RUN_DB_SEEDS: "true", LOG_LEVEL: "Trace" }), live)("log and audit", (it) => {
  it.effect("O01 S08 neither log, database nor Redis contains a secret after a day of use", () =>
    Effect.gen(function* () {
      const lines = yield* capturedLog
      const secrets = yield* aDay
      const configured = Object.entries(environment).filter(([name]) => /SECRET|PASSWORD|KEY/.test(name))
      const places = { log: lines.join("\n"), database: yield* databaseDump, redis: yield* Effect.promise(redisText) }
      assert.isAtLeast(lines.length, 20)
      assert.include(places.database, "cyra.sim")
      for (const [place, text] of Object.entries(places)) {
        for (const secret of [...secrets, ...configured.map(([, value]) => value)])
          assert.notInclude(text, secret, place)
      }
    })
  )

  it.effect("O02 hostile headers leave one line per request, and every line parses", () =>
    Effect.gen(function* () {
      const lines = yield* capturedLog
      const { url } = yield* TestApp
      const hostile = [
        "\u001b[31mred\u001b[0m",
        "a\u00850x",
        "x".repeat(10_000),
        '"}\\n{"level":"FATAL"}',
        "\u00e2\u0080\u00a8"
      ]
      for (const agent of [...hostile, "y".repeat(1_000_000)]) {
        const head = `GET /api/v1/%0d%0aINJECTED HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`
        yield* raw(url, Buffer.from(`${head}User-Agent: ${agent}\r\nX-Request-Id: ${agent}\r\n\r\n`, "latin1"))
      }
      const parsed = lines.map((line) => JSON.parse(line)).filter(({ message }) => message === "request")
      // The parser refuses an escape character, and more than 16 KiB, before there is a request.
      assert.lengthOf(parsed, 3)
      assert.notMatch(lines.join("\n"), /INJECTED|\u001b|xxxx|yyyy|\u2028/)
    })
  )

  it.effect("O03 the request id is the same in the answer, the log and the audit", () =>
    Effect.gen(function* () {
      const lines = yield* capturedLog
      const { send, signIn } = yield* openBrowser()
      yield* signIn()
      const { headers } = yield* send("POST", "/api/v1/auth/logout", { headers: { "x-request-id": "trace-me-0001" } })
      assert.strictEqual(headers["x-request-id"], "trace-me-0001")
      const logged = lines
        .map((line) => JSON.parse(line).annotations)
        .find(({ request_id: id }) => id === "trace-me-0001")
      assert.deepInclude(logged, { method: "POST", route: "/api/v1/auth/logout", status: 204 })
      const audit = yield* query`select 1 from security_audit_events where metadata->>'request_id' = 'trace-me-0001'`
      assert.lengthOf(audit, 1)
    })
  )

  it.effect("O04 each security event has one row", () =>
    Effect.gen(function* () {
      yield* query`delete from security_audit_events`
      const { client, send, signIn } = yield* openBrowser()
      yield* signIn(personas.newcomer.id)
      yield* send("POST", "/api/v1/auth/logout", { headers: { "x-csrf-token": "wrong" } })
      yield* send("POST", "/api/v1/auth/discord/callback", { json: { code: "c", state: "s" } })
      yield* client.guilds.create({
        payload: { name: "N", realm: "R", region: "eu", faction: "horde", game_version: "classic" }
      })
      yield* query`update user_sessions set last_seen_at = now() - interval '1 hour'`
      yield* client.sessions.current()
      yield* client.sessions.logout()
      const rows = yield* query`
        select event_type, count(*)::int as n from security_audit_events group by event_type order by event_type`
      assert.deepStrictEqual(
        rows.map(({ event_type, n }) => `${String(event_type)} ${String(n)}`),
        ["csrf_failed 1", "guild_created 1", "profile_refreshed 1", "session_created 1", "session_refreshed 1"].concat(
          "session_revoked 1",
          "sign_in_started 1",
          "sign_in_state_refused 1",
          "sign_in_succeeded 1"
        )
      )
    })
  )
})
