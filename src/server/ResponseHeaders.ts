import type { HttpServerRequest } from "effect/http"
import type { AppConfig } from "../infra/AppConfig.ts"
import { docsPath, openApiPath } from "./RouteTable.ts"

type Request = HttpServerRequest.HttpServerRequest

const strictPolicy = "default-src 'none'; frame-ancestors 'none'"

/** The documentation page has one script and inline styles, and calls only this API. */
const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; font-src data:; img-src data:; " +
  "connect-src 'self'; frame-ancestors 'none'"

/** Security headers of every response, including the parser's own. */
export const plainHeaders = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": strictPolicy,
  "cache-control": "no-store",
  vary: "Origin"
}

/** A CORS preflight: a browser asks whether a page from another origin may send a request. */
export const isPreflight = ({ method, headers }: Request) =>
  method === "OPTIONS" && headers.origin !== undefined && headers["access-control-request-method"] !== undefined

/** The headers of every response, errors included: request id, CORS for the browser app, and browser restrictions. */
export const responseHeaders = ({ frontendOrigin, session }: AppConfig["Service"]) => {
  const cors = {
    "access-control-allow-origin": frontendOrigin,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers":
      "etag, x-csrf-token, x-request-id, x-return-to, retry-after, ratelimit, ratelimit-policy"
  }
  const preflight = {
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers": "content-type, if-match, if-none-match, last-event-id, x-csrf-token",
    "access-control-max-age": "3600"
  }
  const plain = {
    ...plainHeaders,
    ...(session.cookieSecure ? { "strict-transport-security": "max-age=31536000" } : {})
  }
  const allowed = { ...plain, ...cors }
  const asked = { ...allowed, ...preflight }
  const shared = new Map([
    [openApiPath, { "cache-control": "no-cache" }],
    [docsPath, { "cache-control": "no-cache", "content-security-policy": docsPolicy }]
  ])

  return (request: Request, path: string): Readonly<Record<string, string>> => {
    const headers = request.headers.origin !== frontendOrigin ? plain : isPreflight(request) ? asked : allowed
    const own = shared.get(path)
    return own === undefined ? headers : { ...headers, ...own }
  }
}
