import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { environment } from "../support/environment.ts"
import { query } from "../support/query.ts"
import { routes, safeRoutes, unsafeRoutes } from "../support/routes.ts"
import { live, TestApp } from "../support/TestApp.ts"

const body = { name: "N", realm: "R", region: "eu", faction: "horde", game_version: "classic", code: "c", state: "s" }
const guarded = unsafeRoutes.filter(({ signedIn }) => signedIn)

/** What a safe request may write; every other table of the catalogue must stay as it is. */
const mayChange = [
  // GET /auth/discord/url stores the state of the sign-in that it begins.
  "oauth_states",
  // It also records that a sign-in was begun.
  "security_audit_events"
]

/** A digest of each table in the database, without those named and those of the job engine, which beats. */
const digests = (...without: ReadonlyArray<string>) => query`
  select tablename, md5(query_to_xml(format('select to_jsonb(t) from %I.%I t order by 1', schemaname, tablename), true,
    false, '')::text) as digest
  from pg_tables where schemaname = 'public' and tablename not like 'jobs\\_%' and tablename <> all(string_to_array(${without.join()}, ','))
  order by tablename`

layer(TestApp.layer({ RUN_DB_SEEDS: "true" }), live)("CSRF and origin", (it) => {
  it.effect.each(guarded)("X01 $name refuses an absent, empty, wrong, foreign or doubled token", ({ method, path }) =>
    Effect.gen(function* () {
      const [mine, theirs] = [yield* openBrowser(), yield* openBrowser()]
      yield* mine.signIn()
      yield* theirs.signIn(personas.newcomer.id)
      const own = (yield* mine.cookie("csrf"))!
      const cases = [
        { token: "", code: "auth.csrf_required" },
        { token: "wrong", code: "auth.csrf_invalid" },
        { token: (yield* theirs.cookie("csrf"))!, code: "auth.csrf_invalid" },
        { token: `${own}, ${own}`, code: "auth.csrf_invalid" }
      ]
      for (const { token, code } of cases) {
        const answer = yield* mine.send(method, path, { json: body, headers: { "x-csrf-token": token } })
        assert.deepStrictEqual([answer.status, answer.body.error.code], [403, code], token)
      }
      const session = yield* mine.cookie("session")
      const absent = yield* Effect.promise(() =>
        fetch(`${mine.url}${path}`, {
          method,
          headers: { cookie: `session=${session}; csrf=${own}`, "content-type": "application/json" },
          body: JSON.stringify(body)
        })
      )
      const { error } = (yield* Effect.promise(() => absent.json())) as { error: { code: string } }
      assert.deepStrictEqual([absent.status, error.code], [403, "auth.csrf_required"])
      const huge = yield* mine.send(method, path, { json: body, headers: { "x-csrf-token": "x".repeat(1_000_000) } })
      assert.isTrue([403, 413].includes(huge.status))
    })
  )

  it.effect.each(unsafeRoutes)(
    "X03 $name refuses a foreign origin, changes nothing and extends no session",
    ({ method, path }) =>
      Effect.gen(function* () {
        const { send, signIn } = yield* openBrowser()
        yield* signIn()
        yield* query`update user_sessions set last_seen_at = now() - interval '1 hour'`
        const before = yield* digests()
        assert.isNotEmpty(before)
        for (const headers of [
          { origin: "https://evil.test" },
          { origin: "null" },
          { origin: `${environment.FRONTEND_BASE_URL}.evil.test` },
          { origin: "null", "sec-fetch-site": "same-origin" },
          { origin: "https://evil.test", "sec-fetch-site": "same-origin" },
          { "sec-fetch-site": "cross-site" }
        ]) {
          const answer = yield* send(method, path, { json: body, headers })
          assert.deepStrictEqual([answer.status, answer.body.error.code], [403, "auth.origin_forbidden"])
        }
        assert.deepStrictEqual(yield* digests(), before)
      })
  )

  it.effect.each(unsafeRoutes)("X04 $name refuses form, text and multipart bodies", ({ method, path }) =>
    Effect.gen(function* () {
      const { send, signIn } = yield* openBrowser()
      yield* signIn()
      for (const type of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]) {
        const answer = yield* send(method, path, { text: ["name=x", type] })
        assert.deepStrictEqual([answer.status, answer.body.error.code], [415, "request.unsupported_media_type"], type)
      }
    })
  )

  it.effect.each(safeRoutes)("X08 $name changes no row", ({ method, path }) =>
    Effect.gen(function* () {
      const { send, signIn } = yield* openBrowser()
      yield* signIn()
      const before = yield* digests(...mayChange)
      assert.isNotEmpty(before)
      yield* send(method, path)
      assert.deepStrictEqual(yield* digests(...mayChange), before)
    })
  )

  it.effect.each(routes.filter(({ signedIn }) => signedIn))("S02 $name needs a session", ({ method, path }) =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      for (const cookie of ["", "session=", "session=garbage", "session=a; session=b", `session=${"x".repeat(43)}`]) {
        const answer = yield* send(method, path, { headers: { cookie } })
        assert.deepStrictEqual([answer.status, answer.body.error.code], [401, "auth.unauthorized"], cookie)
      }
    })
  )

  it.effect("X03 the app's own origin may change data from any site, and any origin may read", () =>
    Effect.gen(function* () {
      const { send, signIn, url, cookie } = yield* openBrowser()
      yield* signIn()
      const origin = environment.FRONTEND_BASE_URL
      for (const sent of [
        { origin },
        ...["cross-site", "same-site", "same-origin", "none"].map((site) => ({ origin, "sec-fetch-site": site })),
        { "sec-fetch-site": "same-origin" },
        {}
      ])
        assert.strictEqual((yield* send("POST", "/api/v1/guilds", { json: body, headers: sent })).status, 201)
      const headers = { cookie: `session=${yield* cookie("session")}`, origin: "https://evil.test" }
      for (const method of ["GET", "HEAD"]) {
        const answer = yield* Effect.promise(() => fetch(`${url}/api/v1/auth/session`, { method, headers }))
        assert.strictEqual(answer.status, 200)
      }
    })
  )

  it.effect("X03 the documentation page's own origin may change data, if the browser says that it is our own", () =>
    Effect.gen(function* () {
      const { send, signIn, url } = yield* openBrowser()
      yield* signIn()
      const own = new URL(url).origin
      const make = (headers: Readonly<Record<string, string>>) =>
        Effect.map(send("POST", "/api/v1/guilds", { json: body, headers }), ({ status }) => status)
      assert.strictEqual(yield* make({ origin: own, "sec-fetch-site": "same-origin" }), 201)
      // It still needs the CSRF token.
      assert.strictEqual(yield* make({ origin: own, "sec-fetch-site": "same-origin", "x-csrf-token": "" }), 403)
      for (const site of ["cross-site", "same-site", "none"])
        assert.strictEqual(yield* make({ origin: own, "sec-fetch-site": site }), 403, site)
      assert.strictEqual(yield* make({ origin: own }), 403)
      for (const origin of [`${own}0`, own.replace("//", "//evil."), own.replace(/:\d+$/, ""), own.toUpperCase()])
        assert.strictEqual(yield* make({ origin, "sec-fetch-site": "same-origin" }), 403, origin)
    })
  )

  it.effect("GET /auth/session sets a CSRF cookie that is lost or another's again, and no other", () =>
    Effect.gen(function* () {
      const { signIn, url, cookie, send } = yield* openBrowser()
      yield* signIn()
      const [session, own] = [yield* cookie("session"), (yield* cookie("csrf"))!]
      const asked = Effect.fnUntraced(function* (csrf: string) {
        const headers = { cookie: `session=${session}${csrf}` }
        const answer = yield* Effect.promise(() => fetch(`${url}/api/v1/auth/session`, { headers }))
        assert.deepStrictEqual([answer.status, answer.headers.get("cache-control")], [200, "no-store"])
        return answer.headers.getSetCookie()
      })
      const fresh = [`csrf=${own}; Max-Age=7776000; Path=/; SameSite=Lax`]
      for (const lost of ["", "; csrf=", "; csrf=stale", `; csrf=${own}x`, `; csrf=${own}; csrf=stale`])
        assert.deepStrictEqual(yield* asked(lost), fresh, lost)
      for (const kept of [`; csrf=${own}`, `; csrf=${own}; csrf=${own}`, `; csrf="${own}"; other=1`])
        assert.deepStrictEqual(yield* asked(kept), [], kept)
      for (const path of ["/guilds", "/auth/sessions"])
        assert.strictEqual(
          (yield* send("GET", `/api/v1${path}`, { headers: { cookie: `session=${session}` } })).setCookie,
          ""
        )
      const stranger = yield* Effect.promise(() => fetch(`${url}/api/v1/auth/session`))
      assert.deepStrictEqual([stranger.status, stranger.headers.getSetCookie()], [401, []])
    })
  )
})
