import { Cause, Clock, Context, Effect, Layer, Option, type Types } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { randomUUID } from "node:crypto"
import { bearerOf, keyHash } from "../auth/BearerKey.ts"
import { Unauthorized } from "../auth/Session.ts"
import { commonHash, RequestCookies, type SentCookies, SessionCookies } from "../auth/SessionCookies.ts"
import {
  InternalError,
  InvalidRequest,
  isApiError,
  MethodNotAllowed,
  RouteNotFound,
  TooLarge
} from "../http/ApiError.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import { begun } from "../infra/Begun.ts"
import { newBudget, SqlBudget } from "../infra/Sql.ts"
import { isCallerGone } from "../infra/SqlFaults.ts"
import { CurrentCount, RateLimits, RequestCount } from "../limits/RateLimits.ts"
import { isWellFormed } from "./RequestShape.ts"
import { recorded } from "./RequestTelemetry.ts"
import { respond } from "./Respond.ts"
import { isPreflight, responseHeaders } from "./ResponseHeaders.ts"
import { type Route, routeOf } from "./RouteTable.ts"

type Request = HttpServerRequest.HttpServerRequest
type Response = HttpServerResponse.HttpServerResponse

const isOfCompositions = /\/plans\/:\w+\/compos/

const pathOf = (url: string) => url.split(/[?#]/, 1)[0]!

const requestIdOf = ({ headers }: Request) => {
  const given = headers["x-request-id"]
  return given !== undefined && /^[A-Za-z0-9._-]{8,128}$/.test(given) ? given : randomUUID()
}

/** On a socket that serves both, 192.0.2.7 is ::ffff:192.0.2.7; a link-local address has its interface behind a %. */
const plainAddress = (address: string) => address.replace(/^::ffff:(?=[\d.]+$)|%.*$/i, "")

class Facts implements RequestInfo {
  readonly id: string
  readonly ip: string | null
  readonly startedAt: number
  readonly #request: Request

  constructor(request: Request, startedAt: number) {
    this.id = requestIdOf(request)
    this.ip = Option.getOrNull(Option.map(request.remoteAddress, plainAddress))
    this.startedAt = startedAt
    this.#request = request
  }

  /** Cleaned only for the rows that show it. */
  get userAgent() {
    return this.#request.headers["user-agent"]?.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").slice(0, 512) ?? null
  }
}

/** Translates a failure that no route handled. A defect is logged and affects only its own request. */
const translate = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>) {
  const error = Option.getOrElse(Cause.findErrorOption(cause), () => Cause.squash(cause))
  if (isApiError(error)) return error
  if (HttpServerError.isHttpServerError(error)) {
    // The route is declared, but the router rejects a parameter of that length.
    if (error.reason._tag === "RouteNotFound") return new RouteNotFound()
    if (error.reason._tag === "RequestParseError") {
      return error.reason.reason === "BodyTooLarge" ? new TooLarge() : new InvalidRequest()
    }
  }
  if (isCallerGone(error)) return new Unauthorized()
  yield* Effect.logError("A request failed unexpectedly", cause)
  return new InternalError()
})

/** The hashes of what the caller comes with: of a key, or else of the session tokens. */
const hashesOf = ({ headers }: Request, sent: SentCookies) => {
  const token = bearerOf(headers)
  if (token === undefined) return sent.sessions.map(commonHash)
  const hash = keyHash(token)
  return hash === undefined ? [] : [hash]
}

const failed = (cause: Cause.Cause<unknown>) =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.failCause(cause as Cause.Cause<Types.unhandled>)
    : Effect.flatMap(translate(cause), respond)

/**
 * The steps of every request, in order. Its id, route, address and session token are resolved once. A malformed
 * request, a preflight and a request over its limit end here. The route responds, and a failure becomes the error
 * envelope. Then the common headers are set and one line is logged.
 */
export const pipelineLayer = HttpRouter.middleware(
  Effect.gen(function* () {
    const headersOf = responseHeaders(yield* AppConfig)
    const limits = yield* RateLimits
    const cookies = yield* SessionCookies

    /** What a request gets that is neither malformed nor a preflight. */
    const routed = (
      app: Effect.Effect<Response, Types.unhandled>,
      route: Route | undefined,
      request: Request
    ): Effect.Effect<Response, unknown> => {
      // The router also matches other spellings of a path; only the documented one is valid.
      if (route === undefined) return new RouteNotFound()
      if (route.allowances.has(request.method)) return app
      return new MethodNotAllowed({ details: { allow: [...route.allowances.keys()] } })
    }

    return (app) =>
      Effect.withFiber((fiber) => {
        const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
        const path = pathOf(request.url)
        const route = routeOf(path)
        // Who asks how a composition does waits for it: it gives way to all others.
        if (route === undefined || !isOfCompositions.test(route.template)) Atomics.add(begun, 0, 1)
        const info = new Facts(request, fiber.getRef(Clock.Clock).currentTimeMillisUnsafe())
        const sent = cookies.read(request.headers.cookie)
        const count = new RequestCount(route?.allowances.get(request.method) ?? "requests")

        const answer = Effect.suspend((): Effect.Effect<Response, unknown> => {
          if (!isWellFormed(request)) return new InvalidRequest()
          if (isPreflight(request)) return Effect.succeed(HttpServerResponse.empty({ status: 204 }))
          const counted = limits.request({ count, ip: info.ip, sessions: () => hashesOf(request, sent) })
          return Effect.andThen(counted, () => routed(app, route, request))
        }).pipe(
          Effect.catchCause(failed),
          Effect.map((response) => {
            const shared = { ...headersOf(request, path), "x-request-id": info.id, ...count.headers }
            return HttpServerResponse.setHeaders(response, { ...shared, ...response.headers })
          })
        )

        return Effect.updateContext(
          recorded({ request, route: route?.template ?? "unmatched", info }, answer),
          (context: Context.Context<never>) =>
            context.pipe(
              Context.add(RequestInfo, info),
              Context.add(RequestCookies, sent),
              Context.add(SqlBudget, newBudget()),
              Context.add(CurrentCount, count)
            )
        )
      })
  }),
  { global: true }
).pipe(Layer.provide([RateLimits.layer, SessionCookies.layer]))
