import type { HttpServerRequest } from "effect/http"
import { isSafe } from "../http/Methods.ts"

/**
 * Whether a page of another site asks for a change: browsers say so in `Origin` or `Sec-Fetch-Site`, which no page can
 * set. Programs that are no browsers send neither.
 */
export const isForeign = ({ method, headers }: HttpServerRequest.HttpServerRequest, frontendOrigin: string) => {
  if (isSafe(method)) return false
  const { origin, "sec-fetch-site": site } = headers
  return (origin !== undefined && origin !== frontendOrigin) || site === "cross-site"
}
