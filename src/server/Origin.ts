import type { HttpServerRequest } from "effect/http"
import { isSafe } from "../http/Methods.ts"

/**
 * Whether a page from another site requests a change. Browsers say so in `Origin` or `Sec-Fetch-Site`, which pages
 * cannot set. Other clients send neither.
 */
export const isForeign = ({ method, headers }: HttpServerRequest.HttpServerRequest, frontendOrigin: string) => {
  if (isSafe(method)) return false
  const { origin, "sec-fetch-site": site } = headers
  return (origin !== undefined && origin !== frontendOrigin) || site === "cross-site"
}
