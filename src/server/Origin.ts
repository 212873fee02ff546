import type { HttpServerRequest } from "effect/http"
import { isSafe } from "../http/Methods.ts"

/**
 * Whether a page that is not the app's asks for a change: browsers say so in `Origin`, which no page can set. The app may
 * live on another site, so `Sec-Fetch-Site` counts only without it. Other clients send neither.
 *
 * The documentation page, which this service serves itself, is not foreign either: its origin is the address of the
 * request, and the browser says that they are the same. One of the two is not enough, as a client may claim either.
 */
export const isForeign = ({ method, headers }: HttpServerRequest.HttpServerRequest, frontendOrigin: string) => {
  if (isSafe(method)) return false
  const { origin, host, "sec-fetch-site": site } = headers
  if (origin === undefined) return site === "cross-site"
  const isOwn = site === "same-origin" && (origin === `https://${host}` || origin === `http://${host}`)
  return origin !== frontendOrigin && !isOwn
}
