import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { createHmac, randomBytes } from "node:crypto"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { Crypto } from "../../src/infra/Crypto.ts"
import { environment } from "../support/environment.ts"

const underKeys = (keys: Readonly<Record<string, string>>) =>
  Effect.provide(
    Crypto,
    Layer.fresh(Crypto.layer).pipe(Layer.provide(AppConfig.layerFrom({ ...environment, ...keys })))
  )

layer(Crypto.layer.pipe(Layer.provide(AppConfig.layerFrom(environment))))("crypto", (it) => {
  it.effect("hashes a session token like existing installations", () =>
    Effect.gen(function* () {
      const { hash } = yield* Crypto
      const expected = createHmac("sha256", environment.SESSION_HMAC_SECRET).update("session:token").digest("base64")
      assert.strictEqual(hash("session", "token"), expected)
      assert.notStrictEqual(hash("csrf", "token"), expected)
    })
  )

  it.effect("derives the CSRF token from the session token, and the PKCE verifier from the state", () =>
    Effect.gen(function* () {
      const { csrfToken, verifier } = yield* Crypto
      const mac = (text: string) =>
        createHmac("sha256", environment.SESSION_HMAC_SECRET).update(text).digest("base64url")
      assert.strictEqual(csrfToken("token"), mac("csrf-token:token"))
      assert.strictEqual(Redacted.value(verifier("state")), mac("pkce:state"))
    })
  )

  it.effect("computes the challenge of RFC 7636, appendix B", () =>
    Effect.gen(function* () {
      const { challenge } = yield* Crypto
      const verifier = Redacted.make("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
      assert.strictEqual(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
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
      const other = yield* underKeys({ DISCORD_TOKEN_ENCRYPTION_KEY: randomBytes(32).toString("hex") })
      const sealed = yield* other.seal(Redacted.make("text"))
      const error = yield* Effect.flip(Effect.flatMap(Crypto, (crypto) => crypto.open(sealed)))
      assert.strictEqual(error.reason, "key")
    })
  )

  it.effect("opens what the previous key sealed, and seals with the current one", () =>
    Effect.gen(function* () {
      const sealed = yield* (yield* Crypto).seal(Redacted.make("text"))
      const key = randomBytes(32).toString("hex")
      const previous = environment.DISCORD_TOKEN_ENCRYPTION_KEY
      const changing = yield* underKeys({
        DISCORD_TOKEN_ENCRYPTION_KEY: key,
        DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS: previous
      })
      assert.strictEqual(Redacted.value(yield* changing.open(sealed)), "text")
      const resealed = yield* changing.seal(Redacted.make("text"))
      assert.strictEqual(Redacted.value(yield* changing.open(resealed)), "text")
      const changed = yield* underKeys({ DISCORD_TOKEN_ENCRYPTION_KEY: key })
      assert.strictEqual(Redacted.value(yield* changed.open(resealed)), "text")
      assert.strictEqual((yield* Effect.flip(changed.open(sealed))).reason, "key")
      const neither = yield* underKeys({
        DISCORD_TOKEN_ENCRYPTION_KEY: randomBytes(32).toString("hex"),
        DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS: previous
      })
      assert.strictEqual((yield* Effect.flip(neither.open(resealed))).reason, "key")
      assert.strictEqual((yield* Effect.flip(neither.open("v2:x:y"))).reason, "format")
    })
  )

  it.effect("data of existing installations stays readable", () =>
    Effect.gen(function* () {
      const stored = "v1:AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qh:2uG7vLWMNhereYnUn1g_7XNTWSn-_86RHoJGpAYJ87_y7SS3WSVRBpU"
      assert.strictEqual(Redacted.value(yield* (yield* Crypto).open(stored)), "token of an older version")
    })
  )

  it.effect.each([
    { what: "another version", change: (text: string) => text.replace("v1:", "v2:"), reason: "format" },
    { what: "no ciphertext", change: (text: string) => text.slice(0, 36), reason: "format" },
    { what: "a ciphertext without its tag", change: (text: string) => text.slice(0, 36 + 21), reason: "format" },
    { what: "a short nonce", change: (text: string) => text.replace(/^v1:./, "v1:"), reason: "format" },
    { what: "something before it", change: (text: string) => `x${text}`, reason: "format" },
    { what: "something after it", change: (text: string) => `${text}!`, reason: "format" },
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
