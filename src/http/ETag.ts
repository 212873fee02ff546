import { Context } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { OpenApi } from "effect/http-api"
import { jsonAnswer, type JsonText } from "./JsonText.ts"

/** What the database says of a resource: its tag, and its JSON unless the caller has the one of that tag. */
export interface Tagged<A> {
  readonly tag: string
  readonly body: JsonText<A> | null
}

/** Tags that a caller has, parted by spaces, from `If-None-Match`. */
export const knownTags = ({ headers }: HttpServerRequest.HttpServerRequest) =>
  [...(headers["if-none-match"] ?? "").matchAll(/"([^"\s]{1,100})"/g)].map(([, tag]) => tag).join(" ")

/** 200 with the body, or 304 when the caller has it already. A browser may keep it, but asks before it uses it. */
export const tagged = <A>({ tag, body }: Tagged<A>) =>
  HttpServerResponse.setHeaders(body === null ? HttpServerResponse.empty({ status: 304 }) : jsonAnswer(body), {
    etag: `"${tag}"`,
    "cache-control": "private, no-cache"
  })

const etag = { ETag: { schema: { type: "string" }, description: "Send it back as `If-None-Match`." } }

/** Declares on an endpoint what `tagged` answers. */
export const conditional = Context.make(OpenApi.Transform, (operation) => {
  const { parameters, responses } = operation as { parameters: Array<unknown>; responses: Record<string, object> }
  return {
    ...operation,
    parameters: [...parameters, { name: "If-None-Match", in: "header", required: false, schema: { type: "string" } }],
    responses: {
      ...responses,
      200: { ...responses["200"], headers: etag },
      304: { description: "It has not changed since the tag in `If-None-Match`.", headers: etag }
    }
  }
})
