import { Context, Effect, Layer, Option, Result } from "effect"
import { HttpEffect, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { IpNetwork, NetAddress } from "effect/net"
import { Api } from "../Api.ts"
import type { UserId } from "../auth/User.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import { Crypto } from "../infra/Crypto.ts"
import { type Bucket, RateLimiter, type Verdict } from "./RateLimiter.ts"
import { windowMs } from "./FixedWindows.ts"
import { RateLimitExceeded } from "../http/ApiError.ts"
import { isSafe } from "../http/Methods.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import { routeOf } from "../server/RouteTable.ts"
import { SessionCookies } from "../auth/SessionCookies.ts"

type Request = HttpServerRequest.HttpServerRequest

const { url, callback } = Api.groups.signIn.endpoints
const { refreshWarcraftlogs, refreshBattlenet } = Api.groups.characters.endpoints
const refreshes = new Set<string>([refreshWarcraftlogs.path, refreshBattlenet.path])
const health = new Set(Object.values(Api.groups.health.endpoints).map(({ path }) => path as string))

/** One household or machine has a whole /64 of IPv6 to pick addresses from. */
const network = (ip: string | null) => {
  if (ip?.includes(":") !== true) return ip ?? "unknown"
  const address = Option.getOrUndefined(Result.getSuccess(NetAddress.ipFromString(ip)))
  return address === undefined ? ip : IpNetwork.format(IpNetwork.fromAddressUnsafe(address, 64))
}

/** How many sessions are remembered: that they proved good, or have no refreshes left. */
const rememberedSessions = 50_000

const seconds = (ms: number) => Math.ceil(ms / 1000)

const left = (response: HttpServerResponse.HttpServerResponse) =>
  Number(/;r=(\d+)/.exec(response.headers.ratelimit ?? "")?.[1] ?? Number.POSITIVE_INFINITY)

/** Puts a verdict on the answer, unless a tighter one is on it (draft-ietf-httpapi-ratelimit-headers). */
const announce = ({ bucket, remaining, resetMs }: Verdict) =>
  HttpEffect.appendPreResponseHandler((_, response) =>
    Effect.succeed(
      left(response) < remaining
        ? response
        : HttpServerResponse.setHeaders(response, {
            "ratelimit-policy": `"${bucket.policy}";q=${bucket.limit};w=${windowMs / 1000}`,
            ratelimit: `"${bucket.policy}";r=${remaining};t=${seconds(resetMs)}`
          })
    )
  )

/**
 * @effect-expect-leaking HttpServerRequest
 * How often one may ask.
 */
export class RateLimits extends Context.Service<
  RateLimits,
  {
    /**
     * Counts a request before anything is done for it: by its session, or by its address when it has none or one that
     * did not prove good yet. Health is not counted.
     */
    readonly request: (
      request: Request,
      path: string
    ) => Effect.Effect<void, RateLimitExceeded, HttpServerRequest.HttpServerRequest>
    /** Counts one refresh from a provider; a session without any left is then refused before it is looked up. */
    readonly refresh: (
      user: UserId,
      token: string
    ) => Effect.Effect<void, RateLimitExceeded, HttpServerRequest.HttpServerRequest>
    /** Says that a session token proved good. */
    readonly trust: (token: string) => void
  }
>()("limits/RateLimits") {
  static readonly layer = Layer.effect(
    RateLimits,
    Effect.gen(function* () {
      const { limits } = yield* AppConfig
      const crypto = yield* Crypto
      const cookies = yield* SessionCookies
      const limiter = yield* RateLimiter
      const trusted = new Set<string>()
      /** Sessions whose person had no refreshes left, and who that is. */
      const spent = new Map<string, UserId>()
      const counted = new WeakSet<object>()

      const pass = Effect.fnUntraced(function* (buckets: ReadonlyArray<Bucket>) {
        const verdict = yield* limiter.take(buckets)
        yield* announce(verdict)
        if (!verdict.passed) return yield* new RateLimitExceeded({ retryAfter: seconds(verdict.resetMs) })
      })

      const refreshesOf = (user: UserId) => pass([{ policy: "refreshes", whom: user, limit: limits.refreshes }])

      const mayRefresh = Effect.fnUntraced(function* (session: string, path: string) {
        const user = spent.get(session)
        if (user === undefined || !refreshes.has(routeOf(path)?.template ?? "")) return
        yield* refreshesOf(user)
        spent.delete(session)
        counted.add(yield* RequestInfo)
      })

      const signingIn = (method: string, path: string, whom: string): ReadonlyArray<Bucket> => {
        if (path === url.path && isSafe(method)) return [{ policy: "sign-in", whom, limit: limits.signIn }]
        return path === callback.path && method === callback.method
          ? [{ policy: "callback", whom, limit: limits.callback }]
          : []
      }

      const requests = (whom: string): Bucket => ({ policy: "requests", whom, limit: limits.requests })

      /** The address comes first: when it is full, made-up sessions leave no trace. */
      const asking = (request: Request, ip: string): ReadonlyArray<Bucket> => {
        const token = cookies.session(request)
        if (token === undefined) return [requests(ip)]
        const session = crypto.hash("limit", token)
        return trusted.has(session) ? [requests(session)] : [requests(ip), requests(session)]
      }

      return RateLimits.of({
        request: Effect.fnUntraced(function* (request, path) {
          if (health.has(path)) return
          const ip = network((yield* RequestInfo).ip)
          const buckets = [...signingIn(request.method, path, ip), ...asking(request, ip)] as const
          yield* pass(buckets)
          const token = spent.size === 0 ? undefined : cookies.session(request)
          if (token !== undefined) yield* mayRefresh(crypto.hash("limit", token), path)
        }),
        refresh: Effect.fnUntraced(function* (user, token) {
          if (counted.has(yield* RequestInfo)) return
          yield* Effect.tapError(refreshesOf(user), () =>
            Effect.sync(() => {
              if (spent.size >= rememberedSessions) spent.clear()
              spent.set(crypto.hash("limit", token), user)
            })
          )
        }),
        trust: (token) => {
          const session = crypto.hash("limit", token)
          if (trusted.size >= rememberedSessions) trusted.clear()
          trusted.add(session)
        }
      })
    })
  )
}
