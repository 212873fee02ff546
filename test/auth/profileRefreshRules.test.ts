import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Redacted, Scope } from "effect"
import { TestClock } from "effect/testing"
import { ProfileRefresh } from "../../src/auth/ProfileRefresh.ts"
import { type Claim, ProfileRefreshRepo } from "../../src/auth/ProfileRefreshRepo.ts"
import type { UserId } from "../../src/auth/User.ts"
import { DependencyUnavailable } from "../../src/http/ApiError.ts"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { Crypto } from "../../src/infra/Crypto.ts"
import {
  DiscordClient,
  type DiscordProfile,
  DiscordRateLimited,
  DiscordTokenRejected,
  DiscordUnavailable
} from "../../src/auth/discord/DiscordClient.ts"
import { withLog } from "../infra/providers.ts"
import { environment } from "../support/environment.ts"

const user = "00000000-0000-4000-8000-000000000001" as UserId
const rejected = Effect.fail(new DiscordTokenRejected())
const limited = Effect.fail(new DiscordRateLimited({ retryAfter: 9 }))
const down = Effect.fail(new DiscordUnavailable({ stage: "profile", reason: "status 500" }))
const unavailable = Effect.fail(new DependencyUnavailable({ retryAfter: 1 }))
const profile = { id: "1", username: "u" } as DiscordProfile

/** What Discord answers to each access token, and to the refresh token. */
interface Case {
  readonly claim?: Partial<Claim> | undefined
  readonly me?: Readonly<Record<string, ReturnType<DiscordClient["Service"]["currentUser"]>>>
  readonly rotation?: ReturnType<DiscordClient["Service"]["refreshToken"]>
  readonly repo?: Partial<ProfileRefreshRepo["Service"]>
}

/** The rules alone, with a list of what they did, in which tokens are shown by name. */
const rules = ({ claim = {}, me = {}, rotation, repo }: Case) => {
  const done: Array<string> = []
  const note = (what: string) => Effect.sync(() => void done.push(what))
  const substitutes = Layer.mergeAll(
    Layer.mock(DiscordClient, {
      currentUser: (token) =>
        Effect.andThen(note(`me ${Redacted.value(token)}`), me[Redacted.value(token)] ?? Effect.succeed(profile)),
      refreshToken: (token) =>
        Effect.andThen(
          note(`refresh ${Redacted.value(token)}`),
          rotation ??
            Effect.succeed({
              accessToken: Redacted.make("access2"),
              refreshToken: Redacted.make("refresh2"),
              tokenType: "Bearer" as const,
              scope: "identify",
              expiresIn: 604_800
            })
        )
    }),
    Layer.effect(
      ProfileRefreshRepo,
      Effect.gen(function* () {
        const { seal } = yield* Crypto
        const sealed = {
          accessToken: yield* seal(Redacted.make("access1")),
          refreshToken: yield* seal(Redacted.make("refresh1"))
        }
        return ProfileRefreshRepo.of({
          claim: () => Effect.succeed({ identity: "i", at: "t", expiring: false, ...sealed, ...claim }),
          storeTokens: () => Effect.as(note("tokens stored"), true),
          storeProfile: () => note("profile stored"),
          requireRelogin: (_, reason) => note(`relogin ${reason}`),
          ...repo
        })
      })
    )
  )
  const layer = ProfileRefresh.layerNoDeps.pipe(
    Layer.provide(substitutes),
    Layer.provide(Crypto.layer),
    Layer.provide(AppConfig.layerFrom(environment))
  )
  return { done, note, layer, begin: Effect.flatMap(ProfileRefresh, ({ begin }) => begin(user)) }
}

const cases: ReadonlyArray<Case & { what: string; does: ReadonlyArray<string>; warns?: string }> = [
  { what: "a good token", does: ["me access1", "profile stored"] },
  {
    what: "an expiring token",
    claim: { expiring: true },
    does: ["refresh refresh1", "tokens stored", "me access2", "profile stored"]
  },
  {
    what: "a refused token",
    me: { access1: rejected },
    does: ["me access1", "refresh refresh1", "tokens stored", "me access2", "profile stored"]
  },
  {
    what: "a refused token, and its successor refused too",
    me: { access1: rejected, access2: rejected },
    does: ["me access1", "refresh refresh1", "tokens stored", "me access2"],
    warns: "DiscordTokenRejected"
  },
  {
    what: "invalid_grant",
    claim: { expiring: true },
    rotation: rejected,
    does: ["refresh refresh1", "relogin invalid_grant"],
    warns: "DiscordTokenRejected"
  },
  { what: "no refresh token", claim: { expiring: true, refreshToken: null }, does: [], warns: "NoRefreshToken" },
  { what: "a profile that fails", me: { access1: down }, does: ["me access1"], warns: "DiscordUnavailable" },
  { what: "a spent quota", me: { access1: limited }, does: ["me access1"], warns: "DiscordRateLimited" },
  {
    what: "a rotation that fails",
    claim: { expiring: true },
    rotation: down,
    does: ["refresh refresh1"],
    warns: "DiscordUnavailable"
  },
  { what: "tokens sealed with a lost key", claim: { accessToken: "v1:x:y" }, does: [], warns: "CannotOpen" },
  { what: "PostgreSQL down", repo: { claim: () => unavailable }, does: [], warns: "dependency.unavailable" },
  { what: "nothing to do", repo: { claim: () => Effect.undefined }, does: [] }
]

it.effect.each(cases)("$what: $does", ({ does, warns, ...given }) => {
  const { done, begin, layer } = rules(given)
  return Effect.gen(function* () {
    const { lines } = yield* withLog(Effect.provide(begin, layer))
    assert.deepStrictEqual(done, does as Array<string>)
    const told = lines.map((line) => JSON.parse(line)).map(({ level, annotations }) => [level, annotations])
    assert.deepStrictEqual(told, warns === undefined ? [] : [["WARN", { reason: warns }]])
  })
})

it.effect("stores rotated tokens as soon as PostgreSQL is back", () => {
  let attempts = 0
  const storeTokens = () =>
    Effect.suspend(() => (++attempts < 4 ? unavailable : Effect.as(note("tokens stored"), true)))
  const { done, note, begin, layer } = rules({ claim: { expiring: true }, repo: { storeTokens } })
  return Effect.gen(function* () {
    yield* begin
    yield* TestClock.adjust("5 seconds")
    assert.deepStrictEqual(done, ["refresh refresh1", "tokens stored", "me access2", "profile stored"])
  }).pipe(Effect.provide(layer))
})

it.effect("runs four at once and leaves the others to a later request", () =>
  Effect.gen(function* () {
    const answer = yield* Deferred.make<DiscordProfile>()
    const { done, begin, layer } = rules({ me: { access1: Deferred.await(answer) } })
    yield* Effect.gen(function* () {
      yield* Effect.replicateEffect(begin, 10)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(done, Array<string>(4).fill("me access1"))
      yield* Deferred.succeed(answer, profile)
      yield* TestClock.adjust(0)
      yield* begin
      yield* TestClock.adjust(0)
      assert.lengthOf(done, 10)
    }).pipe(Effect.provide(layer))
  })
)

it.effect("shutdown waits two seconds for running refreshes, and no longer", () =>
  Effect.gen(function* () {
    const { done, begin, layer } = rules({ me: { access1: Effect.delay(Effect.succeed(profile), "1500 millis") } })
    const hanging = rules({ me: { access1: Effect.never } })
    for (const each of [{ begin, layer }, hanging]) {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(each.layer, scope)
      yield* Effect.provide(each.begin, context)
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1499 millis")
      assert.isUndefined(stopping.pollUnsafe())
      yield* TestClock.adjust("501 millis")
      yield* Fiber.join(stopping)
    }
    assert.deepStrictEqual(done, ["me access1", "profile stored"])
  })
)

it.effect("a defect fails only its own refresh, and is logged", () => {
  const { begin, layer } = rules({ me: { access1: Effect.die(new Error("broken")) } })
  return Effect.gen(function* () {
    const { lines } = yield* withLog(Effect.provide(begin, layer))
    assert.lengthOf(lines, 1)
    assert.include(lines[0], "A profile refresh failed unexpectedly")
  })
})
