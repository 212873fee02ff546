import { randomBytes } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { profileOf } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { environment } from "../support/environment.ts"
import { eventually } from "../support/eventually.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

const path = "/api/v1/auth/session"

/** A person for one test, whose name at Discord can change. */
const person = Effect.fnUntraced(function* (number: number) {
  const { discord } = yield* TestApp
  const id = `90000000000000${number}`
  const names = { id, username: `person${number}`, globalName: "before" }
  discord.addPersona({
    id,
    label: names.username,
    get profile() {
      return profileOf(names)
    }
  })
  const browser = yield* openBrowser()
  yield* browser.signIn(id)
  discord.calls.reset()
  return { id, browser, rename: () => void (names.globalName = "after") }
})

const ageProfile = (id: string) => query`
  update discord_identities set last_profile_refresh_at = now() - interval '1 day 1 second' where discord_user_id = ${id}`

const events = (id: string) =>
  Effect.map(
    query`
      select event_type || coalesce(' ' || (metadata->>'reason'), '') as event
      from security_audit_events e join discord_identities i using (user_id)
      where i.discord_user_id = ${id} and event_type in ('profile_refreshed', 'relogin_required')
      order by e.created_at`,
    (rows) => rows.map(({ event }) => event)
  )

const stored = (id: string) =>
  Effect.map(
    query`
      select p.global_name, t.access_token_ciphertext as access, t.refresh_token_ciphertext as refresh,
        t.expires_at > now() + interval '6 days 23 hours' as fresh, i.relogin_required_at is not null as marked, i.relogin_reason
      from discord_identities i
      join discord_profiles p on p.discord_identity_id = i.id
      join discord_oauth_tokens t on t.discord_identity_id = i.id
      where i.discord_user_id = ${id}`,
    ([row]) => row!
  )

/** Waits until the profile was refreshed this many times since the sign-in; returns the calls to Discord. */
const refreshed = Effect.fnUntraced(function* (id: string, times: number) {
  yield* eventually(events(id), (all) => all.length === times + 1)
  const { discord } = yield* TestApp
  return discord.calls.all.map(({ path, status }) => `${path.split("/").at(-1)} ${status}`)
})

layer(TestApp.layer(), live)("the daily refresh of a profile", (it) => {
  it.effect("asks Discord once, however many requests to two replicas find the profile outdated", () =>
    Effect.gen(function* () {
      const app = yield* TestApp
      const { id, browser, rename } = yield* person(3001)
      const twin = yield* openBrowser(yield* startReplica(app.variables), browser.jar)
      rename()
      app.discord.fault({ kind: "slow", ms: 500, path: "/users/@me", times: 1 })
      yield* ageProfile(id)
      const answers = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? browser : twin)),
        ({ send }) => send("GET", path),
        { concurrency: "unbounded" }
      )
      for (const { status } of answers) assert.strictEqual(status, 200)
      assert.deepStrictEqual(yield* refreshed(id, 1), ["@me 200"])
      const { user } = yield* twin.client.sessions.current()
      assert.strictEqual(user.discord.global_name, "after")
      assert.deepStrictEqual(yield* events(id), ["profile_refreshed sign_in", "profile_refreshed daily"])
      assert.lengthOf(app.discord.calls.all, 1)
    })
  )

  it.effect("leaves a profile alone that is less than a day old", () =>
    Effect.gen(function* () {
      const { discord, statements } = yield* TestApp
      const { id, browser } = yield* person(3002)
      yield* query`
        update discord_identities set last_profile_refresh_at = now() - interval '23 hours 59 minutes'
        where discord_user_id = ${id}`
      const before = statements()
      yield* browser.client.sessions.current()
      assert.deepStrictEqual([statements() - before, discord.calls.all.length], [1, 0])
    })
  )

  it.effect("answers at once while Discord hangs", () =>
    Effect.gen(function* () {
      const { discord } = yield* TestApp
      const { id, browser } = yield* person(3003)
      discord.fault({ kind: "hang", path: "/users/@me", times: 1 })
      yield* ageProfile(id)
      yield* browser.client.sessions.current()
      const [call] = yield* discord.calls.reached(1, "/users/@me")
      yield* browser.client.sessions.current()
      assert.isUndefined(call!.status)
    })
  )

  it.effect("rotates tokens that Discord refuses, and uses the new ones the next day", () =>
    Effect.gen(function* () {
      const { discord } = yield* TestApp
      const { id, browser, rename } = yield* person(3004)
      const before = yield* stored(id)
      rename()
      discord.dropTokens({ keepRefresh: true })
      yield* ageProfile(id)
      yield* browser.client.sessions.current()
      assert.deepStrictEqual(yield* refreshed(id, 1), ["@me 401", "token 200", "@me 200"])
      const after = yield* stored(id)
      assert.deepInclude(after, { global_name: "after", fresh: true, marked: false })
      assert.notStrictEqual(after.access, before.access)
      assert.notStrictEqual(after.refresh, before.refresh)
      discord.calls.reset()
      yield* ageProfile(id)
      yield* browser.client.sessions.current()
      assert.deepStrictEqual(yield* refreshed(id, 2), ["@me 200"])
    })
  )

  it.effect.each([
    { number: 3005, seconds: 55, calls: ["token 200", "@me 200"] },
    { number: 3006, seconds: 120, calls: ["@me 200"] }
  ])("with a token that expires in $seconds s makes the calls $calls", ({ number, seconds, calls }) =>
    Effect.gen(function* () {
      const { id, browser } = yield* person(number)
      yield* ageProfile(id)
      yield* query`
        update discord_oauth_tokens set expires_at = now() + make_interval(secs => ${seconds}::int)
        where discord_identity_id = (select id from discord_identities where discord_user_id = ${id})`
      yield* browser.client.sessions.current()
      assert.deepStrictEqual(yield* refreshed(id, 1), calls)
    })
  )

  it.effect("S02 when Discord accepts none of the tokens, every session is refused until the next sign-in", () =>
    Effect.gen(function* () {
      const { discord, variables } = yield* TestApp
      const { id, browser: desk } = yield* person(3007)
      const twin = yield* openBrowser(yield* startReplica(variables), desk.jar)
      const phone = yield* openBrowser()
      yield* phone.signIn(id)
      discord.dropTokens()
      yield* ageProfile(id)
      yield* desk.client.sessions.current()
      yield* eventually(stored(id), ({ marked }) => marked === true)
      assert.strictEqual((yield* stored(id)).relogin_reason, "invalid_grant")
      assert.strictEqual((yield* events(id)).at(-1), "relogin_required invalid_grant")
      const headers = { cookie: `session=${yield* desk.cookie("session")}` }
      const stranger = yield* openBrowser()
      assert.strictEqual((yield* stranger.send("GET", path, { headers })).body.error.code, "auth.relogin_required")
      const refused = yield* twin.send("GET", path)
      assert.deepStrictEqual([refused.status, refused.body.error.code], [401, "auth.relogin_required"])
      assert.match(refused.setCookie, /session=; Max-Age=0/)
      yield* desk.signIn(id)
      assert.deepInclude(yield* stored(id), { marked: false, relogin_reason: null, fresh: true })
      assert.strictEqual((yield* desk.send("GET", path)).status, 200)
      assert.strictEqual((yield* phone.send("GET", path)).status, 200)
    })
  )

  it.effect(
    "with a new encryption key and the previous one, old tokens can be read and new ones are sealed with the new key",
    () =>
      Effect.gen(function* () {
        const { discord, variables } = yield* TestApp
        const { id, browser } = yield* person(3009)
        const keys = {
          ...variables,
          DISCORD_TOKEN_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
          DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS: environment.DISCORD_TOKEN_ENCRYPTION_KEY
        }
        const changing = yield* openBrowser(yield* startReplica(keys), browser.jar)
        yield* ageProfile(id)
        yield* changing.client.sessions.current()
        assert.deepStrictEqual(yield* refreshed(id, 1), ["@me 200"])
        discord.dropTokens({ keepRefresh: true })
        yield* ageProfile(id)
        yield* changing.client.sessions.current()
        assert.deepStrictEqual(yield* refreshed(id, 2), ["@me 200", "@me 401", "token 200", "@me 200"])
        discord.calls.reset()
        const alone = { ...keys, DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS: "" }
        const changed = yield* openBrowser(yield* startReplica(alone), browser.jar)
        yield* ageProfile(id)
        yield* changed.client.sessions.current()
        assert.deepStrictEqual(yield* refreshed(id, 3), ["@me 200"])
      })
  )

  it.effect("logging out revokes nothing at Discord", () =>
    Effect.gen(function* () {
      const { discord } = yield* TestApp
      const { id, browser: desk } = yield* person(3008)
      const phone = yield* openBrowser()
      yield* phone.signIn(id)
      discord.calls.reset()
      yield* desk.client.sessions.logoutOthers()
      yield* desk.client.sessions.logout()
      assert.lengthOf(discord.calls.all, 0)
    })
  )
})
