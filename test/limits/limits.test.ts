import { assert, it as unit, layer } from "@effect/vitest"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { makeWindows } from "../../src/limits/FixedWindows.ts"
import { openBrowser } from "../support/Browser.ts"
import { from, hasten, limits, newAddress, signedIn, strictReplica } from "./limited.ts"
import { characterOf } from "../support/seeded.ts"
import { live, TestApp } from "../support/TestApp.ts"

type Answer = Effect.Success<ReturnType<Effect.Success<typeof strictReplica>["send"]>>

const session = "/api/v1/auth/session"
const url = "/api/v1/auth/discord/url"
const callback = "/api/v1/auth/discord/callback"
const made = { json: { code: "c", state: "s" } }

const times = <A, E, R>(count: number, ask: (index: number) => Effect.Effect<A, E, R>) =>
  Effect.forEach(Array.from({ length: count }).keys(), ask)

const statuses = (answers: ReadonlyArray<{ readonly status: number }>) => answers.map(({ status }) => status)

const assertRefused = ({ status, headers, body }: Answer, policy: string, limit: number) => {
  assert.strictEqual(status, 429)
  assert.strictEqual(body.error.code, "rate_limit.exceeded")
  assert.strictEqual(headers["ratelimit-policy"], `"${policy}";q=${limit};w=60`)
  assert.strictEqual(headers.ratelimit, `"${policy}";r=0;t=${headers["retry-after"]}`)
  assert.isTrue(Number(headers["retry-after"]) >= 1 && Number(headers["retry-after"]) <= 60)
}

layer(TestApp.layer({ TRUSTED_PROXIES: "127.0.0.1/32", RUN_DB_SEEDS: "true" }), live)("limits", (it) => {
  /** Asks until the limit is reached, once more, and again after the Retry-After of that answer. */
  const exhaust = Effect.fnUntraced(function* <R>(
    policy: string,
    limit: number,
    ask: Effect.Effect<Answer, unknown, R>,
    bucket: string
  ) {
    const passed = yield* times(limit, () => ask)
    for (const [index, { status, headers }] of passed.entries()) {
      assert.notStrictEqual(status, 429)
      assert.strictEqual(headers["ratelimit-policy"], `"${policy}";q=${limit};w=60`)
      assert.match(headers.ratelimit!, new RegExp(`^"${policy}";r=${limit - 1 - index};t=\\d+$`))
    }
    assertRefused(yield* ask, policy, limit)
    yield* hasten(bucket, 1200)
    const refused = yield* ask
    assert.strictEqual(refused.headers["retry-after"], "2")
    // Retry-After passes: a client that waits exactly this long must then get through.
    yield* Effect.sleep("2 seconds")
    assert.notStrictEqual((yield* ask).status, 429)
  })

  it.effect("L01 the start of a sign-in passes 5 times, and again after Retry-After", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const ip = newAddress()
      yield* exhaust("sign-in", 5, send("GET", url, from(ip)), `sign-in:${ip}`)
    })
  )

  it.effect("L01 the callback passes 4 times, and again after Retry-After", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const ip = newAddress()
      yield* exhaust("callback", 4, send("POST", callback, { ...from(ip), ...made }), `callback:${ip}`)
    })
  )

  it.effect("L01 any requests pass 20 times from one address, and again after Retry-After", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const ip = newAddress()
      const paths = [session, "/api/v1/nothing", "/api/v1/openapi.json", "/api/v1/docs"].values()
      const ask = Effect.suspend(() => send("GET", paths.next().value ?? session, from(ip)))
      yield* exhaust("requests", 20, ask, `requests:${ip}`)
    })
  )

  it.effect("L01 20 requests pass in one session from any address, and 20 in another from the same address", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const [one, other] = [yield* signedIn(), yield* signedIn(personas.officer.id)]
      const ip = newAddress()
      const first = yield* times(20, () => send("GET", session, from(newAddress(), one.headers)))
      assert.deepStrictEqual(new Set(statuses(first)), new Set([200]))
      assertRefused(yield* send("GET", session, from(ip, one.headers)), "requests", 20)
      const second = yield* times(21, () => send("GET", session, from(ip, other.headers)))
      assert.deepStrictEqual(statuses(second).lastIndexOf(200), 19)
      assertRefused(second[20]!, "requests", 20)
    })
  )

  it.effect("L01 a user's refreshes of both providers pass 3 times, in any session, and again after Retry-After", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const visits = [yield* signedIn(), yield* signedIn()]
      const { id, user_id } = yield* characterOf(visits[0]!.browser, { wcl: "ranked" })
      let turn = 0
      const ask = Effect.suspend(() => {
        const { headers } = visits[turn++ % 2]!
        const provider = turn % 2 === 0 ? "warcraftlogs" : "battlenet"
        return send("POST", `/api/v1/characters/${id}/${provider}/refresh`, from(newAddress(), headers))
      })
      yield* exhaust("refreshes", 3, ask, `refreshes:${user_id}`)
    })
  )

  it.effect("L01 a person's exports pass 5 times, in any session, and again after Retry-After", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const visits = [yield* signedIn(), yield* signedIn()]
      const { user } = yield* visits[0]!.browser.client.sessions.current()
      let turn = 0
      const ask = Effect.suspend(() =>
        send("GET", "/api/v1/account/export", from(newAddress(), visits[turn++ % 2]!.headers))
      )
      yield* exhaust("exports", 5, ask, `exports:${user.id}`)
    })
  )

  it.effect("L01 health and preflights are not limited", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const ip = newAddress()
      const preflight = { origin: "http://app.test:4200", "access-control-request-method": "POST" }
      const healthy = yield* times(25, () => send("GET", "/api/v1/health", from(ip)))
      const asked = yield* times(25, () => send("OPTIONS", session, from(ip, preflight)))
      assert.deepStrictEqual(new Set(statuses([...healthy, ...asked])), new Set([200, 204]))
      for (const { headers } of [...healthy, ...asked]) assert.notProperty(headers, "ratelimit")
      assert.match((yield* send("GET", session, from(ip))).headers.ratelimit!, /;r=19;/)
    })
  )

  it.effect("L01 no other spelling of its path starts a sign-in, and HEAD counts as GET", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const ip = newAddress()
      for (const path of [`${url}/`, `${url};a`, url.replace("url", "%75rl"), `${url}%2f`, url.toUpperCase()]) {
        assert.strictEqual((yield* send("GET", path, from(ip))).status, 404, path)
      }
      const started = [yield* send("GET", `${url}?a`, from(ip)), yield* send("HEAD", url, from(ip))]
      const counts = started.map(({ headers }) => headers.ratelimit?.slice(0, 13))
      assert.deepStrictEqual(counts, ['"sign-in";r=4', '"sign-in";r=3'])
    })
  )

  it.effect("L03 of a trusted proxy's list only the rightmost untrusted address counts", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const ip = newAddress()
      const answers = yield* times(21, (n) => send("GET", session, from(`203.0.113.${n}, ${ip}, 127.0.0.1`)))
      assertRefused(answers[20]!, "requests", 20)
      assert.strictEqual((yield* send("GET", session, from(newAddress()))).status, 401)
    })
  )

  it.effect("L03 addresses of one /64 of IPv6 count as one", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const within = () => `2001:db8:0:7:${randomBytes(2).toString("hex")}::${randomBytes(2).toString("hex")}`
      const answers = yield* times(21, () => send("GET", session, from(within())))
      assertRefused(answers[20]!, "requests", 20)
      assert.strictEqual((yield* send("GET", session, from("2001:db8:0:8::1"))).status, 401)
    })
  )

  it.effect("L04 made-up sessions get no new buckets, and do not lock out a valid session", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const ip = newAddress()
      const { headers } = yield* signedIn()
      assert.strictEqual((yield* send("GET", session, from(ip, headers))).status, 200)
      const garbage = () => ({ cookie: `session=${randomBytes(32).toString("base64url")}` })
      const answers = yield* times(40, () => send("GET", session, from(ip, garbage())))
      assert.lengthOf(
        answers.filter(({ status }) => status !== 429),
        19
      )
      assert.strictEqual((yield* send("GET", session, from(ip, headers))).status, 200)
    })
  )

  it.effect("L04 several session cookies count by the address until one of them proved good", () =>
    Effect.gen(function* () {
      const { send } = yield* strictReplica
      const ip = newAddress()
      const { headers } = yield* signedIn()
      const value = () => randomBytes(32).toString("base64url")
      const among = (cookie: string) => ({ ...headers, cookie: `session=${value()}; ${cookie}; session=${value()}` })
      const first = yield* send("GET", session, from(ip, among(headers.cookie)))
      assert.strictEqual(first.status, 200)
      const answers = yield* times(20, () => send("GET", session, from(ip, among(`session=${value()}`))))
      assert.deepStrictEqual(statuses(answers), [...Array.from({ length: 19 }, () => 401), 429])
      const passed = yield* times(20, () => send("GET", session, from(ip, among(headers.cookie))))
      assert.deepStrictEqual(new Set(statuses(passed)), new Set([200]))
      assertRefused(yield* send("GET", session, from(newAddress(), among(headers.cookie))), "requests", 20)
    })
  )

  it.effect("L04 a limited caller costs no SQL", () =>
    Effect.gen(function* () {
      const { send, statements } = yield* strictReplica
      const ip = newAddress()
      const { headers } = yield* signedIn()
      yield* times(21, () => send("GET", session, from(newAddress(), headers)))
      yield* times(6, () => send("GET", url, from(ip)))
      yield* times(5, () => send("POST", callback, { ...from(ip), ...made }))
      const before = statements()
      const refused = [
        yield* send("GET", session, from(ip, headers)),
        yield* send("GET", url, from(ip)),
        yield* send("POST", callback, { ...from(ip), ...made })
      ]
      assert.deepStrictEqual([...statuses(refused), statements() - before], [429, 429, 429, 0])
    })
  )

  it.effect("L04 a refresh beyond the limit costs no SQL, except the first", () =>
    Effect.gen(function* () {
      const { send, statements } = yield* strictReplica
      const { browser, headers } = yield* signedIn(personas.officer.id)
      const { id } = yield* characterOf(browser, { wcl: "ranked" })
      const ask = (provider: string) =>
        send("POST", `/api/v1/characters/${id}/${provider}/refresh`, from(newAddress(), headers))
      yield* times(4, () => ask("battlenet"))
      const before = statements()
      const refused = [yield* ask("battlenet"), yield* ask("warcraftlogs")]
      refused.forEach((answer) => assertRefused(answer, "refreshes", 3))
      assert.strictEqual(statements(), before)
      const other = yield* send("GET", session, from(newAddress(), headers))
      assert.strictEqual(other.status, 200)
    })
  )
})

layer(TestApp.layer(limits), live)("limits without trusted proxies", (it) => {
  it.effect("L03 no header that a client can send changes its bucket", () =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      const forged = (n: number) => ({
        "x-forwarded-for": `203.0.113.${n}`,
        forwarded: `for=203.0.113.${n}`,
        "x-real-ip": `203.0.113.${n}`,
        "x-client-ip": `203.0.113.${n}`,
        "cf-connecting-ip": `203.0.113.${n}`
      })
      const answers = yield* times(21, (n) => send("GET", session, { headers: forged(n) }))
      assert.strictEqual(statuses(answers).indexOf(429), 20)
    })
  )
})

unit("L04 a million addresses take no more memory than fifty thousand", () => {
  const windows = makeWindows(50_000)
  for (let n = 0; n < 1_000_000; n++) windows.count([`requests:2001:db8:${n >> 16}:${n & 65535}::/64`], [20], n / 100)
  assert.isAtMost(windows.size(), 50_000)
  assert.deepStrictEqual(windows.count(["requests:2001:db8:15:16959::/64"], [20], 10_000)[0], 2)
})
