import { Context, Effect, Layer, Option, Result } from "effect"
import { IpNetwork, NetAddress } from "effect/net"
import { RateLimitExceeded } from "../http/ApiError.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import type { Allowance } from "./Allowance.ts"
import { windowMs } from "./FixedWindows.ts"
import { type Bucket, RateLimiter, type Verdict } from "./RateLimiter.ts"

/** A household or machine usually owns a whole IPv6 /64, so all of it counts as one address. */
const network = (ip: string | null) => {
  if (ip?.includes(":") !== true) return ip ?? "unknown"
  const address = Option.getOrUndefined(Result.getSuccess(NetAddress.ipFromString(ip)))
  return address === undefined ? ip : IpNetwork.format(IpNetwork.fromAddressUnsafe(address, 64))
}

/** How many valid sessions are remembered. */
const rememberedSessions = 50_000

/** How often an address may open links to plans in a minute: a whole raid behind one address, every ten seconds. */
const sharedPlans = 300
/** How often a person may take their data home in a minute: each time a dozen tables are read. */
const exports = 5

const seconds = (ms: number) => Math.ceil(ms / 1000)

/** The rule a request is counted by, and its counts so far. */
export class RequestCount {
  readonly allowance: Allowance
  verdict: Verdict | undefined
  /** Whether the user was counted, for an allowance that counts users. */
  person = false

  constructor(allowance: Allowance) {
    this.allowance = allowance
  }

  /** The tightest verdict as headers (draft-ietf-httpapi-ratelimit-headers). */
  get headers(): Record<string, string> {
    if (this.verdict === undefined) return {}
    const { bucket, remaining, resetMs } = this.verdict
    return {
      "ratelimit-policy": `"${bucket.policy}";q=${bucket.limit};w=${windowMs / 1000}`,
      ratelimit: `"${bucket.policy}";r=${remaining};t=${seconds(resetMs)}`
    }
  }
}

/** The count of the current request, provided by the pipeline. */
export const CurrentCount = Context.Reference<RequestCount>("limits/CurrentCount", {
  defaultValue: () => new RequestCount("requests")
})

interface Caller {
  readonly count: RequestCount
  /** The client's address. */
  readonly ip: string | null
  /** The stored hashes of the session tokens: one as a rule, none without a session cookie. */
  readonly sessions: () => ReadonlyArray<string>
}

/** Rate limits. Every rule counts in windows of one minute, across all replicas. */
export class RateLimits extends Context.Service<
  RateLimits,
  {
    /**
     * Counts a request before any other work: by its session if that is known to be valid, otherwise by its address and
     * the session it sent, if it sent one. If the allowance counts users and the session's user is known, counts the user
     * too.
     */
    readonly request: (caller: Caller) => Effect.Effect<void, RateLimitExceeded>
    /** Remembers that a session is valid and whose it is, and counts the user unless `request` did. */
    readonly signedIn: (session: string, user: string) => Effect.Effect<void, RateLimitExceeded>
    /** Forgets a user who is no more, and their sessions by the hashes of the tokens. */
    readonly forget: (user: string, sessions: ReadonlyArray<string>) => Effect.Effect<void>
  }
>()("limits/RateLimits") {
  static readonly layer = Layer.effect(
    RateLimits,
    Effect.gen(function* () {
      const { limits } = yield* AppConfig
      const limiter = yield* RateLimiter
      /** The user of each session known to be valid. */
      const owners = new Map<string, string>()

      const pass = (count: RequestCount, buckets: ReadonlyArray<Bucket>) =>
        Effect.flatMap(limiter.take(buckets), (verdict) => {
          if (count.verdict === undefined || verdict.remaining <= count.verdict.remaining) count.verdict = verdict
          return verdict.passed ? Effect.void : new RateLimitExceeded({ retryAfter: seconds(verdict.resetMs) })
        })

      const requests = (whom: string): Bucket => ({ policy: "requests", whom, limit: limits.requests })
      const personal: Partial<Record<Allowance, number>> = { refreshes: limits.refreshes, exports }
      const byUser = (allowance: Allowance, whom: string): ReadonlyArray<Bucket> => {
        const limit = personal[allowance]
        return limit === undefined ? [] : [{ policy: allowance, whom, limit }]
      }
      const byAddress = (allowance: Allowance, whom: string): ReadonlyArray<Bucket> => {
        if (allowance === "sign-in") return [{ policy: "sign-in", whom, limit: limits.signIn }]
        if (allowance === "shared-plans") return [{ policy: "shared-plans", whom, limit: sharedPlans }]
        return allowance === "callback" ? [{ policy: "callback", whom, limit: limits.callback }] : []
      }

      /** Part of the hash is enough to tell sessions apart, and the full stored hash stays out of Redis. */
      const nameOf = (session: string) => session.slice(0, 16)

      /** The address comes first: once it is over its limit, made-up sessions create no keys. */
      const bySession = (count: RequestCount, ip: string, sessions: ReadonlyArray<string>) => {
        const session = sessions.find((one) => owners.has(one)) ?? (sessions.length === 1 ? sessions[0] : undefined)
        if (session === undefined) return [requests(ip)]
        const owner = owners.get(session)
        if (owner === undefined) return [requests(ip), requests(nameOf(session))]
        const person = byUser(count.allowance, owner)
        count.person = person.length > 0
        return [requests(nameOf(session)), ...person]
      }

      return RateLimits.of({
        request: ({ count, ip, sessions }) => {
          if (count.allowance === "none") return Effect.void
          const address = network(ip)
          return pass(count, [...byAddress(count.allowance, address), ...bySession(count, address, sessions())])
        },
        signedIn: Effect.fnUntraced(function* (session, user) {
          if (owners.size >= rememberedSessions) owners.clear()
          owners.set(session, user)
          const count = yield* CurrentCount
          const person = count.person ? [] : byUser(count.allowance, user)
          if (person.length === 0) return
          count.person = true
          yield* pass(count, person)
        }),
        forget: (user, sessions) => {
          for (const session of sessions) owners.delete(session)
          const person = [...byUser("refreshes", user), ...byUser("exports", user)]
          return limiter.forget([...person, ...sessions.map((session) => requests(nameOf(session)))])
        }
      })
    })
  ).pipe(Layer.provide(RateLimiter.layer))
}
