import { Context, Schema } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiSchema } from "effect/http-api"
import { Extra, field } from "./Documented.ts"

/** One server-sent event. */
export interface StreamEvent {
  /** Where a listener that was cut off goes on: a revision, say. Without spaces or line ends. */
  readonly id: number | string
  readonly event: string
  /** Sent as JSON. */
  readonly data: unknown
}

export const eventText = ({ id, event, data }: StreamEvent) =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** The last event that a listener has had, from `Last-Event-ID`: as it was sent, so it can be anything. */
export const lastEventId = ({ headers }: HttpServerRequest.HttpServerRequest) => {
  const id = headers["last-event-id"]
  return id !== undefined && /^[!-~]{1,100}$/.test(id) ? id : undefined
}

/**
 * The success of an endpoint that answers `text/event-stream`. OpenAPI 3.1 has no words for a stream, so the schema is
 * that of one event, as generators of clients expect it. The handler returns what `EventStreams` makes.
 */
export const eventStream = <const Events extends ReadonlyArray<string>, Data extends Schema.Top>(
  events: Events,
  data: Data
) =>
  Schema.Struct({
    id: field(Schema.String, "Send the last one as `Last-Event-ID` to go on after it.", "12"),
    event: field(Schema.Literals(events), "What happened.", events[0]),
    data
  }).pipe(HttpApiSchema.asJson({ contentType: "text/event-stream" }))

const header = (description: string, example: string) => ({ description, schema: { type: "string" }, example })

/** Declares on such an endpoint what it reads and answers besides. */
export const streamed = Context.make(Extra, {
  parameters: [
    {
      name: "Last-Event-ID",
      in: "header",
      required: false,
      description: "The `id` of the last event that the caller has had. Browsers send it by themselves.",
      schema: { type: "string" }
    }
  ],
  responses: { 200: { headers: { "X-Accel-Buffering": header("Tells nginx to pass each event on at once.", "no") } } }
})
