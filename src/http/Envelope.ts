import { Context } from "effect"
import { HttpApiMiddleware } from "effect/http-api"
import {
  apiError,
  InternalError,
  InvalidRequest,
  RateLimitExceeded,
  TooLarge,
  UnsupportedMediaType
} from "./ApiError.ts"

export class OriginForbidden extends apiError(
  "auth.origin_forbidden",
  403,
  "Requests from this origin are not allowed."
) {}

/** The failures that any route can have, declared once for the whole API. The document tells which a method rules out. */
export class Envelope extends HttpApiMiddleware.Service<Envelope>()("http/Envelope", {
  error: [
    InvalidRequest.wire,
    OriginForbidden.wire,
    TooLarge.wire,
    UnsupportedMediaType.wire,
    RateLimitExceeded.wire,
    InternalError.wire
  ]
}) {}

/** Refuses bodies that are not well-formed JSON. It runs last, so callers without access only learn that. */
export class JsonBody extends HttpApiMiddleware.Service<JsonBody>()("http/JsonBody", {
  error: [InvalidRequest.wire, TooLarge.wire]
}) {}

/** What body an endpoint takes, declared as an annotation. */
export interface BodyRule {
  readonly maxBytes: number
  /** Whether `text/csv` in UTF-8 is welcome too. */
  readonly csv: boolean
  /** A look at the parsed JSON that costs little: why it is too much to be checked closely, or undefined. */
  readonly fault?: (json: unknown) => string | undefined
}

export const BodyRule = Context.Reference<BodyRule>("http/BodyRule", {
  defaultValue: () => ({ maxBytes: 64 * 1024, csv: false })
})
