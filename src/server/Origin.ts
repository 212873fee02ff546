import type { HttpServerRequest } from "effect/http"
import { isSafe } from "../http/Methods.ts"

/**
 * Whether a page that is not the app's asks for a change: browsers say so in `Origin`, which no page can set. The app may
 * live on another site, so `Sec-Fetch-Site` counts only without it. Other clients send neither.
 */
export const isForeign = ({ method, headers }: HttpServerRequest.HttpServerRequest, frontendOrigin: string) => {
  if (isSafe(method)) return false
  const { origin, "sec-fetch-site": site } = headers
  return origin === undefined ? site === "cross-site" : origin !== frontendOrigin
}
