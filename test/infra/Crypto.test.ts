import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { createHmac, randomBytes } from "node:crypto"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { Crypto } from "../../src/infra/Crypto.ts"
import { environment } from "../support/environment.ts"

layer(Crypto.layer.pipe(Layer.provide(AppConfig.layerFrom(environment))))("crypto", (it) => {
  it.effect("hashes a session token as existing installations do", () =>
    Effect.gen(function* () {
      const { hash } = yield* Crypto
      const expected = createHmac("sha256", environment.SESSION_HMAC_SECRET).update("session:token").digest("base64")
      assert.strictEqual(hash("session", "token"), expected)
      assert.notStrictEqual(hash("csrf", "token"), expected)
    })
  )

  it.effect("makes tokens of 256 bits, never the same twice", () =>
    Effect.gen(function* () {
      const { token } = yield* Crypto
      const tokens = yield* Effect.all(Array.from({ length: 1000 }, () => token))
      assert.strictEqual(new Set(tokens).size, 1000)
      for (const each of tokens) assert.match(each, /^[\w-]{43}$/)
    })
  )

  it.effect("opens what it sealed, and seals the same text differently each time", () =>
    Effect.gen(function* () {
      const { seal, open } = yield* Crypto
      const [first, second] = [yield* seal(Redacted.make("väl")), yield* seal(Redacted.make("väl"))]
      assert.notStrictEqual(first, second)
      assert.match(first!, /^v1:[\w-]{32}:[\w-]+$/)
      assert.strictEqual(Redacted.value(yield* open(first!)), "väl")
    })
  )

  it.effect("does not open what another key sealed", () =>
    Effect.gen(function* () {
      const other = AppConfig.layerFrom({
        ...environment,
        DISCORD_TOKEN_ENCRYPTION_KEY: randomBytes(32).toString("hex")
      })
      const sealed = yield* Effect.flatMap(Crypto, (crypto) => crypto.seal(Redacted.make("text"))).pipe(
        Effect.provide(Layer.fresh(Crypto.layer).pipe(Layer.provide(other)))
      )
      const error = yield* Effect.flip(Effect.flatMap(Crypto, (crypto) => crypto.open(sealed)))
      assert.strictEqual(error.reason, "key")
    })
  )

  it.effect.each([
    { what: "another version", change: (text: string) => text.replace("v1:", "v2:"), reason: "format" },
    { what: "no ciphertext", change: (text: string) => text.slice(0, 36), reason: "format" },
    {
      what: "a changed byte",
      change: (text: string) => text.slice(0, -1) + (text.endsWith("A") ? "Q" : "A"),
      reason: "key"
    }
  ])("does not open $what", ({ change, reason }) =>
    Effect.gen(function* () {
      const { seal, open } = yield* Crypto
      const error = yield* Effect.flip(open(change(yield* seal(Redacted.make("some text")))))
      assert.strictEqual(error.reason, reason)
    })
  )

  it.effect("compares texts of any length", () =>
    Effect.gen(function* () {
      const { equal } = yield* Crypto
      assert.deepStrictEqual(
        [equal("a", "a"), equal("a", "b"), equal("a", "ab"), equal("", "")],
        [true, false, false, true]
      )
    })
  )
})
