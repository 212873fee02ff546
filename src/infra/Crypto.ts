import { xchacha20poly1305 } from "@noble/ciphers/chacha.js"
import { Context, Data, Effect, Layer, Redacted } from "effect"
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import { AppConfig } from "./AppConfig.ts"

/** A stored ciphertext has an unknown version, was tampered with, or was sealed under another key. */
export class CannotOpen extends Data.TaggedError("CannotOpen")<{ readonly reason: "format" | "key" }> {}

/** The purpose of a keyed hash. Hashes from different domains never match. */
export type Domain = "session" | "csrf" | "csrf-token" | "share" | "oauth-state" | "oauth-browser" | "pkce" | "redis"

/** Splits `v1:<nonce>:<ciphertext>`. */
const partsOf = (sealed: string) => {
  const [, nonce, ciphertext] = /^v1:([\w-]{32}):([\w-]{22,})$/.exec(sealed) ?? []
  return nonce === undefined || ciphertext === undefined
    ? undefined
    : { nonce: Buffer.from(nonce, "base64url"), ciphertext: Buffer.from(ciphertext, "base64url") }
}

const decrypt = (
  key: Redacted.Redacted<Uint8Array>,
  { nonce, ciphertext }: NonNullable<ReturnType<typeof partsOf>>
) => {
  const plain = xchacha20poly1305(Redacted.value(key), nonce).decrypt(ciphertext)
  return Redacted.make(new TextDecoder("utf-8", { fatal: true }).decode(plain))
}

export class Crypto extends Context.Service<
  Crypto,
  {
    /** 32 random bytes as unpadded base64url: 43 characters. */
    readonly token: Effect.Effect<string>
    /** 16 random bytes likewise, for a link that people pass on: 22 characters. */
    readonly shortToken: Effect.Effect<string>
    /** HMAC-SHA-256 of `domain:message` under SESSION_HMAC_SECRET, as standard base64, for storage. */
    readonly hash: (domain: Domain, message: string) => string
    /** The CSRF token derived from a session token, as unpadded base64url. */
    readonly csrfToken: (sessionToken: string) => string
    /** The PKCE verifier of a sign-in. Derived from its state, so it is not stored anywhere. */
    readonly verifier: (state: string) => Redacted.Redacted<string>
    /** The S256 challenge of a PKCE verifier: its SHA-256 as unpadded base64url. */
    readonly challenge: (verifier: Redacted.Redacted<string>) => string
    /** Compares in constant time. */
    readonly equal: (a: string, b: string) => boolean
    /** XChaCha20-Poly1305 under DISCORD_TOKEN_ENCRYPTION_KEY as `v1:<nonce>:<ciphertext>`, unpadded base64url. */
    readonly seal: (plain: Redacted.Redacted<string>) => Effect.Effect<string>
    /** Opens a text sealed under that key or DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS. */
    readonly open: (sealed: string) => Effect.Effect<Redacted.Redacted<string>, CannotOpen>
  }
>()("infra/Crypto") {
  static readonly layer = Layer.effect(
    Crypto,
    Effect.gen(function* () {
      const { session, discord } = yield* AppConfig
      const mac = (domain: Domain, message: string) =>
        createHmac("sha256", Redacted.value(session.hmacSecret)).update(`${domain}:${message}`)

      return Crypto.of({
        token: Effect.sync(() => randomBytes(32).toString("base64url")),
        shortToken: Effect.sync(() => randomBytes(16).toString("base64url")),
        hash: (domain, message) => mac(domain, message).digest("base64"),
        csrfToken: (sessionToken) => mac("csrf-token", sessionToken).digest("base64url"),
        verifier: (state) => Redacted.make(mac("pkce", state).digest("base64url")),
        challenge: (verifier) => createHash("sha256").update(Redacted.value(verifier)).digest("base64url"),
        equal: (a, b) => {
          const [left, right] = [Buffer.from(a), Buffer.from(b)]
          return left.length === right.length && timingSafeEqual(left, right)
        },
        seal: (plain) =>
          Effect.sync(() => {
            const nonce = randomBytes(24)
            const cipher = xchacha20poly1305(Redacted.value(discord.tokenKey), nonce)
            const sealed = cipher.encrypt(new TextEncoder().encode(Redacted.value(plain)))
            return `v1:${nonce.toString("base64url")}:${Buffer.from(sealed).toString("base64url")}`
          }),
        open: (sealed) => {
          const parts = partsOf(sealed)
          if (parts === undefined) return new CannotOpen({ reason: "format" })
          const under = (key: Redacted.Redacted<Uint8Array>) =>
            Effect.try({ try: () => decrypt(key, parts), catch: () => new CannotOpen({ reason: "key" }) })
          const { tokenKey, previousTokenKey } = discord
          const opened = under(tokenKey)
          return previousTokenKey === undefined ? opened : opened.pipe(Effect.catch(() => under(previousTokenKey)))
        }
      })
    })
  )
}
