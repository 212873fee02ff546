import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { cookieOf, listen } from "../streams/listen.ts"
import { plannedGuild, seat } from "../plans/planned.ts"
import type { Any } from "../roster/Any.ts"
import { openBrowser } from "../support/Browser.ts"
import { databaseText, redisText } from "../support/canaries.ts"
import { capturedLog } from "../support/capturedLog.ts"
import { eventually } from "../support/eventually.ts"
import { foundGuild, somebody } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"
import { keyed } from "./keyed.ts"

const failure = ({ status, body }: { readonly status: number; readonly body: Any }) => [status, body.error?.code]
const invalid = [401, "auth.invalid_key"]

layer(TestApp.layer(), live)("keys of a guild", (it) => {
  it.effect("are shown once, stored hashed, listed without their tokens, and of no use when revoked", () =>
    Effect.gen(function* () {
      const { admin, path } = yield* foundGuild()
      const options = { name: "  Sheet ", scopes: ["roster:read", "roster:read"], expires_in_seconds: 3600 }
      const { made, key, call, revoke } = yield* keyed(admin, path, options)
      assert.deepStrictEqual([made.status, made.headers["cache-control"]], [201, "no-store"])
      assert.match(key.token, /^raid_[\w-]{8}_[\w-]{43}$/)
      const { token, ...shown } = key
      assert.deepStrictEqual(
        [shown.name, shown.scopes, shown.prefix, shown.last_used_at, shown.created_by.user_id],
        ["Sheet", ["roster:read"], token.slice(0, 13), null, admin.id]
      )
      assert.strictEqual(Date.parse(shown.expires_at) - Date.parse(shown.created_at), 3_600_000)
      assert.deepStrictEqual((yield* admin.send("GET", `${path}/keys`)).body, { keys: [shown] })
      const [row] = yield* query`select token_hash as hash from guild_keys where id = ${key.id}::uuid`
      assert.match(String(row!.hash), /^[A-Za-z0-9+/]{43}=$/)

      assert.strictEqual((yield* call("GET", `${path}/roster`)).status, 200)
      const [used] = (yield* admin.send("GET", `${path}/keys`)).body.keys
      assert.isAtLeast(Date.parse(used.last_used_at), Date.parse(shown.created_at))
      assert.strictEqual((yield* revoke).status, 204)
      assert.deepStrictEqual(failure(yield* revoke), [404, "guild.key_not_found"])
      assert.deepStrictEqual(failure(yield* call("GET", `${path}/roster`)), invalid)
      assert.deepStrictEqual((yield* admin.send("GET", `${path}/keys`)).body.keys, [])
      const { events } = (yield* admin.send("GET", `${path}/audit`)).body
      assert.deepStrictEqual(
        events.slice(0, 2).map(({ type, details, actor }: Any) => [type, details.key_id, actor.user_id]),
        [
          ["key_revoked", key.id, admin.id],
          ["key_created", key.id, admin.id]
        ]
      )
    })
  )

  it.effect("are in no table, no key of Redis and no line of the log, whole or in part, however they are used", () =>
    Effect.gen(function* () {
      const { sql } = yield* TestApp
      const log = yield* capturedLog
      const { admin, path } = yield* foundGuild()
      const { key, call, authorization, revoke } = yield* keyed(admin, path, {
        scopes: ["roster:read", "roster:write"]
      })
      const secret = key.token.slice(key.prefix.length + 1)
      assert.lengthOf(secret, 43)
      const statuses = [
        yield* call("GET", `${path}/roster`),
        yield* call("POST", `${path}/players`, { json: { name: "Aldra" } }),
        yield* call("GET", `${path}/plans`),
        yield* call("GET", `/api/v1/${key.token}`),
        yield* call("GET", `${path}/roster?key=${key.token}`, { headers: { authorization: `${authorization}x` } }),
        yield* revoke,
        yield* call("GET", `${path}/roster`)
      ].map(({ status }) => status)
      assert.deepStrictEqual(statuses, [200, 201, 403, 404, 401, 204, 401])
      const dump = yield* Effect.provideService(databaseText, SqlClient.SqlClient, sql)
      const redis = yield* Effect.promise(redisText)
      assert.include(dump, key.prefix)
      assert.isAbove(log.length, 0)
      for (const text of [dump, redis, log.join("\n")]) assert.isFalse(text.includes(secret))
    })
  )

  it.effect("must have a name, a scope and an end in bounds", () =>
    Effect.gen(function* () {
      const { admin, path } = yield* foundGuild()
      const wrong = [
        { name: " " },
        { name: "x".repeat(65) },
        { name: "a\u202eb" },
        { scopes: [] },
        { scopes: ["accounts"] },
        { expires_in_seconds: 0 },
        { expires_in_seconds: 1.5 }
      ]
      for (const part of wrong) {
        const json = { name: "Bot", scopes: ["refresh"], ...part }
        const answer = yield* admin.send("POST", `${path}/keys`, { json })
        assert.deepStrictEqual(failure(answer), [400, "validation.invalid_request"], JSON.stringify(part))
      }
    })
  )

  it.effect("are at most 20, however many are made at once; those that ended do not count", () =>
    Effect.gen(function* () {
      const { admin, path, guild } = yield* foundGuild()
      const json = { name: "Bot", scopes: ["refresh"] }
      const many = Effect.forEach(
        Array.from({ length: 30 }),
        () => Effect.map(admin.send("POST", `${path}/keys`, { json }), failure),
        { concurrency: "unbounded" }
      )
      const answers = yield* many
      assert.lengthOf(
        answers.filter(([status]) => status === 201),
        20
      )
      assert.deepInclude(answers, [409, "guild.too_many_keys"])
      yield* query`update guild_keys set expires_at = now() where id in (
        select id from guild_keys where guild_id = ${guild.id}::uuid limit 3)`
      assert.lengthOf(
        (yield* many).filter(([status]) => status === 201),
        3
      )
      // The table itself holds the limit, whoever inserts.
      const refused = yield* Effect.flip(query`
        with u as (insert into users (id) select gen_random_uuid() returning id)
        insert into guild_keys (id, guild_id, name, prefix, token_hash, scopes)
        select id, ${guild.id}::uuid, 'x', 'x', id::text, array['refresh'] from u`)
      assert.include(JSON.stringify(refused.reason.cause), "guild_keys_limit")
    })
  )

  it.effect("decide before a cookie, and need no CSRF token and no Origin", () =>
    Effect.gen(function* () {
      const { admin, path } = yield* foundGuild()
      const { authorization, key } = yield* keyed(admin, path, { scopes: ["plans:write"] })
      const cookie = yield* cookieOf(admin)
      const { url } = yield* TestApp
      const ask = (headers: Readonly<Record<string, string>>, method = "POST", at = `${path}/plans`) =>
        Effect.promise(async () => {
          const body = JSON.stringify({ title: "Plan", raids: [{ title: "Raid", size: 10 }] })
          const response = await fetch(`${url}${at}`, {
            method,
            headers: { cookie, "content-type": "application/json", ...headers },
            ...(method === "GET" ? {} : { body })
          })
          return failure({ status: response.status, body: await response.json() })
        })
      const foreign = { origin: "https://elsewhere.test", "sec-fetch-site": "cross-site" }
      assert.deepStrictEqual(yield* ask({ authorization, ...foreign }), [201, undefined])
      assert.deepStrictEqual(yield* ask({ authorization: `bearer  ${key.token}` }), [201, undefined])
      assert.deepStrictEqual(yield* ask({ authorization: "Bearer nobody" }), invalid)
      assert.deepStrictEqual(yield* ask({ authorization }, "GET", path), [403, "key.scope_missing"])
      assert.deepStrictEqual(yield* ask({ authorization: "Basic eDp5" }), [403, "auth.csrf_required"])
      assert.deepStrictEqual(yield* ask(foreign), [403, "auth.origin_forbidden"])
    })
  )

  it.effect("outlive a change of SESSION_HMAC_SECRET", () =>
    Effect.gen(function* () {
      const { variables } = yield* TestApp
      const { admin, path } = yield* foundGuild()
      const secret = "another-secret-of-48-characters-4f1c9a7be2d05386"
      const at = yield* startReplica({ ...variables, SESSION_HMAC_SECRET: secret })
      const { call } = yield* keyed(admin, path, {}, at)
      assert.strictEqual((yield* call("GET", `${path}/roster`)).status, 200)
    })
  )

  it.effect("end for good when their maker leaves the guild, or is no admin any more", () =>
    Effect.gen(function* () {
      const { admin, path, params, join } = yield* foundGuild()
      const [demoted, removed] = [yield* somebody(), yield* somebody()]
      yield* join(demoted, "admin")
      yield* join(removed, "admin")
      const kept = yield* keyed(admin, path)
      const keys = [yield* keyed(demoted, path), yield* keyed(removed, path)]
      const member = (user: string) => ({ params: { ...params, user_id: user as never } })
      yield* admin.client.guilds.setRole({ ...member(demoted.id), payload: { role: "officer" } })
      yield* admin.client.guilds.removeMember(member(removed.id))
      for (const { call } of keys) assert.deepStrictEqual(failure(yield* call("GET", `${path}/roster`)), invalid)
      yield* admin.client.guilds.setRole({ ...member(demoted.id), payload: { role: "admin" } })
      assert.deepStrictEqual(failure(yield* keys[0]!.call("GET", `${path}/roster`)), invalid)
      assert.strictEqual((yield* kept.call("GET", `${path}/roster`)).status, 200)
      const { events } = (yield* admin.send("GET", `${path}/audit`)).body
      const ended = events.filter(({ type }: Any) => type === "key_revoked")
      assert.sameMembers(
        ended.map(({ details }: Any) => details.key_id),
        keys.map(({ key }) => key.id)
      )
      assert.strictEqual(ended[0].details.reason, "maker_is_no_admin")
      yield* admin.send("DELETE", path)
      assert.deepStrictEqual(failure(yield* kept.call("GET", `${path}/roster`)), invalid)
    })
  )

  it.effect("are no members: not listed, not promoted, not removed, not linked", () =>
    Effect.gen(function* () {
      const { admin, path } = yield* foundGuild()
      const { key, call } = yield* keyed(admin, path)
      const { members } = (yield* admin.send("GET", `${path}/members`)).body
      assert.deepStrictEqual(
        members.map(({ user_id }: Any) => user_id),
        [admin.id]
      )
      const absent = [404, "guild.member_not_found"]
      const member = `${path}/members/${key.id}`
      assert.deepStrictEqual(failure(yield* admin.send("PATCH", member, { json: { role: "admin" } })), absent)
      assert.deepStrictEqual(failure(yield* admin.send("DELETE", member)), absent)
      const { player } = (yield* call("POST", `${path}/players`, { json: { name: "Aldra" } })).body
      const link = `${path}/players/${player.id}/link`
      assert.deepStrictEqual(failure(yield* admin.send("POST", link, { json: { user_id: key.id } })), absent)
      assert.strictEqual((yield* call("GET", `${path}/roster`)).status, 200)
    })
  )

  it.effect("are told apart in the histories of plans, roster and guild", () =>
    Effect.gen(function* () {
      const { admin, path, url, mains } = yield* plannedGuild(2)
      const { key, call } = yield* keyed(admin, path, { name: "Signups" })
      const headers = { "if-match": "*" }
      const patched = yield* call("PATCH", url, { json: { ops: [seat(mains[0], 0, 0, 0)] }, headers })
      const by = { user_id: key.id, discord: null, key: { name: "Signups", prefix: key.prefix } }
      assert.deepStrictEqual(patched.body.plan.updated_by, by)
      const [latest, first] = (yield* admin.send("GET", `${url}/revisions`)).body.revisions
      assert.deepStrictEqual([latest.by, first.by.key], [by, null])
      yield* call("POST", `${path}/players`, { json: { name: "Aldra" } })
      assert.deepStrictEqual((yield* admin.send("GET", `${path}/roster/history`)).body.changes[0].actor, by)
      yield* call("POST", `${path}/plans`, { json: { title: "Next", raids: [{ title: "Raid", size: 10 }] } })
      const [made] = (yield* admin.send("GET", `${path}/audit`)).body.events
      assert.deepStrictEqual([made.type, made.actor, made.key], ["plan_created", null, by.key])
      const begun = yield* call("POST", `${path}/refreshes`, { json: {} })
      assert.deepStrictEqual([begun.status, begun.body.refresh.requested_by], [202, key.id])
      const [row] = yield* query`select ip_address is not null as noted from security_audit_events
        where user_id = ${key.id}::uuid`
      assert.deepStrictEqual(row, { noted: true })
    })
  )

  it.effect("let nothing through after the answer to their revocation, of 64 at once on two replicas", () =>
    Effect.gen(function* () {
      const { admin, path } = yield* foundGuild()
      const { variables } = yield* TestApp
      const { call, authorization, revoke } = yield* keyed(admin, path)
      const far = yield* openBrowser(yield* startReplica(variables))
      const callFar: typeof call = (method, at, options) =>
        far.send(method, at, { ...options, headers: { authorization } })
      let revokedAt = Infinity
      const answers: Array<{ readonly sentAt: number; readonly status: number }> = []
      const use = Effect.fnUntraced(function* (n: number) {
        for (let late = 0; late < 2;) {
          const sentAt = performance.now()
          if (sentAt >= revokedAt) late += 1
          const writes = n % 8 < 2
          const ask = n % 2 === 0 ? call : callFar
          const { status } = yield* writes
            ? ask("POST", `${path}/players`, { json: { name: `P${n} ${answers.length}` } })
            : ask("GET", `${path}/roster`)
          answers.push({ sentAt, status })
        }
      })
      const revoking = Effect.gen(function* () {
        yield* Effect.sleep("300 millis")
        // Behind so many it may have to wait longer than a change does.
        yield* eventually(revoke, ({ status }) => status === 204)
        revokedAt = performance.now()
      })
      yield* Effect.all([...Array.from({ length: 64 }, (_, n) => use(n)), revoking], { concurrency: "unbounded" })
      const after = answers.filter(({ sentAt }) => sentAt >= revokedAt)
      assert.strictEqual(after.length, 128)
      assert.deepStrictEqual([...new Set(after.map(({ status }) => status))], [401])
    })
  )

  it.effect("listen to a plan until they are revoked, and 5 s more at most", () =>
    Effect.gen(function* () {
      const { admin, path, url, patch, mains } = yield* plannedGuild(1)
      const { authorization, revoke } = yield* keyed(admin, path, { scopes: ["plans:read"] })
      const { url: origin } = yield* TestApp
      const stream = yield* listen(`${origin}${url}/events`, "", { authorization })
      assert.strictEqual(stream.response.status, 200)
      yield* patch([seat(mains[0], 0, 0, 0)])
      yield* stream.has('"revision":2')
      yield* Effect.sleep("3 seconds")
      assert.strictEqual(stream.state(), "open")
      yield* revoke
      const revokedAt = performance.now()
      assert.strictEqual(yield* stream.ended, "ended")
      assert.isBelow(performance.now() - revokedAt, 5000)
    })
  )
})
