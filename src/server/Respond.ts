import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { type ApiError, envelope, MethodNotAllowed } from "../http/ApiError.ts"
import { RequestInfo } from "../http/RequestInfo.ts"

/** The response for a failure. */
export const respond = (error: ApiError) =>
  Effect.map(RequestInfo, ({ id }) =>
    HttpServerResponse.jsonUnsafe(envelope(error, id), {
      status: error.status,
      headers: {
        ...(error.retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(error.retryAfter)) }),
        ...(error instanceof MethodNotAllowed ? { allow: (error.details.allow as Array<string>).join(", ") } : {})
      }
    })
  )
