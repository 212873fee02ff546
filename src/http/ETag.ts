import { Context } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { Extra } from "./Documented.ts"
import { jsonAnswer, type JsonText } from "./JsonText.ts"

/** A resource's tag, and its JSON unless the caller already has that version. */
export interface Tagged<A> {
  readonly tag: string
  readonly body: JsonText<A> | null
}

/** The tags in `If-None-Match`, separated by spaces. */
export const knownTags = ({ headers }: HttpServerRequest.HttpServerRequest) =>
  [...(headers["if-none-match"] ?? "").matchAll(/"([^"\s]{1,100})"/g)].map(([, tag]) => tag).join(" ")

/** 200 with the body, or 304 if the caller already has it. Browsers may cache it, but must revalidate. */
export const tagged = <A>({ tag, body }: Tagged<A>) =>
  HttpServerResponse.setHeaders(body === null ? HttpServerResponse.empty({ status: 304 }) : jsonAnswer(body), {
    etag: `"${tag}"`,
    "cache-control": "private, no-cache"
  })

/** The same for JSON that is for everybody: a text with its tag, and how long caches may keep it. */
export const cacheable = (
  request: HttpServerRequest.HttpServerRequest,
  { tag, body }: { readonly tag: string; readonly body: string },
  cacheControl: string
) =>
  HttpServerResponse.setHeaders(
    knownTags(request).split(" ").includes(tag)
      ? HttpServerResponse.empty({ status: 304 })
      : HttpServerResponse.text(body, { contentType: "application/json" }),
    { etag: `"${tag}"`, "cache-control": cacheControl }
  )

const etag = { ETag: { $ref: "#/components/headers/ETag" } }

/** Declares on an endpoint what `tagged` answers. */
export const conditional = Context.make(Extra, {
  parameters: [
    {
      name: "If-None-Match",
      in: "header",
      required: false,
      description: "The `ETag` of the version that the caller has.",
      schema: { type: "string" }
    }
  ],
  responses: {
    200: { headers: etag },
    304: { description: "It has not changed since the tag in `If-None-Match`.", headers: etag }
  }
})
