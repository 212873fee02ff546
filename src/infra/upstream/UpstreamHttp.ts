import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Context, Duration, Effect, Layer, Metric, Stream } from "effect"
import { HttpClient } from "effect/http"
import { CircuitBreaker } from "effect/persistence"
import { Metered } from "../Metrics.ts"
import { makeUpstream, type Upstream } from "./Upstream.ts"

const maxResponseBytes = 2 * 1024 * 1024
/** The circuit opens after this many operations in a row have hung. */
const hangsUntilOpen = 10
const openDuration = Duration.seconds(5)

const circuits = Metric.gauge("provider_circuit_open", {
  description: "1 from when a provider's circuit opens until a call to it succeeds."
})

/** Sets a provider's gauge, if metrics are exported. */
const circuitGauge = Effect.contextWith((context: Context.Context<never>) =>
  Effect.succeed((provider: string, value: number) => {
    if (Context.get(context, Metered)) Metric.withAttributes(circuits, { provider }).updateUnsafe(value, context)
  })
)

/** The HTTP client for Discord, Warcraft Logs and Battle.net. */
export class UpstreamHttp extends Context.Service<
  UpstreamHttp,
  {
    /** `name` identifies the provider in log lines. The returned value holds the quota and the circuit. */
    readonly open: (name: string, userAgent: string) => Upstream
  }
>()("infra/upstream/UpstreamHttp") {
  /** Needs an HttpClient that does not follow redirects and limits the response size, like that of `layer`. */
  static readonly layerNoDeps = Layer.effect(
    UpstreamHttp,
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({
        tripPolicy: CircuitBreaker.consecutive(hangsUntilOpen),
        openDuration
      })
      const gauge = yield* circuitGauge
      yield* breaker.transitions.pipe(
        Stream.runForEach(({ key, to }) => Effect.sync(() => gauge(key, to === "Closed" ? 0 : 1))),
        Effect.forkScoped
      )
      // Providers do not get our trace ids. A scoped request is aborted if its response is not read.
      const client = (yield* HttpClient.HttpClient).pipe(
        HttpClient.withScope,
        HttpClient.transformResponse(Effect.provideService(HttpClient.TracerPropagationEnabled, false))
      )

      const open = (name: string, userAgent: string) => {
        gauge(name, 0)
        return makeUpstream({ name, userAgent, client, breaker })
      }
      return UpstreamHttp.of({ open })
    })
  ).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))

  /**
   * undici rather than fetch: it does not follow redirects or decompress, and enforces the size limit while reading.
   */
  static readonly layer = UpstreamHttp.layerNoDeps.pipe(
    Layer.provide(
      NodeHttpClient.layerUndiciOptions({
        connect: { timeout: 3000 },
        connections: 100,
        maxResponseSize: maxResponseBytes,
        allowH2: false
      })
    )
  )
}
