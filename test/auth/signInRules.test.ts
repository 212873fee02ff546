import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { SignIn } from "../../src/auth/SignIn.ts"
import { type NewSession, SignInRepo } from "../../src/auth/SignInRepo.ts"
import { RequestInfo } from "../../src/http/RequestInfo.ts"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { Crypto } from "../../src/infra/Crypto.ts"
import {
  DiscordClient,
  DiscordCodeRejected,
  type DiscordProfile,
  DiscordRateLimited,
  DiscordTokenRejected,
  type DiscordTokens,
  DiscordUnavailable
} from "../../src/auth/discord/DiscordClient.ts"
import { GeoIp } from "../../src/infra/GeoIp.ts"
import { environment } from "../support/environment.ts"

const tokens: DiscordTokens = {
  accessToken: Redacted.make("canary-access"),
  refreshToken: Redacted.make("canary-refresh"),
  tokenType: "Bearer",
  scope: "identify",
  expiresIn: 604_800
}

type Discord = Partial<DiscordClient["Service"]>

/** The sign-in's own rules, with substitutes for everything they call. */
const signIn = (discord: Discord) => {
  const stored: Array<NewSession> = []
  const failures: Array<string> = []
  const substitutes = Layer.mergeAll(
    Layer.mock(DiscordClient, {
      exchangeCode: () => Effect.succeed(tokens),
      currentUser: () => Effect.succeed({ id: "1", username: "u" } as DiscordProfile),
      ...discord
    }),
    Layer.succeed(GeoIp, {
      locate: (ip) => ({ country: ip === "203.0.113.9" ? "PT" : null, region: null, city: null })
    }),
    Layer.mock(SignInRepo, {
      consume: ({ stateHashes }) =>
        Effect.succeed({ verdict: "won" as const, stateHash: stateHashes[0]!, kept: null, returnTo: null }),
      fail: (reason) => Effect.sync(() => void failures.push(reason)),
      complete: (_, session) => Effect.sync(() => void stored.push(session))
    })
  )
  const layer = SignIn.layerNoDeps.pipe(
    Layer.provide(substitutes),
    Layer.provideMerge(Crypto.layer),
    Layer.provide(AppConfig.layerFrom(environment))
  )
  const finish = Effect.flatMap(SignIn, (signIn) =>
    signIn.finish({ code: "code", state: "state", browsers: ["browser"], presented: [] })
  ).pipe(Effect.provideService(RequestInfo, { id: "id", ip: "203.0.113.9", userAgent: null, startedAt: 0 }))
  return { finish, layer, stored, failures }
}

const refusals: ReadonlyArray<{ discord: Discord; status: number; code: string; retryAfter?: number }> = [
  {
    discord: { exchangeCode: () => Effect.fail(new DiscordCodeRejected()) },
    status: 400,
    code: "auth.discord_code_rejected"
  },
  {
    discord: { exchangeCode: () => Effect.fail(new DiscordUnavailable({ stage: "exchange", reason: "status 500" })) },
    status: 502,
    code: "auth.discord_code_exchange_failed"
  },
  {
    discord: { exchangeCode: () => Effect.fail(new DiscordRateLimited({ retryAfter: 65 })) },
    status: 503,
    code: "auth.discord_code_exchange_failed",
    retryAfter: 65
  },
  {
    discord: { currentUser: () => Effect.fail(new DiscordTokenRejected()) },
    status: 502,
    code: "auth.discord_profile_fetch_failed"
  },
  {
    discord: { currentUser: () => Effect.fail(new DiscordRateLimited({ retryAfter: 7 })) },
    status: 503,
    code: "auth.discord_profile_fetch_failed",
    retryAfter: 7
  }
]

it.effect.each(refusals)(
  "Discord's refusal becomes $status $code, is recorded and creates no session",
  ({ discord, ...expected }) => {
    const { finish, layer, stored, failures } = signIn(discord)
    return Effect.gen(function* () {
      const { status, code, retryAfter } = yield* Effect.flip(finish)
      assert.deepStrictEqual({ status, code, retryAfter }, { retryAfter: undefined, ...expected } as never)
      assert.deepStrictEqual([stored, failures], [[], [expected.code]])
    }).pipe(Effect.provide(layer))
  }
)

it.effect.each([
  { stage: "exchangeCode", code: "auth.discord_code_exchange_failed" },
  { stage: "currentUser", code: "auth.discord_profile_fetch_failed" }
] as const)("the sign-in gives up after 5.5 seconds when Discord never answers $stage", ({ stage, code }) => {
  const { finish, layer } = signIn({ [stage]: () => Effect.never })
  return Effect.gen(function* () {
    const waiting = yield* Effect.forkChild(Effect.flip(finish))
    yield* TestClock.adjust("5499 millis")
    assert.isUndefined(waiting.pollUnsafe())
    yield* TestClock.adjust("1 millis")
    assert.strictEqual((yield* Fiber.join(waiting)).code, code)
  }).pipe(Effect.provide(layer))
})

it.effect("stores hashes, sealed tokens and the location of the sign-in", () => {
  const { finish, layer, stored } = signIn({})
  return Effect.gen(function* () {
    const crypto = yield* Crypto
    const { token, csrf } = yield* finish
    const [session] = stored
    assert.strictEqual(session!.tokenHash, crypto.hash("session", token))
    assert.strictEqual(session!.csrfHash, crypto.hash("csrf", csrf))
    assert.strictEqual(Redacted.value(yield* crypto.open(session!.accessToken)), "canary-access")
    assert.strictEqual(session!.location.country, "PT")
    assert.notMatch(JSON.stringify(stored), /canary/)
  }).pipe(Effect.provide(layer))
})
