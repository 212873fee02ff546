import { ByteSize, Context, Effect, Layer, SchemaIssue } from "effect"
import { HttpIncomingMessage, HttpServerRequest } from "effect/http"
import { HttpApiError } from "effect/http-api"
import type { IncomingMessage } from "node:http"
import { bearerOf } from "../auth/BearerKey.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import { InvalidRequest, isApiError, TooLarge, UnsupportedMediaType } from "../http/ApiError.ts"
import { BodyRule, Envelope, JsonBody, OriginForbidden } from "../http/Envelope.ts"
import { isSafe } from "../http/Methods.ts"
import { isForeign } from "./Origin.ts"
import { timesSent } from "./RequestShape.ts"
import { respond } from "./Respond.ts"
import { checkJson } from "./StrictJson.ts"

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** The fields that are invalid. Only the path is used, since a schema message could quote the value. */
const invalid = (error: HttpApiError.HttpApiSchemaError) => {
  const { issues } = formatIssues(error.cause.issue)
  const fields = issues.slice(0, 20).map((issue) => ({
    field: [
      error.kind.toLowerCase(),
      ...(issue.path ?? []).map((key) => String(typeof key === "object" ? key.key : key))
    ]
      .join(".")
      .slice(0, 100),
    reason: issue.message.startsWith("Missing") ? "is missing" : "is not valid"
  }))
  return new InvalidRequest({ details: { fields } })
}

const hasBody = (headers: HttpServerRequest.HttpServerRequest["headers"]) =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0

const json = /^application\/json(\s*;\s*charset\s*=\s*"?utf-8"?)?\s*$/i

const csv = /^text\/csv(\s*;\s*charset\s*=\s*"?utf-8"?)?\s*$/i

/** The reason to refuse a body before reading it, if any. */
const refusalOf = (request: HttpServerRequest.HttpServerRequest, rule: BodyRule) => {
  const { headers } = request
  if (isSafe(request.method) || (!hasBody(headers) && headers["content-type"] === undefined)) return undefined
  const plain = headers["content-encoding"] === undefined && timesSent(request, "content-type") === 1
  const type = headers["content-type"] ?? ""
  if (!plain || !(json.test(type) || (rule.csv && csv.test(type)))) return new UnsupportedMediaType()
  return Number(headers["content-length"] ?? 0) > rule.maxBytes ? new TooLarge() : undefined
}

type Refusal = OriginForbidden | TooLarge | UnsupportedMediaType

const toAnswer = <E>(error: E) => {
  if (isApiError(error)) return respond(error)
  if (!HttpApiError.HttpApiSchemaError.is(error)) return Effect.fail(error)
  // A response that does not match its declaration is our own defect.
  return error.kind === "Body" || error.kind === "ResponseHeaders" ? Effect.die(error) : respond(invalid(error))
}

/** Turns every failure of a route into the error envelope, and refuses foreign origins and bodies that are not JSON. */
export const envelopeLayer = Layer.effect(
  Envelope,
  Effect.gen(function* () {
    const { frontendOrigin } = yield* AppConfig
    return Envelope.of((route, { endpoint }) => {
      const rule = Context.get(endpoint.annotations, BodyRule)
      return Effect.flatMap(
        HttpServerRequest.HttpServerRequest,
        (request): Effect.Effect<Effect.Success<typeof route>, Effect.Error<typeof route> | Refusal> =>
          refusalOf(request, rule) ??
          (bearerOf(request.headers) === undefined && isForeign(request, frontendOrigin)
            ? new OriginForbidden()
            : route)
      ).pipe(Effect.catch(toAnswer))
    })
  })
)

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** What is wrong with a body, or undefined. */
const faultOf = (bytes: ArrayBuffer, isCsv: boolean, rule: BodyRule) => {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return "is not valid UTF-8"
  }
  if (isCsv) return text.includes("\u0000") ? "holds a character that cannot be stored" : undefined
  return checkJson(text, rule.fault)
}

/** The body as bytes. The server caches them, so decoding in the route does not read them again. */
const bodyOf = (request: HttpServerRequest.HttpServerRequest, maxBytes: number) => {
  const body = request.arrayBuffer.pipe(
    Effect.mapError(({ reason }) =>
      reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge" ? new TooLarge() : new InvalidRequest()
    ),
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(maxBytes))
  )
  // As a rule it has arrived by now, and a time limit costs a fibre.
  if ((request.source as IncomingMessage).complete) return body
  return Effect.timeoutOrElse(body, { duration: "5 seconds", orElse: () => new InvalidRequest() })
}

export const jsonBodyLayer = Layer.succeed(JsonBody, (route, { endpoint }) => {
  if (endpoint.payload.size === 0) return route
  const rule = Context.get(endpoint.annotations, BodyRule)
  return Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const isCsv = rule.csv && csv.test(request.headers["content-type"] ?? "")
    const fault = faultOf(yield* bodyOf(request, rule.maxBytes), isCsv, rule)
    if (fault !== undefined) {
      return yield* new InvalidRequest({ details: { fields: [{ field: "body", reason: fault }] } })
    }
    return yield* route
  })
})
