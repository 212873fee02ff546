import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { createHmac } from "node:crypto"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { environment } from "../support/environment.ts"
import { eventually } from "../support/eventually.ts"
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
    what: "a session older than 90 days",
    end: (id: string) => query`update user_sessions set created_at = now() - interval '90 days' where id = ${id}::uuid`,
    code: "auth.session_expired"
  },
  {
    what: "a session that needs a new sign-in at Discord",
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
  it.effect.each(endings)("S02 $what is refused by both replicas, and its cookies are cleared", ({ end, code }) =>
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

  it.effect("S09 a later sign-in restores a deleted user but revives no session", () =>
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

  it.effect("S03 updates last-seen and expiry after five minutes, not before, and never past 90 days", () =>
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

  it.effect("X02 a hundred parallel GET /auth/csrf break neither of two tabs", () =>
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

  it.effect("the CSRF token of another session is refused", () =>
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

  it.effect("X02 a session with an adopted CSRF token accepts that one and its own, and no other session's", () =>
    Effect.gen(function* () {
      const [mine, theirs] = [yield* openBrowser(), yield* openBrowser()]
      yield* mine.signIn()
      yield* theirs.signIn(personas.newcomer.id)
      const former = "former-csrf-token"
      const hash = createHmac("sha256", environment.SESSION_HMAC_SECRET).update(`csrf:${former}`).digest("base64")
      const { id } = (yield* mine.client.sessions.current()).session
      yield* query`update user_sessions set csrf_token_hash = ${hash} where id = ${id}::uuid`
      const codeFor = (token: string) =>
        Effect.map(
          mine.send("POST", "/api/v1/guilds", { json: {}, headers: { "x-csrf-token": token } }),
          ({ body }) => body.error.code
        )
      assert.strictEqual(yield* codeFor(former), "validation.invalid_request")
      yield* mine.client.sessions.csrf()
      assert.strictEqual(yield* codeFor((yield* mine.cookie("csrf"))!), "validation.invalid_request")
      assert.strictEqual(yield* codeFor(former), "validation.invalid_request")
      for (const token of [(yield* theirs.cookie("csrf"))!, hash, "former"])
        assert.strictEqual(yield* codeFor(token), "auth.csrf_invalid")
    })
  )

  it.effect("logging out clears both cookies and ends only this session", () =>
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

  it.effect("lists the live sessions, latest activity first, and marks the current one", () =>
    Effect.gen(function* () {
      const [desk, phone] = [yield* openBrowser(), yield* openBrowser()]
      yield* desk.signIn(personas.newcomer.id)
      yield* phone.signIn(personas.newcomer.id)
      const { sessions } = yield* phone.client.sessions.list()
      const ids = sessions.map(({ id }) => id)
      assert.strictEqual(ids[0], (yield* phone.client.sessions.current()).session.id)
      assert.include(ids, (yield* desk.client.sessions.current()).session.id)
      const current = (yield* phone.client.sessions.current()).session
      assert.isTrue(current.is_current)
      assert.deepStrictEqual(
        sessions.filter((each) => each.is_current).map(({ id }) => id),
        [current.id]
      )
      yield* desk.client.sessions.logout()
      assert.lengthOf((yield* phone.client.sessions.list()).sessions, ids.length - 1)
    })
  )

  it.effect("S05 removes another session of the same user, but not the current one nor another user's", () =>
    Effect.gen(function* () {
      const [desk, phone, other] = [yield* openBrowser(), yield* openBrowser(), yield* openBrowser()]
      yield* desk.signIn()
      yield* phone.signIn()
      yield* other.signIn(personas.newcomer.id)
      const idOf = (browser: typeof desk) => Effect.map(browser.client.sessions.current(), ({ session }) => session.id)
      const remove = (id: string) => desk.send("DELETE", `/api/v1/auth/sessions/${id}`)
      const foreign = yield* remove(yield* idOf(other))
      const unknown = yield* remove("00000000-0000-4000-8000-000000000000")
      const { request_id: first, ...refusal } = foreign.body.error
      const { request_id: second, ...same } = unknown.body.error
      assert.deepStrictEqual([foreign.status, refusal], [unknown.status, same])
      assert.strictEqual(refusal.code, "auth.session_not_found")
      const audit = yield* query`
        select 1 from security_audit_events where metadata->>'request_id' in (${first}, ${second})`
      assert.lengthOf(audit, 0)
      assert.strictEqual((yield* remove(yield* idOf(desk))).body.error.code, "auth.current_session_delete_forbidden")
      assert.strictEqual((yield* remove(yield* idOf(phone))).status, 204)
      assert.strictEqual((yield* phone.send("GET", path)).body.error.code, "auth.session_revoked")
      yield* other.client.sessions.current()
    })
  )

  it.effect("S06 logging out all others during 20 parallel sign-ins leaves no older session but the caller's", () =>
    Effect.gen(function* () {
      const caller = yield* openBrowser()
      yield* caller.signIn(personas.officer.id)
      const browsers = yield* Effect.all(Array.from({ length: 20 }, () => openBrowser()))
      const payloads = yield* Effect.forEach(browsers, ({ authorize }) => authorize(personas.officer.id))
      const finish = Effect.forEach(
        browsers,
        ({ client }, index) => client.signIn.callback({ payload: payloads[index]! }),
        { concurrency: "unbounded" }
      )
      const [{ called }] = (yield* query`select clock_timestamp()::text as called`) as [{ called: string }]
      yield* Effect.all([finish, caller.client.sessions.logoutOthers()], { concurrency: 2 })
      const { id } = (yield* caller.client.sessions.current()).session
      const older = yield* query`
        select s.id from user_sessions s join user_sessions mine using (user_id)
        where mine.id = ${id}::uuid and s.id <> mine.id and s.revoked_at is null and s.created_at < ${called}::text::timestamptz`
      assert.lengthOf(older, 0)
    })
  )

  it.effect("O04 the audit says why a session ended and why a change was refused", () =>
    Effect.gen(function* () {
      const [kept, other, third] = [yield* openBrowser(), yield* openBrowser(), yield* openBrowser()]
      for (const { signIn } of [kept, other, third]) yield* signIn(personas.officer.id)
      yield* query`update user_sessions set revoked_at = now() where revoked_at is null and created_at < (
        select created_at from user_sessions order by created_at desc offset 2 limit 1)`
      yield* query`delete from security_audit_events`
      const { session } = yield* other.client.sessions.current()
      yield* kept.client.sessions.remove({ params: { session_id: session.id } })
      yield* kept.client.sessions.logoutOthers()
      yield* kept.send("POST", "/api/v1/auth/logout", { headers: { "x-csrf-token": "" } })
      yield* kept.send("POST", "/api/v1/auth/logout", { headers: { "x-csrf-token": "wrong" } })
      yield* kept.client.sessions.logout()
      const rows = yield* query`
        select event_type || ' ' || (metadata->>'reason') as event from security_audit_events
        where session_id is not null and user_id is not null and user_agent is not null and ip_address is not null
        order by created_at`
      assert.deepStrictEqual(
        rows.map(({ event }) => event),
        ["session_revoked removed", "session_revoked logout_others", "csrf_failed absent", "csrf_failed wrong"].concat(
          "session_revoked logout"
        )
      )
    })
  )

  it.effect("a request refreshes a profile of yesterday in the background, but not one of today", () =>
    Effect.gen(function* () {
      const { discord } = yield* TestApp
      const { client, signIn } = yield* openBrowser()
      yield* signIn(personas.newcomer.id)
      const renewed = Effect.map(
        query`select count(*)::int as n from security_audit_events where metadata->>'reason' = 'daily'`,
        ([row]) => Number(row!.n)
      )
      const before = yield* renewed
      discord.calls.reset()
      yield* client.sessions.current()
      assert.lengthOf(discord.calls.all, 0)
      yield* query`
        update discord_identities set last_profile_refresh_at = now() - interval '25 hours'
        where discord_user_id = ${personas.newcomer.id}`
      yield* client.sessions.current()
      yield* eventually(renewed, (n) => n === before + 1)
    })
  )
})
