import { Data, Effect, Schema, SchemaTransformation } from "effect"
import { RequestInfo } from "./RequestInfo.ts"

/** JSON values a `details` object may hold; never a secret, never what a driver or an upstream said. */
type Details = Readonly<Record<string, unknown>>

const isApiErrorKey = "~http/ApiError"

/** What every failure of the API has: a stable code, a status, one sentence for a person. */
export interface ApiError {
  readonly [isApiErrorKey]: true
  readonly code: string
  readonly status: number
  readonly message: string
  readonly details: Details
  /** Seconds until a repeat can succeed; sent as `Retry-After`. */
  readonly retryAfter: number | undefined
}

export const isApiError = (u: unknown): u is ApiError => typeof u === "object" && u !== null && isApiErrorKey in u

/** The body of every answer that is not a success. */
export const envelope = (error: ApiError, requestId: string) => ({
  error: { code: error.code, message: error.message, request_id: requestId, details: error.details }
})

type Facts = Pick<ApiError, "message" | "details" | "retryAfter">

/**
 * A class of failures for one code of the contract. An instance is an effect that fails with itself.
 *
 *     export class GuildNotFound extends apiError("guild.not_found", 404, "Guild was not found.") {}
 *     if (guild === undefined) return yield* new GuildNotFound()
 *
 * `GuildNotFound.wire` is the schema to declare on an endpoint: it documents the envelope in OpenAPI and turns an
 * answer back into an instance in the typed client.
 */
export const apiError = <const Code extends string>(code: Code, status: number, sentence: string) => {
  class Failure extends Data.TaggedError(code)<Facts> implements ApiError {
    static readonly code: Code = code
    readonly [isApiErrorKey] = true
    readonly code: Code = code
    readonly status = status

    constructor({ message = sentence, details = {}, retryAfter }: Partial<Facts> = {}) {
      super({ message, details, retryAfter })
    }

    /** One schema a class, however often it is declared: the document then shows it once. */
    static get wire() {
      return (wire ??= wireOf(this))
    }
  }

  const wireOf = (Self: typeof Failure) =>
    Schema.Struct({
      error: Schema.Struct({
        code: Schema.Literal(code),
        message: Schema.String,
        request_id: Schema.String,
        details: Schema.Record(Schema.String, Schema.Unknown)
      })
    }).pipe(
      Schema.decodeTo(
        Schema.declare((u): u is Failure => u instanceof Failure && u.code === code),
        SchemaTransformation.transformEffect({
          decode: ({ error }) => Effect.succeed(new Self({ message: error.message, details: error.details })),
          encode: (error) => Effect.map(RequestInfo, ({ id }) => ({ error: { ...envelope(error, id).error, code } }))
        })
      ),
      Schema.annotate({ httpApiStatus: status, description: sentence })
    )
  let wire: ReturnType<typeof wireOf> | undefined

  return Failure
}

export class InvalidRequest extends apiError(
  "validation.invalid_request",
  400,
  "The request could not be understood."
) {}
export class TooLarge extends apiError("request.too_large", 413, "The request is too large.") {}
export class UnsupportedMediaType extends apiError(
  "request.unsupported_media_type",
  415,
  "The request body must be JSON in UTF-8."
) {}
export class RouteNotFound extends apiError("route.not_found", 404, "There is nothing at this address.") {}
export class MethodNotAllowed extends apiError(
  "route.method_not_allowed",
  405,
  "This address does not answer that method."
) {}
export class RateLimitExceeded extends apiError(
  "rate_limit.exceeded",
  429,
  "Too many requests. Please wait and try again."
) {}
export class DependencyUnavailable extends apiError(
  "dependency.unavailable",
  503,
  "The service cannot reach its database. Please try again shortly."
) {}
export class InternalError extends apiError(
  "internal.error",
  500,
  "Something went wrong on our side. Please try again."
) {}
