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
