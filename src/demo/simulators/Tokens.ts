import { randomBytes, timingSafeEqual } from "node:crypto"
import type { Question } from "./Reply.ts"
import { basicOf, formOf } from "./Reply.ts"

/** The credentials that a simulator requires of its client. */
export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: string
}

const equal = (one: string, other: string) => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

export const isClient = (expected: ClientCredentials, id: string | undefined, secret: string | undefined) =>
  equal(expected.clientId, id ?? "") && equal(expected.clientSecret, secret ?? "")

/** Tokens that expire, each with its value. */
export class Tokens<A> {
  private readonly live = new Map<string, { readonly value: A; readonly endsAt: number }>()
  private readonly now: () => number

  constructor(now: () => number) {
    this.now = now
  }

  issue(prefix: string, value: A, seconds: number): string {
    const token = prefix + randomBytes(24).toString("base64url")
    this.live.set(token, { value, endsAt: this.now() + seconds * 1000 })
    return token
  }

  read(token: string | undefined): A | undefined {
    const found = token === undefined ? undefined : this.live.get(token)
    return found === undefined || found.endsAt <= this.now() ? undefined : found.value
  }

  /** Reads a token and invalidates it, for single use. */
  take(token: string): A | undefined {
    const value = this.read(token)
    this.live.delete(token)
    return value
  }

  /** Invalidates all tokens, or those with a matching value. */
  drop(which: (value: A) => boolean = () => true) {
    for (const [token, { value }] of this.live) if (which(value)) this.live.delete(token)
  }
}

/** The error code for a request for an application token; undefined if the request is valid. */
export const clientCredentialsFault = (question: Question, expected: ClientCredentials) => {
  const basic = basicOf(question)
  const form = formOf(question)
  if (!isClient(expected, basic?.id, basic?.secret)) return "invalid_client"
  if (form === undefined || form.get("grant_type") === null) return "invalid_request"
  return form.get("grant_type") === "client_credentials" ? undefined : "unsupported_grant_type"
}
