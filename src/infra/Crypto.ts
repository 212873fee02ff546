import { xchacha20poly1305 } from "@noble/ciphers/chacha.js"
import { Context, Data, Effect, Layer, Redacted } from "effect"
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import { AppConfig } from "./AppConfig.ts"

/** A stored ciphertext has an unknown version, was tampered with, or was sealed under another key. */
export class CannotOpen extends Data.TaggedError("CannotOpen")<{ readonly reason: "format" | "key" }> {}

/** The purpose of a keyed hash. Hashes from different domains never match. */
type Domain = "session" | "csrf" | "csrf-token" | "oauth-state" | "oauth-browser" | "pkce" | "redis"

/**
 * The hash by which a random token of 128 bits or more is stored that outlives a change of SESSION_HMAC_SECRET. Without a
 * secret: nobody guesses so many bits. Standard base64.
 */
export const randomTokenHash = (token: string) => createHash("sha256").update(token).digest("base64")

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

/** What one HMAC secret makes. */
interface Keyed {
  /** HMAC-SHA-256 of `domain:message`, as standard base64, for storage. */
  readonly hash: (domain: Domain, message: string) => string
  /** The CSRF token derived from a session token, as unpadded base64url. */
  readonly csrfToken: (sessionToken: string) => string
  /** The PKCE verifier of a sign-in. Derived from its state, so it is not stored anywhere. */
  readonly verifier: (state: string) => Redacted.Redacted<string>
}

const keyedBy = (secret: Redacted.Redacted<string>): Keyed => {
  const mac = (domain: Domain, message: string) =>
    createHmac("sha256", Redacted.value(secret)).update(`${domain}:${message}`)
  return {
    hash: (domain, message) => mac(domain, message).digest("base64"),
    csrfToken: (sessionToken) => mac("csrf-token", sessionToken).digest("base64url"),
    verifier: (state) => Redacted.make(mac("pkce", state).digest("base64url"))
  }
}

/** Hashes and derived tokens are under SESSION_HMAC_SECRET, unless something else is said. */
export class Crypto extends Context.Service<
  Crypto,
  Keyed & {
    /** By every secret that is accepted: SESSION_HMAC_SECRET first, then SESSION_HMAC_SECRET_PREVIOUS if there is one. */
    readonly known: ReadonlyArray<Keyed>
    /**
     * By the secret before, while there is one: replicas that do not have the new one yet know what this makes. Else by
     * the only one.
     */
    readonly common: Keyed
    /** 32 random bytes as unpadded base64url: 43 characters. */
    readonly token: Effect.Effect<string>
    /** 16 random bytes likewise, for a link that people pass on: 22 characters. */
    readonly shortToken: Effect.Effect<string>
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
      const current = keyedBy(session.hmacSecret)
      const { previousHmacSecret } = session
      const previous = previousHmacSecret === undefined ? undefined : keyedBy(previousHmacSecret)

      return Crypto.of({
        ...current,
        known: previous === undefined ? [current] : [current, previous],
        common: previous ?? current,
        token: Effect.sync(() => randomBytes(32).toString("base64url")),
        shortToken: Effect.sync(() => randomBytes(16).toString("base64url")),
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
