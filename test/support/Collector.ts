import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { gunzipSync } from "node:zlib"

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number }
}

export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly attributes: ReadonlyArray<Attribute>
  readonly status: { readonly code: number }
}

export interface OtlpLog {
  readonly traceId?: string
  readonly body: { readonly stringValue?: string }
  readonly attributes: ReadonlyArray<Attribute>
}

interface Received {
  readonly path: string
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: Buffer
}

export const attributeOf = ({ attributes }: { readonly attributes: ReadonlyArray<Attribute> }, key: string) => {
  const value = attributes.find((attribute) => attribute.key === key)?.value
  return value?.stringValue ?? value?.intValue
}

/** An OTLP collector over HTTP on a free port: it keeps what it receives, and refuses what a real one refuses. */
export const collector = Effect.gen(function* () {
  const received: Array<Received> = []
  const server = createServer(async (request, response) => {
    const chunks: Array<Buffer> = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const type = request.headers["content-type"]
    const path = request.url ?? ""
    const known = ["/v1/traces", "/v1/logs", "/v1/metrics"].includes(path)
    const readable = type === "application/json" || type === "application/x-protobuf"
    response.statusCode = known ? (request.method !== "POST" ? 405 : readable ? 200 : 415) : 404
    const sent = Buffer.concat(chunks)
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent
    if (response.statusCode === 200) received.push({ path, headers: request.headers, body })
    response.setHeader("content-type", "application/json").end("{}")
  })
  yield* Effect.acquireRelease(
    Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
    () =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )
  const items = <A>(path: string, groups: string, scopes: string, leaves: string) =>
    received
      .filter((one) => one.path === path)
      .flatMap(({ body }) => JSON.parse(body.toString())[groups])
      .flatMap((group) => group[scopes].flatMap((scope: Record<string, ReadonlyArray<A>>) => scope[leaves])) as Array<A>
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => received,
    /** Everything as received, to search for what should not be there. */
    text: () => received.map(({ body }) => body.toString("latin1")).join("\n"),
    spans: () => items<OtlpSpan>("/v1/traces", "resourceSpans", "scopeSpans", "spans"),
    logs: () => items<OtlpLog>("/v1/logs", "resourceLogs", "scopeLogs", "logRecords"),
    metrics: () => items<{ readonly name: string }>("/v1/metrics", "resourceMetrics", "scopeMetrics", "metrics")
  }
})
