import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { personas, profileOf } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

const callback = "/api/v1/auth/discord/callback"

const exchanges = Effect.map(
  TestApp,
  ({ discord }) => discord.calls.all.filter((call) => call.path.endsWith("/token")).length
)

layer(TestApp.layer(), live)("signing in", (it) => {
  it.effect("A01 begins with a state of 256 bits, an S256 challenge and a cookie that scripts cannot read", () =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      const { headers, setCookie, body } = yield* send("GET", "/api/v1/auth/discord/url")
      const { searchParams } = new URL(body.url)
      assert.match(searchParams.get("state")!, /^[\w-]{43}$/)
      assert.match(searchParams.get("code_challenge")!, /^[\w-]{43}$/)
      assert.strictEqual(searchParams.get("code_challenge_method"), "S256")
      assert.strictEqual(searchParams.get("scope"), "identify")
      assert.match(setCookie, /^oauth_browser=[\w-]{43}; .*HttpOnly/)
      assert.strictEqual(headers["cache-control"], "no-store")
    })
  )

  it.effect("sets a session cookie that scripts cannot read and a CSRF cookie that they can", () =>
    Effect.gen(function* () {
      const { authorize, send } = yield* openBrowser()
      const answer = yield* send("POST", callback, { json: yield* authorize(personas.raider.id) })
      assert.strictEqual(answer.status, 204)
      const [session, csrf] = answer.setCookie.split("\n")
      assert.match(session!, /^session=[\w-]{43}; Max-Age=7776000; Path=\/; HttpOnly; SameSite=Lax$/)
      assert.match(csrf!, /^csrf=[\w-]{43}; Max-Age=7776000; Path=\/; SameSite=Lax$/)
    })
  )

  it.effect("A03 of 64 parallel callbacks to two replicas with the same state one wins", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const other = yield* startReplica(app.variables)
      const { authorize, send, jar } = yield* openBrowser()
      const twin = yield* openBrowser(other, jar)
      const payload = yield* authorize(personas.officer.id)
      const before = yield* exchanges
      const answers = yield* Effect.forEach(
        Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? send : twin.send)),
        (send) => send("POST", callback, { json: payload }),
        { concurrency: "unbounded" }
      )
      const statuses = answers.map(({ status }) => status)
      assert.deepStrictEqual(
        [statuses.filter((s) => s === 204).length, statuses.filter((s) => s === 409).length],
        [1, 63]
      )
      assert.strictEqual((yield* exchanges) - before, 1)
      const sessions = yield* query`
        select count(*)::int as n from user_sessions s join discord_identities i using (user_id)
        where i.discord_user_id = ${personas.officer.id}`
      assert.strictEqual(sessions[0]!.n, 1)
    })
  )

  it.effect("A02 refuses a state that another browser began, without asking Discord", () =>
    Effect.gen(function* () {
      const victim = yield* openBrowser()
      const attacker = yield* openBrowser()
      const payload = yield* attacker.authorize(personas.raider.id)
      yield* victim.client.signIn.url({ query: {} })
      const before = yield* exchanges
      const { status, body } = yield* victim.send("POST", callback, { json: payload })
      assert.deepStrictEqual([status, body.error.code], [400, "auth.invalid_oauth_state"])
      assert.strictEqual(yield* exchanges, before)
      const audit = yield* query`
        select event_type, metadata->>'reason' as reason from security_audit_events
        where metadata->>'request_id' = ${body.error.request_id}`
      assert.deepStrictEqual(audit, [{ event_type: "sign_in_state_refused", reason: "unknown" }])
      assert.strictEqual((yield* attacker.send("POST", callback, { json: payload })).status, 204)
    })
  )

  it.effect("A06 two tabs of one browser may finish in either order", () =>
    Effect.gen(function* () {
      const { authorize, client } = yield* openBrowser()
      const first = yield* authorize(personas.raider.id)
      const second = yield* authorize(personas.raider.id)
      yield* client.signIn.callback({ payload: second })
      yield* client.signIn.callback({ payload: first })
      assert.strictEqual((yield* client.sessions.current()).user.discord.id, personas.raider.id)
    })
  )

  it.effect.each([
    { age: "9 minutes 59 seconds", status: 204 },
    { age: "10 minutes 1 second", status: 400 }
  ])("A04 a state of $age answers $status", ({ age, status }) =>
    Effect.gen(function* () {
      const { authorize, send } = yield* openBrowser()
      const payload = yield* authorize(personas.raider.id)
      yield* query`update oauth_states set expires_at = expires_at - ${age}::text::interval where consumed_at is null`
      const answer = yield* send("POST", callback, { json: payload })
      assert.strictEqual(answer.status, status)
      if (status === 400) assert.strictEqual(answer.body.error.code, "auth.oauth_state_expired")
    })
  )

  it.effect("A07 ends the browser's previous session", () =>
    Effect.gen(function* () {
      const { send, signIn, cookie } = yield* openBrowser()
      yield* signIn()
      const old = yield* cookie("session")
      yield* signIn()
      const { status, body } = yield* (yield* openBrowser()).send("GET", "/api/v1/auth/session", {
        headers: { cookie: `session=${old}` }
      })
      assert.deepStrictEqual([status, body.error.code], [401, "auth.session_revoked"])
      assert.strictEqual((yield* send("GET", "/api/v1/auth/session")).status, 200)
    })
  )

  it.effect("A08 five parallel first sign-ins of one person create one user", () =>
    Effect.gen(function* () {
      const { discord } = yield* TestApp
      const id = "900000000000000555"
      discord.addPersona({ id, label: "Quintus", profile: profileOf({ id, username: "quintus", globalName: null }) })
      const browsers = yield* Effect.all(Array.from({ length: 5 }, () => openBrowser()))
      yield* Effect.forEach(browsers, ({ signIn }) => signIn(id), { concurrency: "unbounded" })
      const users = yield* query`
        select count(distinct s.user_id)::int as users, count(*)::int as sessions
        from user_sessions s join discord_identities i using (user_id) where i.discord_user_id = ${id}`
      assert.deepStrictEqual(users, [{ users: 1, sessions: 5 }])
    })
  )

  it.effect("A10 a profile with null names, emoji, unknown fields and huge flags signs in", () =>
    Effect.gen(function* () {
      const { discord } = yield* TestApp
      const id = "900000000000000556"
      const odd = { username: "🦊", flags: 2 ** 40, public_flags: 2 ** 33, novelty: { deep: [1] }, global_name: null }
      discord.addPersona({ id, label: "Odd", profile: profileOf({ id, username: "odd", globalName: null }, odd) })
      const { client, signIn } = yield* openBrowser()
      yield* signIn(id)
      const { user } = yield* client.sessions.current()
      assert.deepInclude(user.discord, { id, username: "🦊", global_name: null })
    })
  )

  it.effect("stores no token, state or secret in the clear", () =>
    Effect.gen(function* () {
      const { authorize, client, cookie } = yield* openBrowser()
      const payload = yield* authorize(personas.raider.id)
      yield* client.signIn.callback({ payload })
      const secrets = [
        payload.state,
        payload.code,
        yield* cookie("session"),
        yield* cookie("csrf"),
        yield* cookie("oauth_browser")
      ]
      const rows = yield* query`
        select row_to_json(t)::text as text from (
          select * from user_sessions s full join oauth_states o on false full join discord_oauth_tokens d on false
          full join security_audit_events e on false) t`
      const dump = JSON.stringify(rows)
      assert.isAbove(rows.length, 10)
      for (const secret of secrets) assert.notInclude(dump, secret!)
      assert.match(dump, /v1:[\w-]{32}:[\w-]+/)
    })
  )

  it.effect("a browser keeps a valid sign-in cookie, and gets a new one in place of an invalid one", () =>
    Effect.gen(function* () {
      const { url } = yield* openBrowser()
      const secretAfter = (cookie: string) =>
        Effect.map(
          Effect.promise(() =>
            fetch(`${url}/api/v1/auth/discord/url`, { headers: { cookie: `oauth_browser=${cookie}` } })
          ),
          ({ headers }) => /oauth_browser=([^;]*)/.exec(headers.getSetCookie().join("\n"))?.[1]
        )
      const own = "a".repeat(43)
      assert.strictEqual(yield* secretAfter(own), own)
      for (const strange of [`${own}a`, own.slice(1), `${own.slice(1)}.`, `.${own}`, `${own}.`]) {
        const given = yield* secretAfter(strange)
        assert.match(given!, /^[\w-]{43}$/)
        assert.notInclude([strange, own], given!)
      }
    })
  )
})
