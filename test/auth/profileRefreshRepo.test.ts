import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { personas } from "../../src/demo/simulators/Personas.ts"
import { ProfileRefreshRepo } from "../../src/auth/ProfileRefreshRepo.ts"
import { RequestInfo } from "../../src/http/RequestInfo.ts"
import type { DiscordProfile } from "../../src/auth/discord/DiscordClient.ts"
import { openBrowser } from "../support/Browser.ts"
import { database } from "../support/database.ts"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"

const repository = ProfileRefreshRepo.layer.pipe(Layer.provide(database), Layer.provideMerge(TestApp.layer()))

const tokens = { accessToken: "new", refreshToken: "newer", tokenType: "Bearer", scope: "identify", expiresIn: 1000 }
const profile = { id: personas.raider.id, username: "changed" } as DiscordProfile

const stored = Effect.map(
  query`
    select access_token_ciphertext, refresh_token_ciphertext, username, relogin_required_at, relogin_reason,
      (select count(*)::int from security_audit_events where event_type in ('profile_refreshed', 'relogin_required')) as events
    from discord_identities i
    join discord_oauth_tokens t on t.discord_identity_id = i.id
    join discord_profiles p on p.discord_identity_id = i.id
    where i.discord_user_id = ${personas.raider.id}`,
  ([row]) => row!
)

/** Signs in, makes the profile as old as asked, then claims its refresh. */
const claimAt = Effect.fnUntraced(function* (age: string) {
  const browser = yield* openBrowser()
  yield* browser.signIn()
  const { user } = yield* browser.client.sessions.current()
  yield* query`update discord_identities set last_profile_refresh_at = now() - ${age}::text::interval`
  const repo = yield* ProfileRefreshRepo
  return { repo, user, browser, claim: yield* repo.claim(user.id) }
})

layer(repository, live)("the claim of a refresh", (it) => {
  it.effect("is granted after a day, not before, and to one of fifty callers", () =>
    Effect.gen(function* () {
      const { repo, user, claim } = yield* claimAt("23 hours 59 minutes")
      assert.isUndefined(claim)
      yield* query`update discord_identities set last_profile_refresh_at = now() - interval '1 day 1 second'`
      const claims = yield* Effect.replicateEffect(repo.claim(user.id), 50, { concurrency: "unbounded" })
      assert.lengthOf(
        claims.filter((each) => each !== undefined),
        1
      )
    })
  )

  it.effect("is not granted while a new sign-in is required, nor without tokens", () =>
    Effect.gen(function* () {
      const { repo, user, claim } = yield* claimAt("2 days")
      yield* repo.requireRelogin(claim!, "test")
      yield* query`update discord_identities set last_profile_refresh_at = null`
      assert.isUndefined(yield* repo.claim(user.id))
      yield* query`update discord_identities set relogin_required_at = null`
      yield* query`delete from discord_oauth_tokens`
      assert.isUndefined(yield* repo.claim(user.id))
    })
  )

  it.effect("stores tokens, and keeps the old refresh token when there is no new one", () =>
    Effect.gen(function* () {
      const { repo, claim } = yield* claimAt("2 days")
      yield* repo.storeTokens(claim!, { ...tokens, refreshToken: null })
      const kept = { access_token_ciphertext: "new", refresh_token_ciphertext: claim!.refreshToken }
      assert.deepInclude(yield* stored, kept)
      yield* repo.storeTokens(claim!, tokens)
      assert.strictEqual((yield* stored).refresh_token_ciphertext, "newer")
    })
  )

  it.effect("stores nothing after a sign-in in between, nor another user's profile", () =>
    Effect.gen(function* () {
      const { repo, claim, browser } = yield* claimAt("2 days")
      const before = yield* stored
      yield* repo.storeProfile(claim!, { ...profile, id: personas.admin.id })
      assert.deepStrictEqual(yield* stored, before)
      yield* browser.signIn()
      const after = yield* stored
      yield* repo.storeTokens(claim!, tokens)
      yield* repo.storeProfile(claim!, profile)
      yield* repo.requireRelogin(claim!, "test")
      assert.deepStrictEqual(yield* stored, after)
    })
  )

  it.effect(
    "O04 stores the profile, or that a new sign-in is required, with one audit row that names the request",
    () =>
      Effect.gen(function* () {
        const { repo, claim, user } = yield* claimAt("2 days")
        const info = { ...(yield* RequestInfo), id: "request-of-a-refresh", ip: "81.2.69.7", userAgent: "agent" }
        yield* repo.storeProfile(claim!, profile).pipe(Effect.provideService(RequestInfo, info))
        yield* repo.requireRelogin(claim!, "test").pipe(Effect.provideService(RequestInfo, info))
        assert.deepInclude(yield* stored, { username: "changed", relogin_reason: "test" })
        const rows = yield* query`
        select event_type, user_id, host(ip_address) as ip, user_agent, metadata->>'reason' as reason
        from security_audit_events where metadata->>'request_id' = ${info.id} order by created_at`
        const common = { user_id: user.id, ip: info.ip, user_agent: "agent" }
        assert.deepStrictEqual(rows, [
          { event_type: "profile_refreshed", reason: "daily", ...common },
          { event_type: "relogin_required", reason: "test", ...common }
        ])
      })
  )
})
