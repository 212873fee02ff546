import { Context } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { Extra } from "../http/Documented.ts"
import type { Seen } from "./Edits.ts"

/**
 * What `If-Match` says that its sender has seen. One that is no revision of ours matches none. What follows a point in a
 * tag tells versions of one revision apart.
 */
export const seenBy = ({ headers }: HttpServerRequest.HttpServerRequest): Seen => {
  const sent = headers["if-match"]?.trim()
  if (sent === undefined || sent === "") return undefined
  if (sent === "*") return "any"
  const revisions = sent.split(",").map((tag) => Number(/^"?(\d{1,15})(?:\.\d+)?"?$/.exec(tag.trim())?.[1] ?? -1))
  return Math.max(...revisions)
}

/** An answer with the revision that it is of. */
export const withRevision = (revision: number, body?: unknown, status = 200) =>
  HttpServerResponse.setHeader(
    body === undefined ? HttpServerResponse.empty({ status: 204 }) : HttpServerResponse.jsonUnsafe(body, { status }),
    "etag",
    `"${revision}"`
  )

const tag = {
  headers: { ETag: { schema: { type: "string" }, description: "The revision.", example: '"12"' } }
}
const responses = { 200: tag, 201: tag, 204: tag }

/** Declares on an endpoint that its answer has a revision. */
export const revised = Context.make(Extra, { responses })

const ifMatch = {
  name: "If-Match",
  in: "header",
  schema: { type: "string" },
  description: "The revision that you have seen: 412 if it was edited since."
}

/** The same of an edit, which can say what it has seen. */
export const guarded = Context.make(Extra, { parameters: [{ ...ifMatch, required: false }], responses })

/** The same of an edit that must say it. */
export const demanding = Context.make(Extra, {
  parameters: [
    { ...ifMatch, required: true, description: "The revision that you have seen: 428 without it, 412 if stale." }
  ],
  responses
})
