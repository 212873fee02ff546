import { Context } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { OpenApi } from "effect/http-api"
import type { Seen } from "./Edits.ts"

/** What `If-Match` says that its sender has seen. One that is no revision of ours matches none. */
export const seenBy = ({ headers }: HttpServerRequest.HttpServerRequest): Seen => {
  const sent = headers["if-match"]?.trim()
  if (sent === undefined || sent === "") return undefined
  if (sent === "*") return "any"
  const revisions = sent.split(",").map((tag) => Number(/^"?(\d{1,15})"?$/.exec(tag.trim())?.[1] ?? -1))
  return Math.max(...revisions)
}

/** An answer with the revision that it is of. */
export const withRevision = (revision: number, body?: unknown, status = 200) =>
  HttpServerResponse.setHeader(
    body === undefined ? HttpServerResponse.empty({ status: 204 }) : HttpServerResponse.jsonUnsafe(body, { status }),
    "etag",
    `"${revision}"`
  )

const tag = { ETag: { schema: { type: "string" }, description: "The roster's revision." } }

type Responses = Readonly<Record<string, object>>

const withTag = (responses: Responses) =>
  Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      status.startsWith("2") ? { ...response, headers: tag } : response
    ])
  )

/** Declares on an endpoint that its answer has a revision. */
export const revised = Context.make(OpenApi.Transform, (operation) => ({
  ...operation,
  responses: withTag(operation["responses"] as Responses)
}))

/** The same of an edit, which can say what it has seen. */
export const guarded = Context.make(OpenApi.Transform, (operation) => ({
  ...operation,
  parameters: [
    ...((operation["parameters"] ?? []) as ReadonlyArray<unknown>),
    {
      name: "If-Match",
      in: "header",
      required: false,
      schema: { type: "string" },
      description: "The revision that you have seen: 412 if somebody edited the roster since."
    }
  ],
  responses: withTag(operation["responses"] as Responses)
}))
