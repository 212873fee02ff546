import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

const path = "/api/v1/auth/session"

type Browser = Effect.Success<ReturnType<typeof openBrowser>>

/** How each replica answers a request with this cookie and no other: `live`, or the error code. */
const verdicts = Effect.fnUntraced(function* (cookie: string, ...urls: ReadonlyArray<string>) {
  return yield* Effect.forEach(urls, (url) =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser(url)
      const { status, body } = yield* send("GET", path, { headers: { cookie } })
      return status === 200 ? "live" : (body.error.code as string)
    })
  )
})

const sessionCookie = ({ cookie }: Browser) => Effect.map(cookie("session"), (token) => `session=${token}`)

layer(TestApp.layer(), live)("the life of a session", (it) => {
  it.effect("S03 an active browser that is never sent another cookie stays signed in for 90 days, and no longer", () =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      const browser = yield* openBrowser()
      const payload = yield* browser.authorize(personas.raider.id)
      const { setCookie } = yield* browser.send("POST", "/api/v1/auth/discord/callback", { json: payload })
      assert.match(setCookie, /^session=[\w-]{43}; Max-Age=7776000;/)
      const cookie = yield* sessionCookie(browser)
      const { id } = (yield* browser.client.sessions.current()).session
      const sleep = (days: number) => query`
        update user_sessions set created_at = created_at - make_interval(days => ${days}::int),
          last_seen_at = last_seen_at - make_interval(days => ${days}::int),
          expires_at = expires_at - make_interval(days => ${days}::int)
        where id = ${id}::uuid`
      for (const days of [29, 29, 29, 2]) {
        yield* sleep(days)
        const { send } = yield* openBrowser()
        const answer = yield* send("GET", path, { headers: { cookie } })
        assert.strictEqual(answer.status, 200)
        assert.notMatch(answer.setCookie, /session=/)
      }
      yield* sleep(1)
      assert.deepStrictEqual(yield* verdicts(cookie, url), ["auth.session_expired"])
    })
  )

  it.effect("S03 a browser that stays away for 30 days is signed out", () =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      const browser = yield* openBrowser()
      yield* browser.signIn()
      const { session } = yield* browser.client.sessions.current()
      assert.closeTo(Date.parse(session.expires_at) - Date.parse(session.created_at), 30 * 86_400_000, 5000)
      yield* query`update user_sessions set expires_at = expires_at - interval '30 days' where id = ${session.id}::uuid`
      assert.deepStrictEqual(yield* verdicts(yield* sessionCookie(browser), url), ["auth.session_expired"])
    })
  )

  it.effect("A07 signing in never reuses an earlier token, be it live, dead or made up", () =>
    Effect.gen(function* () {
      const { url, variables } = yield* TestApp
      const twin = yield* startReplica(variables)
      const browser = yield* openBrowser()
      yield* browser.signIn()
      const own = yield* sessionCookie(browser)
      const stranger = yield* openBrowser()
      yield* stranger.signIn(personas.newcomer.id)
      const planted = yield* sessionCookie(stranger)
      const madeUp = `session=${"A".repeat(43)}`
      const seen: Array<string> = []
      for (const cookie of [own, planted, madeUp, own]) {
        const payload = yield* browser.authorize(personas.raider.id)
        const headers = { cookie: `${cookie}; oauth_browser=${yield* browser.cookie("oauth_browser")}` }
        const visitor = yield* openBrowser(twin)
        const { status } = yield* visitor.send("POST", "/api/v1/auth/discord/callback", { json: payload, headers })
        assert.strictEqual(status, 204)
        assert.deepStrictEqual(new Set(yield* verdicts(cookie, url, twin)).has("live"), false)
        seen.push(yield* sessionCookie(visitor))
      }
      assert.strictEqual(new Set([own, planted, madeUp, ...seen]).size, 7)
      for (const cookie of seen) assert.deepStrictEqual(yield* verdicts(cookie, url, twin), ["live", "live"])
    })
  )

  it.effect("S09 both replicas refuse all sessions of a deleted user, even after a later sign-in", () =>
    Effect.gen(function* () {
      const { url, variables } = yield* TestApp
      const twin = yield* startReplica(variables)
      const browsers = yield* Effect.all(Array.from({ length: 5 }, () => openBrowser()))
      yield* Effect.forEach(browsers, ({ signIn }) => signIn(personas.officer.id))
      const { user } = yield* browsers[0]!.client.sessions.current()
      const cookies = yield* Effect.forEach(browsers, sessionCookie)
      yield* query`update users set deleted_at = now() where id = ${user.id}::uuid`
      const all = Effect.map(
        Effect.forEach(cookies, (cookie) => verdicts(cookie, url, twin)),
        (each) => [...new Set(each.flat())]
      )
      assert.deepStrictEqual(yield* all, ["auth.unauthorized"])
      const again = yield* openBrowser()
      yield* again.signIn(personas.officer.id)
      assert.deepStrictEqual(yield* all, ["auth.session_revoked"])
      assert.strictEqual((yield* again.client.sessions.current()).user.id, user.id)
      assert.lengthOf((yield* again.client.sessions.list()).sessions, 1)
    })
  )
})
