import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { sealTokens } from "../../src/auth/SealedTokens.ts"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { Crypto } from "../../src/infra/Crypto.ts"
import { environment } from "../support/environment.ts"

const tokens = {
  accessToken: Redacted.make("access"),
  tokenType: "Bearer" as const,
  scope: "identify",
  expiresIn: 604_800
}

layer(Crypto.layer.pipe(Layer.provide(AppConfig.layerFrom(environment))))("Discord's tokens", (it) => {
  it.effect("are sealed separately, and an absent refresh token stays absent", () =>
    Effect.gen(function* () {
      const crypto = yield* Crypto
      const both = yield* sealTokens(crypto, { ...tokens, refreshToken: Redacted.make("refresh") })
      const opened = yield* Effect.all([crypto.open(both.accessToken), crypto.open(both.refreshToken!)])
      assert.deepStrictEqual(opened.map(Redacted.value), ["access", "refresh"])
      assert.deepInclude(both, { tokenType: "Bearer", scope: "identify", expiresIn: 604_800 })
      assert.isNull((yield* sealTokens(crypto, { ...tokens, refreshToken: null })).refreshToken)
    })
  )
})
