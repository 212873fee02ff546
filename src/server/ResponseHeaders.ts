import type { HttpServerRequest } from "effect/http"
import type { AppConfig } from "../infra/AppConfig.ts"
import { docsPath, openApiPath } from "./RouteTable.ts"

type Request = HttpServerRequest.HttpServerRequest

const strictPolicy = "default-src 'none'; frame-ancestors 'none'"

/** The documentation page brings its own scripts and styles along, and asks this API alone. */
const docsPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; font-src data:; img-src data:; " +
  "connect-src 'self'; frame-ancestors 'none'"

/** What every answer says to browsers, also one that the parser gives instead of a route. */
export const plainHeaders = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": strictPolicy,
  "cache-control": "no-store",
  vary: "Origin"
}

/** A browser asking whether a page of another origin may send a request. */
export const isPreflight = ({ method, headers }: Request) =>
  method === "OPTIONS" && headers.origin !== undefined && headers["access-control-request-method"] !== undefined

/** The headers that all answers carry, errors too: identity, CORS for the browser app, and what browsers may do. */
export const responseHeaders = ({ frontendOrigin, session }: AppConfig["Service"]) => {
  const cors = {
    "access-control-allow-origin": frontendOrigin,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": "etag, x-csrf-token, x-request-id, retry-after, ratelimit, ratelimit-policy"
  }
  const preflight = {
    "access-control-allow-methods": "GET, POST, PATCH, DELETE",
    "access-control-allow-headers": "content-type, if-match, if-none-match, x-csrf-token",
    "access-control-max-age": "3600"
  }
  const https = session.cookieSecure ? { "strict-transport-security": "max-age=31536000" } : {}
  const shared = new Set([openApiPath, docsPath])

  return (request: Request, path: string, requestId: string): Record<string, string> => ({
    ...plainHeaders,
    ...(shared.has(path) ? { "cache-control": "no-cache" } : {}),
    ...(path === docsPath ? { "content-security-policy": docsPolicy } : {}),
    "x-request-id": requestId,
    ...https,
    ...(request.headers.origin === frontendOrigin ? cors : {}),
    ...(request.headers.origin === frontendOrigin && isPreflight(request) ? preflight : {})
  })
}
