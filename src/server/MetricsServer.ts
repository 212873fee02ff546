import { Effect, Layer } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { createServer } from "node:http"
import { AppConfig } from "../infra/AppConfig.ts"
import { listen } from "./Server.ts"

/** Serves Prometheus text at `/metrics` on METRICS_PORT, for the internal network. Off unless that variable is set. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const { metricsPort } = yield* AppConfig
    if (metricsPort === undefined) return
    const context = yield* Effect.context<never>()
    const server = createServer((request, response) => {
      if (request.url !== "/metrics") return response.writeHead(404).end()
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" })
      return response.end(PrometheusMetrics.formatUnsafe(context))
    })
    yield* Effect.acquireRelease(listen(server, "METRICS_PORT", metricsPort), () =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
    )
    yield* Effect.logInfo(`Metrics on port ${metricsPort}`)
  })
)
