import { Effect, Layer, Logger, Metric, Option, Redacted, References, Tracer } from "effect"
import { FetchHttpClient, HttpMiddleware } from "effect/http"
import { OtlpExporter, OtlpLogger, OtlpMetrics, OtlpSerialization, OtlpTracer } from "effect/observability"
import { AppConfig } from "./AppConfig.ts"
import { jsonLines } from "./LogLines.ts"
import { Metered } from "./Metrics.ts"
import { version } from "./Version.ts"

type Config = AppConfig["Service"]
type Sampler = Config["otel"]["sampler"]

/** Keeps a share of the traces that start here. If so configured, others follow their parent's decision. */
const sampled =
  ({ parentBased, ratio }: Sampler) =>
  (inner: Tracer.Tracer) =>
    Tracer.make({
      ...inner,
      span: (options) => {
        const parent = Option.getOrUndefined(options.parent)
        const inherits = parent?._tag === "Span" || (parent !== undefined && parentBased)
        return inner.span(inherits ? options : { ...options, sampled: Math.random() < ratio })
      }
    })

/** Exports to an OTLP collector. If the collector is down, requests are not affected and the data is dropped. */
const exported = ({ otel }: Config) => {
  const to = (url: string) => ({
    url,
    resource: { serviceName: otel.serviceName, serviceVersion: version, attributes: otel.attributes },
    headers: otel.headers && Redacted.value(otel.headers),
    compression: otel.compression
  })
  const traces =
    otel.traces === undefined
      ? Layer.succeed(References.TracerEnabled, false)
      : Layer.effect(Tracer.Tracer, Effect.map(OtlpTracer.make(to(otel.traces)), sampled(otel.sampler)))
  const logs = otel.logs === undefined ? Layer.empty : OtlpLogger.layer(to(otel.logs))
  const metrics = otel.metrics === undefined ? Layer.empty : OtlpMetrics.layer(to(otel.metrics))
  return Layer.mergeAll(traces, logs, metrics).pipe(
    Layer.provide(OtlpExporter.layerFlusher),
    Layer.provide(otel.protocol === "http/json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf),
    Layer.provide(FetchHttpClient.layer)
  )
}

/** Logs (JSON lines, or coloured text for a terminal), metrics and traces. */
export const layer = Layer.unwrap(
  Effect.map(AppConfig, (config) =>
    exported(config).pipe(
      Layer.provideMerge(
        Layer.mergeAll(
          config.log.format === "json" ? jsonLines : Logger.layer([Logger.consolePretty()]),
          Layer.succeed(References.MinimumLogLevel, config.log.level),
          Layer.succeed(Metered, config.metricsPort !== undefined || config.otel.metrics !== undefined),
          Layer.sync(Metric.MetricRegistry, () => new Map()),
          // Effect's own spans contain the whole URL, and so invite codes; ours contain only the route.
          Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true)
        )
      )
    )
  )
)
