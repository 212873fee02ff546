import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Context, Duration, Effect, Layer } from "effect"
import { HttpClient } from "effect/http"
import { CircuitBreaker } from "effect/persistence"
import { makeUpstream, type Upstream } from "./Upstream.ts"

const maxResponseBytes = 2 * 1024 * 1024
/** The circuit opens after this many operations in a row have hung. */
const hangsUntilOpen = 10
const openDuration = Duration.seconds(5)

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
      // Providers do not get our trace ids. A scoped request is aborted if its response is not read.
      const client = (yield* HttpClient.HttpClient).pipe(
        HttpClient.withScope,
        HttpClient.transformResponse(Effect.provideService(HttpClient.TracerPropagationEnabled, false))
      )

      return UpstreamHttp.of({ open: (name, userAgent) => makeUpstream({ name, userAgent, client, breaker }) })
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
