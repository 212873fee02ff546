import { Clock, Context, Effect, Exit, Option, References, Tracer } from "effect"
import { type HttpServerRequest, type HttpServerResponse, HttpTraceContext } from "effect/http"
import { logOften } from "../infra/LogLines.ts"
import { durationsOf } from "../infra/Metrics.ts"
import type { RequestInfo } from "../http/RequestInfo.ts"

interface Asked {
  readonly request: HttpServerRequest.HttpServerRequest
  /** As declared, or `unmatched`: labels of a metric must not come from paths that callers make up. */
  readonly route: string
  readonly info: RequestInfo
}

type Answer = HttpServerResponse.HttpServerResponse

/** 499: the client disconnected before the response. */
const statusOf = (exit: Exit.Exit<Answer, unknown>) => (Exit.isSuccess(exit) ? exit.value.status : 499)

const timed = durationsOf("http_server_request", "Requests to this service.")

const measured = <E, R>({ request, route }: Asked, answer: Effect.Effect<Answer, E, R>) =>
  timed<Answer, E>((exit) => ({
    method: route === "unmatched" ? "any" : request.method,
    route,
    status: String(statusOf(exit))
  }))(answer)

const logged = <E, R>({ request, route, info }: Asked, answer: Effect.Effect<Answer, E, R>) =>
  Effect.onExit(answer, (exit) =>
    Effect.withFiber((fiber) => {
      const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
      return logOften("request", {
        request_id: info.id,
        method: request.method,
        route,
        status: statusOf(exit),
        duration_ms: fiber.getRef(Clock.Clock).currentTimeMillisUnsafe() - info.startedAt,
        ...(span && { trace_id: span.traceId })
      })
    })
  )

const spanOf = ({ request, route, info }: Asked) =>
  Effect.makeSpan(`${request.method} ${route}`, {
    kind: "server",
    parent: Option.getOrUndefined(HttpTraceContext.w3c(request.headers)),
    attributes: { "http.request.method": request.method, "http.route": route, request_id: info.id }
  })

/** In OpenTelemetry only a 5xx is an error of the server. */
const end = (span: Tracer.Span, exit: Exit.Exit<Answer, unknown>) =>
  Effect.map(Clock.currentTimeNanos, (now) => {
    const status = statusOf(exit)
    span.attribute("http.response.status_code", status)
    span.end(now, status < 500 ? exit : Exit.fail(`status ${status}`))
  })

/** Adds a span under the caller's `traceparent`. */
const traced = <E, R>(asked: Asked, answer: Effect.Effect<Answer, E, R>): Effect.Effect<Answer, E, R> =>
  Effect.withFiber((fiber) =>
    fiber.getRef(References.TracerEnabled)
      ? Effect.flatMap(spanOf(asked), (span) =>
          Effect.onExit(Effect.withParentSpan(answer, span), (exit) => end(span, exit))
        )
      : answer
  )

/** One log line, one measurement and one span per request. None of them contains a body, query, cookie or address. */
export const recorded = <E, R>(asked: Asked, answer: Effect.Effect<Answer, E, R>) =>
  traced(asked, measured(asked, logged(asked, answer)))
