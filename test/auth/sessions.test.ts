import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { personas } from "../../src/demo/sim/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

const path = "/api/v1/auth/session"

const endings = [
  {
    what: "a revoked session",
    end: (id: string) => query`update user_sessions set revoked_at = now() where id = ${id}::uuid`,
    code: "auth.session_revoked"
  },
  {
    what: "a session unused for 30 days",
    end: (id: string) => query`update user_sessions set expires_at = now() where id = ${id}::uuid`,
    code: "auth.session_expired"
  },
  {
    what: "a session of 90 days",
    end: (id: string) => query`update user_sessions set created_at = now() - interval '90 days' where id = ${id}::uuid`,
    code: "auth.session_expired"
  },
  {
    what: "a session that Discord wants renewed",
    end: (id: string) => query`
      update discord_identities set relogin_required_at = now()
      where user_id = (select user_id from user_sessions where id = ${id}::uuid)`,
    code: "auth.relogin_required"
  },
  {
    what: "a session of a deleted user",
    end: (id: string) => query`
      update users set deleted_at = now() where id = (select user_id from user_sessions where id = ${id}::uuid)`,
    code: "auth.unauthorized"
  }
]

const lastSeen = (id: string) =>
  Effect.map(
    query`select extract(epoch from now() - last_seen_at)::float8 as age,
      extract(epoch from expires_at - now())::float8 / 86400 as days from user_sessions where id = ${id}::uuid`,
    ([row]) => row as { age: number; days: number }
  )

layer(TestApp.layer(), live)("sessions", (it) => {
  it.effect.each(endings)("$what is refused by both replicas, and its cookies are cleared", ({ end, code }) =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const { client, send, signIn, cookie } = yield* openBrowser()
      yield* signIn(personas.admin.id)
      yield* end((yield* client.sessions.current()).session.id)
      const headers = { cookie: `session=${yield* cookie("session")}` }
      const elsewhere = yield* openBrowser(yield* startReplica(app.variables))
      for (const ask of [elsewhere.send, send]) {
        const answer = yield* ask("GET", path, { headers })
        assert.deepStrictEqual([answer.status, answer.body.error.code], [401, code])
        assert.match(answer.setCookie, /session=; Max-Age=0; Path=\/; HttpOnly/)
        assert.match(answer.setCookie, /csrf=; Max-Age=0; Path=\/; SameSite/)
      }
    })
  )

  it.effect("a later sign-in restores a deleted user but revives no session", () =>
    Effect.gen(function* () {
      const { client, send, signIn, cookie } = yield* openBrowser()
      yield* signIn(personas.officer.id)
      const { user } = yield* client.sessions.current()
      const headers = { cookie: `session=${yield* cookie("session")}` }
      yield* query`update users set deleted_at = now() where id = ${user.id}::uuid`
      const again = yield* openBrowser()
      yield* again.signIn(personas.officer.id)
      assert.strictEqual((yield* again.client.sessions.current()).user.id, user.id)
      assert.strictEqual((yield* send("GET", path, { headers })).body.error.code, "auth.session_revoked")
    })
  )

  it.effect("moves last-seen and expiry after five minutes, not before, and never past 90 days", () =>
    Effect.gen(function* () {
      const { client, signIn } = yield* openBrowser()
      yield* signIn()
      const { id } = (yield* client.sessions.current()).session
      yield* query`update user_sessions set last_seen_at = now() - interval '4 minutes 55 seconds' where id = ${id}::uuid`
      yield* client.sessions.current()
      assert.isAbove((yield* lastSeen(id)).age, 290)
      yield* query`
        update user_sessions set last_seen_at = now() - interval '6 minutes', created_at = now() - interval '80 days'
        where id = ${id}::uuid`
      yield* client.sessions.current()
      const { age, days } = yield* lastSeen(id)
      assert.isBelow(age, 60)
      assert.closeTo(days, 10, 0.01)
    })
  )

  it.effect("GET /auth/csrf a hundred times in parallel breaks neither of two tabs", () =>
    Effect.gen(function* () {
      const { client, send, signIn, cookie } = yield* openBrowser()
      yield* signIn()
      const token = yield* cookie("csrf")
      yield* Effect.forEach(Array.from({ length: 100 }), () => client.sessions.csrf(), { concurrency: 20 })
      assert.strictEqual(yield* cookie("csrf"), token)
      assert.strictEqual(
        (yield* send("POST", "/api/v1/guilds", { json: {} })).body.error.code,
        "validation.invalid_request"
      )
    })
  )

  it.effect("the CSRF token of another session does not do", () =>
    Effect.gen(function* () {
      const [mine, theirs] = [yield* openBrowser(), yield* openBrowser()]
      yield* mine.signIn()
      yield* theirs.signIn(personas.newcomer.id)
      const headers = { "x-csrf-token": (yield* theirs.cookie("csrf"))! }
      const { status, body } = yield* mine.send("POST", "/api/v1/auth/logout", { headers })
      assert.deepStrictEqual([status, body.error.code], [403, "auth.csrf_invalid"])
      const audit = yield* query`
        select event_type from security_audit_events where metadata->>'request_id' = ${body.error.request_id}`
      assert.deepStrictEqual(audit, [{ event_type: "csrf_failed" }])
      yield* mine.client.sessions.current()
    })
  )

  it.effect("logging out clears both cookies and ends this session alone", () =>
    Effect.gen(function* () {
      const [desk, phone] = [yield* openBrowser(), yield* openBrowser()]
      yield* desk.signIn()
      yield* phone.signIn()
      const answer = yield* desk.send("POST", "/api/v1/auth/logout")
      assert.strictEqual(answer.status, 204)
      assert.match(answer.setCookie, /session=; Max-Age=0; Path=\/; HttpOnly/)
      yield* phone.client.sessions.current()
    })
  )
})
