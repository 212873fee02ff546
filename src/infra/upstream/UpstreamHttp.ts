import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Context, Duration, Effect, Layer } from "effect"
import { HttpClient } from "effect/http"
import { CircuitBreaker } from "effect/persistence"
import { makeUpstream, type Upstream } from "./Upstream.ts"

const maxResponseBytes = 2 * 1024 * 1024
/** This many operations that hang, with no success between, and the provider is left alone for a while. */
const hangsUntilOpen = 10
const openDuration = Duration.seconds(5)

/** The one way out to Discord, Warcraft Logs and Battle.net. */
export class UpstreamHttp extends Context.Service<
  UpstreamHttp,
  {
    /** `name` marks log lines; quota and breaker live as long as the value that is returned. */
    readonly open: (name: string, userAgent: string) => Upstream
  }
>()("infra/upstream/UpstreamHttp") {
  /** Needs an HttpClient that follows no redirect and bounds the size of an answer, as `layer` provides it. */
  static readonly layerNoDeps = Layer.effect(
    UpstreamHttp,
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({
        tripPolicy: CircuitBreaker.consecutive(hangsUntilOpen),
        openDuration
      })
      // Our trace ids are none of a provider's business; and a scoped request is aborted when its answer is not read.
      const client = (yield* HttpClient.HttpClient).pipe(
        HttpClient.withScope,
        HttpClient.transformResponse(Effect.provideService(HttpClient.TracerPropagationEnabled, false))
      )

      return UpstreamHttp.of({ open: (name, userAgent) => makeUpstream({ name, userAgent, client, breaker }) })
    })
  ).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))

  /**
   * undici rather than fetch: it never follows a redirect, inflates nothing, and enforces the size while reading.
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
