import { Data, Effect, Schema, SchemaTransformation } from "effect"
import { RequestInfo } from "./RequestInfo.ts"

/** JSON values of a `details` object. Never a secret, and never text from a driver or an upstream. */
type Details = Readonly<Record<string, unknown>>

const isApiErrorKey = "~http/ApiError"

/** A failure of the API: a stable code, a status and one sentence for people. */
export interface ApiError {
  readonly [isApiErrorKey]: true
  readonly code: string
  readonly status: number
  readonly message: string
  readonly details: Details
  /** Seconds until a retry can succeed; sent as `Retry-After`. */
  readonly retryAfter: number | undefined
}

export const isApiError = (u: unknown): u is ApiError => typeof u === "object" && u !== null && isApiErrorKey in u

/** The body of every response that is not a success. */
export const envelope = (error: ApiError, requestId: string) => ({
  error: { code: error.code, message: error.message, request_id: requestId, details: error.details }
})

type Facts = Pick<ApiError, "message" | "details" | "retryAfter">

/**
 * Makes the error class for one code of the contract. An instance is an effect that fails with itself.
 *
 *     export class GuildNotFound extends apiError("guild.not_found", 404, "Guild was not found.") {}
 *     if (guild === undefined) return yield* new GuildNotFound()
 *
 * Declare `GuildNotFound.wire` on the endpoint: this schema documents the envelope in OpenAPI, and the typed client
 * uses it to turn a response back into an instance. `exampleDetails` is what the document shows as `details`.
 */
export const apiError = <const Code extends string>(
  code: Code,
  status: number,
  sentence: string,
  exampleDetails: Details = {}
) => {
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
        details: Schema.Record(Schema.String, Schema.Unknown).annotate({ examples: [exampleDetails] })
      })
    }).pipe(
      Schema.annotate({ description: sentence }),
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

export class InvalidRequest extends apiError("validation.invalid_request", 400, "The request is not valid.", {
  fields: [{ field: "params.guild_id", reason: "is not valid" }]
}) {}
export class TooLarge extends apiError("request.too_large", 413, "The request is too large.") {}
export class UnsupportedMediaType extends apiError(
  "request.unsupported_media_type",
  415,
  "The request body must be JSON in UTF-8."
) {}
export class RouteNotFound extends apiError("route.not_found", 404, "This address does not exist.") {}
export class MethodNotAllowed extends apiError("route.method_not_allowed", 405, "This method is not allowed here.") {}
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
