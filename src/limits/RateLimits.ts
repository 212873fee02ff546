import { Context, Effect, Layer, Option, Result } from "effect"
import { IpNetwork, NetAddress } from "effect/net"
import { RateLimitExceeded } from "../http/ApiError.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import type { Allowance } from "./Allowance.ts"
import { windowMs } from "./FixedWindows.ts"
import { type Bucket, RateLimiter, type Verdict } from "./RateLimiter.ts"

/** One household or machine has a whole /64 of IPv6 to pick addresses from. */
const network = (ip: string | null) => {
  if (ip?.includes(":") !== true) return ip ?? "unknown"
  const address = Option.getOrUndefined(Result.getSuccess(NetAddress.ipFromString(ip)))
  return address === undefined ? ip : IpNetwork.format(IpNetwork.fromAddressUnsafe(address, 64))
}

/** How many sessions are remembered to have proved good. */
const rememberedSessions = 50_000

const seconds = (ms: number) => Math.ceil(ms / 1000)

/** What a request is counted by, and what was counted for it so far. */
export class RequestCount {
  readonly allowance: Allowance
  verdict: Verdict | undefined
  /** Whether the person was counted, for an allowance that counts persons. */
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

/** The count of the current request, made by the pipeline. */
export const CurrentCount = Context.Reference<RequestCount>("limits/CurrentCount", {
  defaultValue: () => new RequestCount("requests")
})

interface Caller {
  /** The client's address. */
  readonly ip: string | null
  /** The stored hashes of the session tokens: one as a rule, none without a session cookie. */
  readonly sessions: ReadonlyArray<string>
}

/** How often one may ask. Every rule counts in windows of a minute, for all replicas together. */
export class RateLimits extends Context.Service<
  RateLimits,
  {
    /**
     * Counts a request before anything is done for it: by its session, or by its address when it has none that proved
     * good yet. A person known by the session is counted too where the allowance counts persons.
     */
    readonly request: (caller: Caller) => Effect.Effect<void, RateLimitExceeded>
    /** Says whose session proved good, and counts the person unless `request` did. */
    readonly signedIn: (session: string, user: string) => Effect.Effect<void, RateLimitExceeded>
  }
>()("limits/RateLimits") {
  static readonly layer = Layer.effect(
    RateLimits,
    Effect.gen(function* () {
      const { limits } = yield* AppConfig
      const limiter = yield* RateLimiter
      /** Whose each session is that proved good. */
      const owners = new Map<string, string>()

      const pass = Effect.fnUntraced(function* (count: RequestCount, buckets: ReadonlyArray<Bucket>) {
        const verdict = yield* limiter.take(buckets)
        if (count.verdict === undefined || verdict.remaining <= count.verdict.remaining) count.verdict = verdict
        if (!verdict.passed) return yield* new RateLimitExceeded({ retryAfter: seconds(verdict.resetMs) })
      })

      const requests = (whom: string): Bucket => ({ policy: "requests", whom, limit: limits.requests })
      const refreshes = (user: string): Bucket => ({ policy: "refreshes", whom: user, limit: limits.refreshes })
      const byAddress = (allowance: Allowance, whom: string): ReadonlyArray<Bucket> => {
        if (allowance === "sign-in") return [{ policy: "sign-in", whom, limit: limits.signIn }]
        return allowance === "callback" ? [{ policy: "callback", whom, limit: limits.callback }] : []
      }

      /** A part of the hash tells sessions apart; the whole is what the database stores, and does not leave it. */
      const nameOf = (session: string) => session.slice(0, 16)

      /** The address comes first: when it is full, made-up sessions leave no trace. */
      const bySession = (count: RequestCount, ip: string, sessions: ReadonlyArray<string>) => {
        const session = sessions.find((one) => owners.has(one)) ?? (sessions.length === 1 ? sessions[0] : undefined)
        if (session === undefined) return [requests(ip)]
        const owner = owners.get(session)
        if (owner === undefined) return [requests(ip), requests(nameOf(session))]
        count.person = count.allowance === "refreshes"
        return [requests(nameOf(session)), ...(count.person ? [refreshes(owner)] : [])]
      }

      return RateLimits.of({
        request: Effect.fnUntraced(function* ({ ip, sessions }) {
          const count = yield* CurrentCount
          if (count.allowance === "none") return
          const address = network(ip)
          yield* pass(count, [...byAddress(count.allowance, address), ...bySession(count, address, sessions)])
        }),
        signedIn: Effect.fnUntraced(function* (session, user) {
          if (owners.size >= rememberedSessions) owners.clear()
          owners.set(session, user)
          const count = yield* CurrentCount
          if (count.allowance !== "refreshes" || count.person) return
          count.person = true
          yield* pass(count, [refreshes(user)])
        })
      })
    })
  ).pipe(Layer.provide(RateLimiter.layer))
}
