import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

const path = "/api/v1/auth/discord/callback"

type Browser = Effect.Success<ReturnType<typeof openBrowser>>
type Payload = { readonly code: string; readonly state: string }

const exchanges = Effect.map(
  TestApp,
  ({ discord }) => discord.calls.all.filter((call) => call.path.endsWith("/token")).length
)

/** What a callback is answered: its status, and its error's code. */
const finish = ({ send }: Browser, json: Payload, headers: Readonly<Record<string, string>> = {}) =>
  Effect.map(send("POST", path, { json, headers }), ({ status, body }) => [status, body.error?.code ?? ""] as const)

const atOnce = (browsers: ReadonlyArray<Browser>, payload: Payload, count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, index) => browsers[index % browsers.length]!),
    (browser) => finish(browser, payload),
    { concurrency: "unbounded" }
  )

const idOf = ({ client }: Browser) => Effect.map(client.sessions.current(), ({ session }) => session.id)

const begun = Effect.fnUntraced(function* (returnTo?: string) {
  const browser = yield* openBrowser()
  return { browser, payload: yield* browser.authorize(personas.raider.id, returnTo) }
})

const signedIn = Effect.fnUntraced(function* (returnTo?: string) {
  const { browser, payload } = yield* begun(returnTo)
  assert.deepStrictEqual(yield* finish(browser, payload), [204, ""])
  return { browser, payload, id: yield* idOf(browser) }
})

const consumed = [409, "auth.oauth_state_consumed"] as const
const unknown = [400, "auth.invalid_oauth_state"] as const

layer(TestApp.layer(), live)("a callback that is sent again", (it) => {
  it.effect("by the browser that it signed in: 204 again, with the same session, without Discord or an event", () =>
    Effect.gen(function* () {
      const { browser, payload, id } = yield* signedIn()
      const [session, csrf] = [yield* browser.cookie("session"), yield* browser.cookie("csrf")]
      const asked = yield* exchanges
      const events = yield* query`select count(*)::int as n from security_audit_events`
      const { statements } = yield* TestApp
      const before = statements()
      const answer = yield* browser.send("POST", path, { json: payload })
      assert.strictEqual(answer.status, 204)
      assert.strictEqual(statements() - before, 1)
      assert.match(answer.setCookie, new RegExp(`^session=${session}; .*HttpOnly.*\ncsrf=${csrf};`))
      assert.strictEqual(yield* idOf(browser), id)
      assert.strictEqual(yield* exchanges, asked)
      assert.deepStrictEqual(yield* query`select count(*)::int as n from security_audit_events`, events)
      // Whatever the code: it was used up.
      assert.deepStrictEqual(yield* finish(browser, { ...payload, code: "another" }), [204, ""])
    })
  )

  it.effect(
    "fifty at once over two replicas: one signs in, the rest is refused, and each of them may then ask again",
    () =>
      Effect.gen(function* () {
        const { browser, payload } = yield* begun()
        const other = yield* openBrowser(yield* startReplica((yield* TestApp).variables), browser.jar)
        const asked = yield* exchanges
        const answers = yield* atOnce([browser, other], payload, 50)
        const ordered = answers.toSorted(([a], [b]) => a - b)
        assert.deepStrictEqual(ordered, [[204, ""], ...Array.from({ length: 49 }, () => consumed)])
        const id = yield* idOf(browser)
        const again = yield* atOnce([browser, other], payload, 50)
        assert.deepStrictEqual(
          again,
          Array.from({ length: 50 }, () => [204, ""] as const)
        )
        assert.strictEqual(yield* exchanges, asked + 1)
        assert.strictEqual(yield* idOf(other), id)
        const { sessions } = yield* browser.client.sessions.list()
        assert.lengthOf(
          sessions.filter((session) => session.id === id),
          1
        )
      })
  )

  it.effect("not by another browser, nor without the session, nor with the session alone", () =>
    Effect.gen(function* () {
      const { browser, payload } = yield* signedIn()
      const other = yield* openBrowser()
      assert.deepStrictEqual(yield* finish(other, payload), unknown)
      yield* other.signIn(personas.newcomer.id)
      assert.deepStrictEqual(yield* finish(other, payload), unknown)
      const cookies = {
        session: yield* browser.cookie("session"),
        oauth_browser: yield* browser.cookie("oauth_browser")
      }
      const stranger = yield* openBrowser()
      assert.deepStrictEqual(yield* finish(stranger, payload, { cookie: `session=${cookies.session}` }), unknown)
      const bound = `oauth_browser=${cookies.oauth_browser}`
      assert.deepStrictEqual(yield* finish(stranger, payload, { cookie: bound }), consumed)
      const theirs = `${bound}; session=${yield* other.cookie("session")}`
      assert.deepStrictEqual(yield* finish(stranger, payload, { cookie: theirs }), consumed)
      assert.deepStrictEqual(
        yield* finish(stranger, payload, { cookie: `${bound}; session=${"x".repeat(43)}; session=${cookies.session}` }),
        [204, ""]
      )
    })
  )

  it.effect("not with the session of another sign-in of this browser", () =>
    Effect.gen(function* () {
      const { browser, payload } = yield* signedIn()
      const second = yield* browser.authorize(personas.raider.id)
      assert.deepStrictEqual(yield* finish(browser, second), [204, ""])
      assert.deepStrictEqual(yield* finish(browser, payload), consumed)
      assert.deepStrictEqual(yield* finish(browser, second), [204, ""])
    })
  )

  const ends: ReadonlyArray<
    readonly [string, (browser: Browser, id: string) => Effect.Effect<unknown, unknown, TestApp>]
  > = [
    ["logged out", ({ client }) => client.sessions.logout()],
    ["ended from elsewhere", (_, id) => query`update user_sessions set revoked_at = now() where id = ${id}::uuid`],
    ["expired", (_, id) => query`update user_sessions set expires_at = now() where id = ${id}::uuid`],
    [
      "a deleted user's",
      (_, id) =>
        query`update users set deleted_at = now() where id = (select user_id from user_sessions where id = ${id}::uuid)`
    ],
    [
      "in need of Discord",
      (_, id) => query`
        update discord_identities set relogin_required_at = now()
        where user_id = (select user_id from user_sessions where id = ${id}::uuid)`
    ]
  ]

  it.effect.each(ends)("not when the session is %s", ([, end]) =>
    Effect.gen(function* () {
      const { browser, payload, id } = yield* signedIn()
      const session = yield* browser.cookie("session")
      yield* Effect.orDie(end(browser, id))
      const bound = `oauth_browser=${yield* browser.cookie("oauth_browser")}`
      const cookie = `${bound}; session=${session}`
      assert.deepStrictEqual(yield* finish(yield* openBrowser(), payload, { cookie }), consumed)
    })
  )

  it.effect.each([
    { age: "59 minutes", answer: [204, ""] as const },
    { age: "61 minutes", answer: [400, "auth.oauth_state_expired"] as const }
  ])("after $age: $answer", ({ age, answer }) =>
    Effect.gen(function* () {
      const { browser, payload } = yield* signedIn()
      yield* query`
        update oauth_states set created_at = created_at - ${age}::text::interval, expires_at = expires_at - ${age}::text::interval`
      assert.deepStrictEqual(yield* finish(browser, payload), answer)
    })
  )

  it.effect("a sign-in that failed at Discord is not forgiven", () =>
    Effect.gen(function* () {
      const { browser, payload } = yield* begun()
      assert.deepStrictEqual(yield* finish(browser, { ...payload, code: "wrong" }), [400, "auth.discord_code_rejected"])
      assert.deepStrictEqual(yield* finish(browser, payload), consumed)
    })
  )

  it.effect("answers the return path, the first time and again, and none where none was given", () =>
    Effect.gen(function* () {
      const to = "/guild-invites/Zl0Jq1x5fXc?from=a%20link#top"
      const { browser, payload } = yield* begun(to)
      for (let time = 0; time < 3; time += 1)
        assert.strictEqual((yield* browser.send("POST", path, { json: payload })).headers["x-return-to"], to)
      assert.notProperty((yield* browser.send("GET", "/api/v1/auth/session")).headers, "x-return-to")
      const stranger = yield* openBrowser()
      assert.notProperty((yield* stranger.send("POST", path, { json: payload })).headers, "x-return-to")
      const plain = yield* begun()
      const { status, headers } = yield* plain.browser.send("POST", path, { json: plain.payload })
      assert.deepStrictEqual([status, headers["x-return-to"]], [204, undefined])
    })
  )

  const begin = Effect.fnUntraced(function* (search: string) {
    const { send } = yield* openBrowser()
    return yield* send("GET", `/api/v1/auth/discord/url${search}`)
  })

  it.effect("takes a path of the app only", () =>
    Effect.gen(function* () {
      for (const good of [
        "/",
        "/a",
        "/#/guilds/1",
        `/${"a".repeat(511)}`,
        "/a?b=%C3%A4&c=d",
        "/100%25",
        "/a/../b",
        "/@x:y"
      ])
        assert.strictEqual((yield* begin(`?return_to=${encodeURIComponent(good)}`)).status, 200, good)
      const before = yield* query`select count(*)::int as n from oauth_states`
      const bad = [
        "",
        "a",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\evil.test",
        "/a\\b",
        "https://evil.test"
      ].concat(
        ["javascript:alert(1)", " /a", "/a b", "/a\n", "/\t/evil.test", "/a\r\nset-cookie: x=1", "/\u007f", "/ä"],
        [
          "/a//b",
          "/.//evil.test",
          "/a/..//evil.test",
          "/%2fevil.test",
          "/%2Fevil.test",
          "/%5Cevil.test",
          "/%0d%0a",
          "/%00"
        ],
        ["/%7f", "/\u2028", "/\ufeff", `/${"a".repeat(512)}`]
      )
      for (const path of bad) {
        const { status, body, setCookie } = yield* begin(`?return_to=${encodeURIComponent(path)}`)
        assert.deepStrictEqual([status, body.error?.code, setCookie], [400, "validation.invalid_request", ""], path)
        assert.deepStrictEqual(body.error.details.fields, [{ field: "query.return_to", reason: "is not valid" }], path)
        assert.notInclude(JSON.stringify(body), "evil")
      }
      for (const search of ["?return_to=/a&return_to=/b", "?return_to=/%00"])
        assert.strictEqual((yield* begin(search)).body.error?.code, "validation.invalid_request")
      assert.deepStrictEqual(yield* query`select count(*)::int as n from oauth_states`, before)
    })
  )
})
