import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { noteSecret } from "../support/canaries.ts"
import { openBrowser } from "../support/Browser.ts"
import { environment } from "../support/environment.ts"
import { details } from "../support/people.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

interface Request {
  readonly cookie: string
  readonly csrf?: string
  readonly json?: unknown
}

/** Sends only what the test says. */
const ask = (url: string, method: string, path: string, { cookie, csrf, json }: Request) =>
  Effect.promise(async () => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        cookie,
        ...(csrf === undefined ? {} : { "x-csrf-token": csrf }),
        ...(json === undefined ? {} : { "content-type": "application/json" })
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) })
    })
    const lines = response.headers.getSetCookie()
    lines.map((line) => /=([^;]+);/.exec(line)?.[1]).forEach((value) => value !== undefined && noteSecret(value))
    const text = await response.text()
    return {
      status: response.status,
      csrf: response.headers.get("x-csrf-token"),
      lines,
      // oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects to find
      body: (text === "" ? undefined : JSON.parse(text)) as any
    }
  })

const newSession = Effect.fnUntraced(function* (persona: string) {
  const { client, signIn, cookie } = yield* openBrowser()
  yield* signIn(persona)
  const { session, user } = yield* client.sessions.current()
  return { token: (yield* cookie("session"))!, csrf: (yield* cookie("csrf"))!, id: session.id, user: user.id }
})

/** Two sessions of one person, of which `mine` was seen last, one of another person, and one that is revoked. */
const sessions = Effect.gen(function* () {
  const [older, mine, revoked] = [
    yield* newSession(personas.raider.id),
    yield* newSession(personas.raider.id),
    yield* newSession(personas.raider.id)
  ]
  yield* query`update user_sessions set last_seen_at = now() - interval '1 minute' where id = ${older.id}::uuid`
  yield* query`update user_sessions set revoked_at = now() where id = ${revoked.id}::uuid`
  return { older, mine, revoked, theirs: yield* newSession(personas.newcomer.id) }
})

type Known = keyof Effect.Success<typeof sessions>

const isKnown = (name: string): name is Known => ["older", "mine", "revoked", "theirs"].includes(name)

const headerOf = (known: Effect.Success<typeof sessions>, names: ReadonlyArray<string>) =>
  names.map((name) => `session=${isKnown(name) ? known[name].token : name}`).join("; ")

/** The cookies of one name, and whose session they mean. A word that names no session is a value of another app. */
const table: ReadonlyArray<{ readonly sent: ReadonlyArray<string>; readonly is: Known | string }> = [
  { sent: ["mine", "other"], is: "mine" },
  { sent: ["other", "mine"], is: "mine" },
  { sent: ["mine", "mine"], is: "mine" },
  { sent: ["", "mine"], is: "mine" },
  { sent: ["revoked", "mine"], is: "mine" },
  { sent: ["older", "mine"], is: "mine" },
  { sent: ["mine", "older"], is: "mine" },
  { sent: ["older", "revoked"], is: "older" },
  { sent: ["mine", "theirs"], is: "auth.unauthorized" },
  { sent: ["one", "two"], is: "auth.unauthorized" },
  { sent: ["other", "revoked"], is: "auth.session_revoked" },
  { sent: ["one", "mine", "revoked"], is: "mine" },
  { sent: ["older", "other", "mine"], is: "mine" },
  { sent: ["older", "mine", "theirs"], is: "auth.unauthorized" },
  { sent: ["one", "two", "three"], is: "auth.unauthorized" },
  { sent: ["one", "two", "three", "mine"], is: "mine" },
  { sent: ["mine", "one", "two", "mine", "three"], is: "mine" },
  { sent: ["revoked", "theirs", "one", "two"], is: "theirs" },
  { sent: ["theirs", "one", "two", "mine"], is: "auth.unauthorized" },
  { sent: ["one", "two", "three", "four"], is: "auth.unauthorized" },
  { sent: ["mine", "one", "two", "three", "four"], is: "auth.unauthorized" }
]

/** The cookies of a browser by name and Domain, as it takes them from the answers of one host. */
const newJar = () => {
  const kept = new Map<string, string>()
  return {
    take: (lines: ReadonlyArray<string>) => {
      for (const line of lines) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
        const key = `${name} ${/; Domain=([^;]+)/.exec(line)?.[1] ?? ""}`
        kept.delete(key)
        if (!line.includes("Max-Age=0")) kept.set(key, value!)
      }
    },
    put: (key: string, value: string) => void kept.set(key, value),
    keys: () => [...kept.keys()].toSorted(),
    header: () => Array.from(kept, ([key, value]) => `${key.split(" ", 1)[0]}=${value}`).join("; ")
  }
}

type Jar = ReturnType<typeof newJar>

const signInWith = Effect.fnUntraced(function* (url: string, jar: Jar) {
  const { discord } = yield* TestApp
  const begun = yield* ask(url, "GET", "/auth/discord/url", { cookie: jar.header() })
  jar.take(begun.lines)
  const { code, state } = yield* discord.authorize(begun.body.url, personas.raider.id)
  noteSecret(state!)
  const done = yield* ask(url, "POST", "/auth/discord/callback", { cookie: jar.header(), json: { code, state } })
  jar.take(done.lines)
  return done
})

const replicaAt = Effect.fnUntraced(function* (domain: string) {
  const { variables } = yield* TestApp
  return yield* startReplica({ ...variables, COOKIE_DOMAIN: domain })
})

const changes = [
  ["localhost", "app.test"],
  ["app.test", "localhost"],
  ["app.test", "api.app.test"],
  ["api.app.test", "app.test"]
] as const

layer(TestApp.layer(), live)("cookies of several scopes", (it) => {
  it.effect("I09 of up to four values the live session counts, in one statement", () =>
    Effect.gen(function* () {
      const { url, statements } = yield* TestApp
      const known = yield* sessions
      for (const { sent, is } of table) {
        const before = statements()
        const { status, body, lines } = yield* ask(url, "GET", "/auth/session", { cookie: headerOf(known, sent) })
        const spent = statements() - before
        const what = sent.join(" ")
        if (isKnown(is)) {
          const set = lines.map((line) => line.split("=", 1)[0])
          assert.deepStrictEqual([status, body.session?.id, set, spent], [200, known[is].id, ["csrf"], 1], what)
        } else {
          const cleared = lines.map((line) => line.split(";", 2).join(";"))
          const over = new Set(sent).size > 4
          assert.deepStrictEqual(
            [status, body.error?.code, cleared, spent],
            [401, is, ["session=; Max-Age=0", "csrf=; Max-Age=0"], over ? 0 : 1],
            what
          )
        }
      }
    })
  )

  it.effect("I09 S02 a 401 expires every scope that the service can have set", () =>
    Effect.gen(function* () {
      const url = yield* replicaAt("app.test")
      for (const cookie of ["session=one", "session=one; session=two"]) {
        const { status, lines } = yield* ask(url, "GET", "/auth/session", { cookie })
        assert.deepStrictEqual(
          [status, lines],
          [
            401,
            [
              "session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
              "session=; Max-Age=0; Domain=app.test; Path=/; HttpOnly; SameSite=Lax",
              "csrf=; Max-Age=0; Path=/; SameSite=Lax",
              "csrf=; Max-Age=0; Domain=app.test; Path=/; SameSite=Lax"
            ]
          ]
        )
      }
    })
  )

  it.effect("I09 the CSRF token of the session that counts is asked for", () =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      const known = yield* sessions
      const cookie = headerOf(known, ["other", "older", "mine"])
      const make = (csrf: string) => ask(url, "POST", "/guilds", { cookie, csrf, json: details })
      assert.strictEqual((yield* make(known.older.csrf)).body.error.code, "auth.csrf_invalid")
      assert.strictEqual((yield* make(known.mine.csrf)).status, 201)
      assert.strictEqual((yield* ask(url, "GET", "/auth/csrf", { cookie })).csrf, known.mine.csrf)
    })
  )

  it.effect("A07 signing in ends every session that the browser presents", () =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      const known = yield* sessions
      const jar = newJar()
      for (const name of ["older", "theirs", "revoked"] as const) jar.put(`session ${name}`, known[name].token)
      assert.strictEqual((yield* signInWith(url, jar)).status, 204)
      for (const name of ["older", "theirs", "revoked"] as const) {
        const { body } = yield* ask(url, "GET", "/auth/session", { cookie: headerOf(known, [name]) })
        assert.strictEqual(body.error.code, "auth.session_revoked", name)
      }
      const { user } = (yield* ask(url, "GET", "/auth/session", { cookie: jar.header() })).body
      assert.strictEqual(user.id, known.mine.user)
      assert.strictEqual((yield* ask(url, "GET", "/auth/session", { cookie: headerOf(known, ["mine"]) })).status, 200)
    })
  )

  it.effect("logging out ends every session of the person that the browser presents", () =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      const known = yield* sessions
      const cookie = headerOf(known, ["older", "mine"])
      assert.strictEqual((yield* ask(url, "POST", "/auth/logout", { cookie, csrf: known.mine.csrf })).status, 204)
      for (const name of ["older", "mine"])
        assert.strictEqual((yield* ask(url, "GET", "/auth/session", { cookie: headerOf(known, [name]) })).status, 401)
      const events = yield* query`
        select session_id, metadata from security_audit_events
        where event_type = 'session_revoked' and session_id in (${known.older.id}::uuid, ${known.mine.id}::uuid)`
      assert.sameMembers(
        events.map(({ session_id }) => session_id),
        [known.older.id, known.mine.id]
      )
    })
  )

  it.effect.each(changes)("COOKIE_DOMAIN changed from %s to %s locks nobody out", ([from, to]) =>
    Effect.gen(function* () {
      const [before, after] = [yield* replicaAt(from), yield* replicaAt(to)]
      const jar = newJar()
      // Another app's, on a parent domain.
      jar.put("session other.app", "1234")
      jar.put("oauth_browser other.app", "5678")
      const status = Effect.suspend(() =>
        Effect.map(ask(after, "GET", "/auth/session", { cookie: jar.header() }), ({ status }) => status)
      )
      assert.strictEqual((yield* signInWith(before, jar)).status, 204)
      assert.strictEqual(yield* status, 200)
      for (let round = 0; round < 2; round++) {
        assert.strictEqual((yield* signInWith(after, jar)).status, 204)
        assert.strictEqual(yield* status, 200)
        const { csrf } = yield* ask(after, "GET", "/auth/csrf", { cookie: jar.header() })
        const made = yield* ask(after, "POST", "/guilds", { cookie: jar.header(), csrf: csrf!, json: details })
        assert.strictEqual(made.status, 201)
        const out = yield* ask(after, "POST", "/auth/logout", { cookie: jar.header(), csrf: csrf! })
        jar.take(out.lines)
        assert.deepStrictEqual([out.status, yield* status], [204, 401])
      }
      assert.includeMembers(jar.keys(), ["oauth_browser other.app", "session other.app"])
    })
  )

  it.effect("a COOKIE_DOMAIN set for the first time leaves no cookie of the host alone", () =>
    Effect.gen(function* () {
      const [before, after] = [yield* replicaAt("localhost"), yield* replicaAt("app.test")]
      const jar = newJar()
      yield* signInWith(before, jar)
      assert.deepStrictEqual(jar.keys(), ["csrf ", "oauth_browser ", "session "])
      yield* signInWith(after, jar)
      assert.deepStrictEqual(jar.keys(), ["csrf app.test", "oauth_browser app.test", "session app.test"])
    })
  )

  it.effect("X02 GET /auth/csrf answers the token in a header too, which the app alone may read", () =>
    Effect.gen(function* () {
      const { url } = yield* TestApp
      const { token, csrf } = yield* newSession(personas.raider.id)
      for (const [origin, allowed] of [
        [environment.FRONTEND_BASE_URL, environment.FRONTEND_BASE_URL],
        ["https://evil.test", null]
      ] as const) {
        const { status, headers } = yield* Effect.promise(() =>
          fetch(`${url}/api/v1/auth/csrf`, { headers: { cookie: `session=${token}`, origin } })
        )
        assert.deepStrictEqual([status, headers.get("x-csrf-token")], [204, csrf])
        assert.strictEqual(headers.get("access-control-allow-origin"), allowed)
        assert.strictEqual(headers.get("cache-control"), "no-store")
        assert.isTrue(headers.getSetCookie()[0]?.startsWith(`csrf=${csrf}; Max-Age=7776000;`))
        const exposed = headers.get("access-control-expose-headers") ?? ""
        assert.strictEqual(exposed.split(", ").includes("x-csrf-token"), allowed !== null)
      }
    })
  )
})
