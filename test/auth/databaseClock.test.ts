import { assert, layer } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { openBrowser } from "../support/Browser.ts"
import { query } from "../support/query.ts"
import { live, startReplica, TestApp } from "../support/TestApp.ts"

const minutes = 60_000

/** The base URL of a replica whose clock is off by so many minutes, and how often the clock was read. */
const replicaWith = Effect.fnUntraced(function* (shift: number) {
  const { variables } = yield* TestApp
  const clock = yield* Clock.Clock
  let asked = 0
  const millis = () => {
    asked += 1
    return clock.currentTimeMillisUnsafe() + shift * minutes
  }
  const nanos = () => clock.currentTimeNanosUnsafe() + BigInt(shift * minutes) * 1_000_000n
  const wrong: Clock.Clock = {
    ...clock,
    sleep: (duration) => clock.sleep(duration),
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos)
  }
  const url = yield* startReplica(variables).pipe(Effect.provideService(Clock.Clock, wrong))
  return { url, asked: () => asked }
})

layer(TestApp.layer(), live)("a wrong clock", (it) => {
  it.effect.each([{ shift: 10 }, { shift: -10 }])("D10 off by $shift minutes changes no expiry", ({ shift }) =>
    Effect.gen(function* () {
      const { discord } = yield* TestApp
      const { url, asked } = yield* replicaWith(shift)
      const begun = asked()
      const signingIn = Effect.fnUntraced(function* (age: string) {
        const browser = yield* openBrowser(url)
        const payload = yield* browser.authorize(personas.raider.id)
        yield* query`update oauth_states set expires_at = expires_at - ${age}::text::interval where consumed_at is null`
        const { status, body } = yield* browser.send("POST", "/api/v1/auth/discord/callback", { json: payload })
        return { browser, code: status === 204 ? "in" : body.error.code }
      })
      assert.strictEqual((yield* signingIn("10 minutes 1 second")).code, "auth.oauth_state_expired")
      const { browser, code } = yield* signingIn("9 minutes 50 seconds")
      assert.strictEqual(code, "in")
      discord.calls.reset()

      const { session } = yield* browser.client.sessions.current()
      const [age] = yield* query`
        select abs(extract(epoch from now() - created_at)) < 60 as made,
          abs(extract(epoch from expires_at - now() - interval '30 days')) < 60 as ends
        from user_sessions where id = ${session.id}::uuid`
      assert.deepStrictEqual(age, { made: true, ends: true })

      const cases = [
        { seen: "4 minutes 50 seconds", life: "5 minutes", profile: "23 hours 55 minutes", status: 200, moved: false },
        { seen: "5 minutes 1 second", life: "1 minute", profile: "0", status: 200, moved: true },
        { seen: "0", life: "-1 second", profile: "0", status: 401, moved: false }
      ]
      for (const { seen, life, profile, status, moved } of cases) {
        yield* query`
          with aged as (
            update discord_identities set last_profile_refresh_at = now() - ${profile}::text::interval)
          update user_sessions set last_seen_at = now() - ${seen}::text::interval,
            expires_at = now() + ${life}::text::interval where id = ${session.id}::uuid`
        assert.strictEqual((yield* browser.send("GET", "/api/v1/auth/session")).status, status)
        const [row] = yield* query`
          select expires_at > now() + interval '29 days' as moved from user_sessions where id = ${session.id}::uuid`
        assert.strictEqual(row!.moved, moved)
      }
      assert.lengthOf(discord.calls.all, 0)
      assert.isAbove(asked(), begun)
    })
  )
})
