import { ByteSize, Effect, Layer, SchemaIssue } from "effect"
import { HttpIncomingMessage, HttpServerRequest } from "effect/http"
import { HttpApiError } from "effect/http-api"
import type { IncomingMessage } from "node:http"
import { AppConfig } from "../infra/AppConfig.ts"
import { InvalidRequest, isApiError, TooLarge, UnsupportedMediaType } from "../http/ApiError.ts"
import { Envelope, JsonBody, OriginForbidden } from "../http/Envelope.ts"
import { isSafe } from "../http/Methods.ts"
import { isForeign } from "./Origin.ts"
import { timesSent } from "./RequestShape.ts"
import { respond } from "./Respond.ts"
import { checkJson } from "./StrictJson.ts"

/** The largest request body, in bytes. */
const maxBodyBytes = 64 * 1024

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

/** The reason to refuse a body before reading it, if any. */
const refusalOf = (request: HttpServerRequest.HttpServerRequest) => {
  const { headers } = request
  if (isSafe(request.method) || (!hasBody(headers) && headers["content-type"] === undefined)) return undefined
  const plain = headers["content-encoding"] === undefined && timesSent(request, "content-type") === 1
  if (!plain || !json.test(headers["content-type"] ?? "")) return new UnsupportedMediaType()
  return Number(headers["content-length"] ?? 0) > maxBodyBytes ? new TooLarge() : undefined
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
    return Envelope.of((route) =>
      Effect.flatMap(
        HttpServerRequest.HttpServerRequest,
        (request): Effect.Effect<Effect.Success<typeof route>, Effect.Error<typeof route> | Refusal> =>
          refusalOf(request) ?? (isForeign(request, frontendOrigin) ? new OriginForbidden() : route)
      ).pipe(Effect.catch(toAnswer))
    )
  })
)

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const decode = (bytes: ArrayBuffer) => {
  try {
    return checkJson(utf8.decode(bytes))
  } catch {
    return "is not valid UTF-8"
  }
}

/** The body as bytes. The server caches them, so decoding in the route does not read them again. */
const bodyOf = (request: HttpServerRequest.HttpServerRequest) => {
  const body = request.arrayBuffer.pipe(
    Effect.mapError(({ reason }) =>
      reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge" ? new TooLarge() : new InvalidRequest()
    ),
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(maxBodyBytes))
  )
  // As a rule it has arrived by now, and a time limit costs a fibre.
  if ((request.source as IncomingMessage).complete) return body
  return Effect.timeoutOrElse(body, { duration: "5 seconds", orElse: () => new InvalidRequest() })
}

export const jsonBodyLayer = Layer.succeed(JsonBody, (route, { endpoint }) =>
  endpoint.payload.size === 0
    ? route
    : Effect.gen(function* () {
        const fault = decode(yield* bodyOf(yield* HttpServerRequest.HttpServerRequest))
        if (fault !== undefined) {
          return yield* new InvalidRequest({ details: { fields: [{ field: "body", reason: fault }] } })
        }
        return yield* route
      })
)
