import { Cause, Clock, Effect, Option, type Types } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { randomUUID } from "node:crypto"
import { AppConfig } from "../infra/AppConfig.ts"
import {
  type ApiError,
  InternalError,
  InvalidRequest,
  isApiError,
  MethodNotAllowed,
  RouteNotFound,
  TooLarge
} from "../http/ApiError.ts"
import { clientIp } from "./ClientIp.ts"
import { RateLimits } from "../limits/RateLimits.ts"
import { observed } from "./RequestTelemetry.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import { isWellFormed } from "./RequestShape.ts"
import { respond } from "./Respond.ts"
import { responseHeaders } from "./ResponseHeaders.ts"
import { routeOf } from "./RouteTable.ts"

type Request = HttpServerRequest.HttpServerRequest

const pathOf = (url: string) => url.split(/[?#]/, 1)[0]!

const unrouted = (request: Request): ApiError => {
  const route = routeOf(pathOf(request.url))
  // A parameter that is too long for the router is no matter of the method.
  return route === undefined || route.methods.has(request.method)
    ? new RouteNotFound()
    : new MethodNotAllowed({ details: { allow: [...route.methods] } })
}

/** A failure that no route turned into an answer; a defect is logged and costs its own request alone. */
const translate = Effect.fnUntraced(function* (request: Request, cause: Cause.Cause<unknown>) {
  const error = Option.getOrElse(Cause.findErrorOption(cause), () => Cause.squash(cause))
  if (isApiError(error)) return error
  if (HttpServerError.isHttpServerError(error)) {
    if (error.reason._tag === "RouteNotFound") return unrouted(request)
    if (error.reason._tag === "RequestParseError") {
      return error.reason.reason === "BodyTooLarge" ? new TooLarge() : new InvalidRequest()
    }
  }
  yield* Effect.logError("A request failed unexpectedly", cause)
  return new InternalError()
})

const requestIdOf = (request: Request) => {
  const given = request.headers["x-request-id"] ?? ""
  return /^[A-Za-z0-9._-]{8,128}$/.test(given) ? given : randomUUID()
}

const userAgentOf = (request: Request) =>
  request.headers["user-agent"]?.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").slice(0, 512) ?? null

/**
 * Around every request: its id, the caller's address, an envelope for whatever failed, the headers all answers carry,
 * and one log line.
 */
export const layer = HttpRouter.middleware(
  Effect.gen(function* () {
    const config = yield* AppConfig
    const limits = yield* RateLimits
    const headers = responseHeaders(config)

    return (app) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const started = yield* Clock.currentTimeMillis
        const info = {
          id: requestIdOf(request),
          ip: clientIp(
            Option.getOrUndefined(request.remoteAddress),
            request.headers["x-forwarded-for"],
            config.trustedProxies
          ),
          userAgent: userAgentOf(request),
          startedAt: started
        }
        const path = pathOf(request.url)

        const answer = Effect.suspend((): Effect.Effect<HttpServerResponse.HttpServerResponse, unknown> => {
          if (!isWellFormed(request)) return new InvalidRequest()
          if (headers.isPreflight(request)) return Effect.succeed(HttpServerResponse.empty({ status: 204 }))
          // The router takes other spellings of an address for the same; the document names one.
          const asked: Effect.Effect<HttpServerResponse.HttpServerResponse, unknown> =
            routeOf(path) === undefined ? new RouteNotFound() : app
          return limits
            .request(request, path)
            .pipe(Effect.andThen(asked), Effect.provideService(HttpServerRequest.HttpServerRequest, request))
        }).pipe(
          Effect.catchCause((cause) =>
            Cause.hasInterruptsOnly(cause)
              ? Effect.failCause(cause as Cause.Cause<Types.unhandled>)
              : Effect.flatMap(translate(request, cause), (error) =>
                  Effect.map(respond(error), (response) =>
                    error.code === MethodNotAllowed.code
                      ? HttpServerResponse.setHeader(
                          response,
                          "allow",
                          (error.details.allow as Array<string>).join(", ")
                        )
                      : response
                  )
                )
          ),
          Effect.map((response) => HttpServerResponse.setHeaders(response, headers.of(request, path, info.id)))
        )

        return yield* observed({ request, route: routeOf(path)?.template ?? "unmatched" }, answer).pipe(
          Effect.provideService(RequestInfo, info)
        )
      })
  }),
  { global: true }
)
