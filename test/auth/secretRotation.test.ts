import { assert, layer } from "@effect/vitest"
import { Clock, Context, Effect, Exit, Fiber, Layer, Ref, Scope } from "effect"
import type { Cookies, HttpMethod } from "effect/http"
import { createHmac, randomBytes } from "node:crypto"
import { Redis } from "ioredis"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { environment } from "../support/environment.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

/* SESSION_HMAC_SECRET is changed: replicas with the old secret, with the new one and the old, and with the new one. */

const old = environment.SESSION_HMAC_SECRET
const fresh = randomBytes(32).toString("base64url")

const configs = {
  old: {},
  both: { SESSION_HMAC_SECRET: fresh, SESSION_HMAC_SECRET_PREVIOUS: old },
  fresh: { SESSION_HMAC_SECRET: fresh }
}
type Config = keyof typeof configs

const hmac = (secret: string, domain: string, text: string) => createHmac("sha256", secret).update(`${domain}:${text}`)
const hashes = (token: string) => [old, fresh].map((secret) => hmac(secret, "session", token).digest("base64"))

/** A clock that can be moved on. */
const movable = Effect.map(Clock.Clock, (clock) => {
  const shift = { ms: 0 }
  const millis = () => clock.currentTimeMillisUnsafe() + shift.ms
  const moved: Clock.Clock = {
    ...clock,
    sleep: (duration) => clock.sleep(duration),
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
    currentTimeNanos: clock.currentTimeNanos
  }
  return { shift, moved }
})

/** A replica that can be stopped: it finishes what it has accepted. */
const start = Effect.fnUntraced(function* (config: Config) {
  const { variables } = yield* TestApp
  const scope = yield* Scope.fork(yield* Effect.scope)
  const { shift, moved } = yield* movable
  const texts: Array<string> = []
  const url = yield* startReplica({ ...variables, ...configs[config] }, (text) => texts.push(text)).pipe(
    Effect.provideService(Clock.Clock, moved),
    Effect.provideService(Scope.Scope, scope)
  )
  return {
    url,
    texts,
    stop: Scope.close(scope, Exit.void),
    age: (ms: number) => Effect.sync(() => void (shift.ms += ms))
  }
})

type Replica = Effect.Success<ReturnType<typeof start>>

const newJar = Ref.make<ReadonlyArray<Cookies.Cookie>>([])
type Jar = Effect.Success<typeof newJar>

/** Sends a request of one browser to a replica. */
const ask = Effect.fnUntraced(function* (at: Replica, jar: Jar, method: HttpMethod.HttpMethod, path: string) {
  const browser = yield* openBrowser(at.url, jar)
  const { status, body } = yield* browser.send(method, `/api/v1${path}`)
  return body.error === undefined ? String(status) : `${status} ${body.error.code}`
})

/** Signs in, begun at one replica and finished at another. */
const signIn = Effect.fnUntraced(function* (jar: Jar, begin: Replica, end: Replica, persona = personas.raider.id) {
  const payload = yield* (yield* openBrowser(begin.url, jar)).authorize(persona)
  const answer = yield* (yield* openBrowser(end.url, jar)).send("POST", "/api/v1/auth/discord/callback", {
    json: payload
  })
  return answer.status === 204 ? "204" : `${answer.status} ${answer.body.error.code}`
})

const change = "/auth/logout-all-other-sessions"
const tokenIn = (jar: Jar) =>
  Effect.map(Ref.get(jar), (cookies) => cookies.find(({ name }) => name === "session")!.value)

const stored = Effect.fnUntraced(function* (jar: Jar) {
  const all = hashes(yield* tokenIn(jar))
  const rows = yield* query`
    select token_hash, previous_token_hash from user_sessions
    where token_hash in (${all[0]!}, ${all[1]!}) or previous_token_hash in (${all[0]!}, ${all[1]!})`
  const nameOf = (hash: unknown) => (hash === null ? null : ["old", "fresh"][all.indexOf(String(hash))])
  return rows.map((row) => [nameOf(row.token_hash), nameOf(row.previous_token_hash)])
})

const signedInAt = Effect.fnUntraced(function* (at: Replica, persona?: string) {
  const jar = yield* newJar
  assert.strictEqual(yield* signIn(jar, at, at, persona), "204")
  return jar
})

/** One replica of each kind. */
class Replicas extends Context.Service<Replicas, Readonly<Record<Config, Replica>>>()("test/Replicas") {
  static readonly layer = Layer.effect(
    Replicas,
    Effect.all({ old: start("old"), both: start("both"), fresh: start("fresh") })
  ).pipe(Layer.provideMerge(TestApp.layer()))
}

layer(Replicas.layer, live)("a change of SESSION_HMAC_SECRET", (it) => {
  it.effect("a session is stored under the new secret when it is used, once, and both kinds of replica know it", () =>
    Effect.gen(function* () {
      const { old: a, both: b } = yield* Replicas
      const jar = yield* signedInAt(a)
      assert.deepStrictEqual(yield* stored(jar), [["old", null]])
      b.texts.length = 0
      const ten = Effect.replicateEffect(ask(b, jar, "GET", "/auth/session"), 10, { concurrency: "unbounded" })
      assert.deepStrictEqual([...new Set(yield* ten)], ["200"])
      assert.deepStrictEqual(yield* stored(jar), [["fresh", "old"]])
      // One statement from then on; the old replica needs a second one.
      for (const [replica, count] of [
        [b, 1],
        [a, 2]
      ] as const) {
        replica.texts.length = 0
        assert.strictEqual(yield* ask(replica, jar, "GET", "/auth/session"), "200")
        assert.lengthOf(replica.texts, count)
      }
      const { fresh: c } = yield* Replicas
      c.texts.length = 0
      for (const replica of [c, b, c]) {
        assert.strictEqual(yield* ask(replica, jar, "GET", "/auth/session"), "200")
        assert.strictEqual(yield* ask(replica, jar, "POST", change), "204")
      }
      // The new secret alone does not know what was never used meanwhile.
      assert.strictEqual(yield* ask(c, yield* signedInAt(a), "GET", "/auth/session"), "401 auth.unauthorized")
    })
  )

  it.effect("changes need no other CSRF token, whichever replica gave it", () =>
    Effect.gen(function* () {
      const replicas = yield* Replicas
      const neighbours = { old: ["both"], both: ["old", "fresh"], fresh: ["both"] } as const
      for (const [first, others] of Object.entries(neighbours) as Array<[Config, ReadonlyArray<Config>]>) {
        for (const second of others) {
          for (const path of ["", "/auth/csrf", "/auth/session"]) {
            const jar = yield* signedInAt(replicas[first])
            // Before the previous secret goes, a session has been used beside it.
            yield* ask(replicas.both, jar, "GET", "/auth/sessions")
            if (path !== "") yield* ask(replicas[first], jar, "GET", path)
            const given = yield* Ref.get(jar)
            assert.strictEqual(yield* ask(replicas[second], jar, "POST", change), "204", `${first} ${second} ${path}`)
            assert.strictEqual(yield* ask(replicas[first], jar, "POST", change), "204", `${first} ${second} ${path}`)
            yield* ask(replicas[second], jar, "GET", "/auth/session")
            assert.strictEqual(yield* ask(replicas[first], jar, "POST", change), "204", `${first} ${second} ${path}`)
            yield* Ref.set(jar, given)
            assert.strictEqual(yield* ask(replicas[first], jar, "POST", change), "204", `${first} ${second} ${path}`)
          }
        }
      }
      const jar = yield* signedInAt(replicas.both)
      const browser = yield* openBrowser(replicas.both.url, jar)
      const session = yield* tokenIn(jar)
      for (const token of ["wrong", hmac("another secret", "csrf-token", session).digest("base64url")]) {
        const headers = { "x-csrf-token": token }
        assert.strictEqual((yield* browser.send("POST", `/api/v1${change}`, { headers })).status, 403)
      }
    })
  )

  it.effect("logging out, and a new sign-in, end a session at either replica, however it is stored", () =>
    Effect.gen(function* () {
      const { old: a, both: b } = yield* Replicas
      for (const [begun, used, ended] of [
        [a, b, a],
        [a, b, b],
        [b, a, a],
        [b, b, a],
        [a, a, b]
      ] as const) {
        const jar = yield* signedInAt(begun)
        yield* ask(used, jar, "GET", "/auth/session")
        const cookies = yield* Ref.get(jar)
        assert.strictEqual(yield* ask(ended, jar, "POST", "/auth/logout"), "204")
        for (const replica of [a, b]) {
          yield* Ref.set(jar, cookies)
          assert.strictEqual(yield* ask(replica, jar, "GET", "/auth/session"), "401 auth.session_revoked")
        }
        const again = yield* signedInAt(begun)
        yield* ask(used, again, "GET", "/auth/session")
        const before = yield* Ref.get(again)
        assert.strictEqual(yield* signIn(again, ended, ended), "204")
        yield* Ref.set(again, before)
        assert.strictEqual(yield* ask(begun, again, "GET", "/auth/session"), "401 auth.session_revoked")
      }
    })
  )

  it.effect("a sign-in may be begun at one and finished, and sent again, at the other", () =>
    Effect.gen(function* () {
      const { old: a, both: b, fresh: c } = yield* Replicas
      for (const [begin, end, repeat] of [
        [a, b, a],
        [b, a, b],
        [c, b, c]
      ] as const) {
        const jar = yield* newJar
        const payload = yield* (yield* openBrowser(begin.url, jar)).authorize(personas.raider.id)
        for (const replica of [end, end, repeat]) {
          const browser = yield* openBrowser(replica.url, jar)
          const { status } = yield* browser.send("POST", "/api/v1/auth/discord/callback", { json: payload })
          assert.strictEqual(status, 204)
        }
      }
      // Once the old replicas must be gone, sign-ins begin under the new secret, so that the old one can go at any time.
      assert.strictEqual(yield* signIn(yield* newJar, b, c), "400 auth.invalid_oauth_state")
      yield* b.age(3_600_000)
      assert.strictEqual(yield* signIn(yield* newJar, b, c), "204")
      yield* b.age(-3_600_000)
    })
  )

  it.effect("replicas with the old secret and with both count in Redis under the same names", () =>
    Effect.gen(function* () {
      const { variables } = yield* TestApp
      const redis = new Redis({ port: Number(variables.REDIS_PORT), password: variables.REDIS_PASSWORD! })
      yield* Effect.addFinalizer(() => Effect.sync(() => redis.disconnect()))
      const { old: a, both: b, fresh: c } = yield* Replicas
      const jar = yield* signedInAt(a)
      const token = yield* tokenIn(jar)
      const counted = (secret: string) => {
        const prefix = hmac(secret, "redis", variables.DB_NAME!).digest("base64").slice(0, 8)
        const name = hmac(secret, "session", token).digest("base64").slice(0, 16)
        return Effect.promise(() => redis.get(`raid:${prefix}:limit:requests:${name}`))
      }
      for (const replica of [a, b, b, a]) yield* ask(replica, jar, "GET", "/auth/session")
      assert.deepStrictEqual([yield* counted(old), yield* counted(fresh)], ["4", null])
      yield* ask(c, jar, "GET", "/auth/session")
      assert.deepStrictEqual([yield* counted(old), yield* counted(fresh)], ["4", "1"])
    })
  )

  it.effect(
    "nobody is signed out by two rolling restarts of two replicas under load: old, then new with old, then new",
    () =>
      Effect.gen(function* () {
        const pool: Array<Replica> = [yield* start("old"), yield* start("old")]
        const any = Effect.sync(() => pool[Math.floor(Math.random() * pool.length)]!)
        const seen = new Map<string, number>()
        const note = (what: string) => (answer: string) =>
          Effect.sync(() => void seen.set(`${what} ${answer}`, (seen.get(`${what} ${answer}`) ?? 0) + 1))
        const load = (jar: Jar, persona: string) =>
          Effect.gen(function* () {
            for (const path of ["/auth/session", "/guilds", "/auth/csrf", "/auth/session"])
              yield* Effect.flatMap(ask(yield* any, jar, "GET", path), note("read"))
            yield* Effect.flatMap(ask(yield* any, jar, "POST", "/guild-invites/none/accept"), note("change"))
            const visitor = yield* newJar
            yield* Effect.flatMap(signIn(visitor, yield* any, yield* any, persona), note("sign-in"))
            yield* Effect.flatMap(ask(yield* any, visitor, "GET", "/auth/session"), note("read"))
            yield* Effect.flatMap(ask(yield* any, visitor, "POST", "/auth/logout"), note("logout"))
          })
        const people = yield* Effect.forEach(
          [personas.raider.id, personas.officer.id, personas.newcomer.id],
          (persona) => Effect.map(signedInAt(pool[0]!, persona), (jar) => ({ jar, persona }))
        )
        const running = yield* Effect.forkChild(
          Effect.forEach(people, ({ jar, persona }) => Effect.forever(load(jar, persona)), { concurrency: "unbounded" })
        )
        /** As behind a load balancer: the new one is taken in, the oldest one gets no more requests, and ends. */
        const replace = Effect.fnUntraced(function* (config: Config) {
          pool.push(yield* start(config))
          const gone = pool.shift()!
          yield* Effect.sleep("300 millis")
          yield* gone.stop
        })
        yield* replace("both")
        yield* replace("both")
        yield* Effect.forEach(pool, ({ age }) => age(3_600_000))
        yield* Effect.sleep("300 millis")
        yield* replace("fresh")
        yield* replace("fresh")
        yield* Effect.sleep("300 millis")
        yield* Fiber.interrupt(running)
        const expected = ["change 404 guild.invite_not_found", "logout 204", "read 200", "read 204", "sign-in 204"]
        assert.deepStrictEqual([...seen.keys()].toSorted(), expected)
        for (const count of seen.values()) assert.isAbove(count, 10)
        for (const { jar } of people) {
          assert.deepStrictEqual(yield* stored(jar), [["fresh", "old"]])
          assert.strictEqual(yield* ask(pool[0]!, jar, "GET", "/auth/session"), "200")
        }
      }),
    60_000
  )
})
