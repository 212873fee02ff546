import { Context, Effect, type Exit, Layer, Metric } from "effect"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { AppConfig } from "./AppConfig.ts"
import { version } from "./Version.ts"

/** Whether the metrics are exported. If not, nothing is measured, at no cost. */
export const Metered = Context.Reference<boolean>("infra/Metrics/Metered", { defaultValue: () => false })

type Labels = Readonly<Record<string, string>>

/** Upper bounds in seconds. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Measures how long an effect takes, in seconds, and how many are running. */
export const durationsOf = (name: string, description: string) => {
  const durations = Metric.histogram(`${name}_duration_seconds`, { description, boundaries })
  const active = Metric.gauge(`${name}_active`, { description: `${description} In progress.` })
  return <A, E>(labelsOf: (exit: Exit.Exit<A, E>) => Labels) =>
    <R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.withFiber((fiber) => {
        if (!fiber.getRef(Metered)) return self
        const { context } = fiber
        const started = performance.now()
        active.modifyUnsafe(1, context)
        return Effect.onExit(self, (exit) =>
          Effect.sync(() => {
            active.modifyUnsafe(-1, context)
            const seconds = (performance.now() - started) / 1000
            Metric.withAttributes(durations, labelsOf(exit)).updateUnsafe(seconds, context)
          })
        )
      })
}

const watch = <Input, State>(metric: Metric.Metric<Input, State>, get: () => State) =>
  Effect.acquireRelease(
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.sync(() => Metric.registerUnsafe(metric, context, { get, update: () => {}, modify: () => {} }))
    ),
    (registration) => Effect.sync(registration.remove)
  )

/** A gauge whose value is computed when it is read. */
export const observed = (name: string, description: string, get: () => number, labels: Labels = {}) =>
  watch(Metric.gauge(name, { description, attributes: labels }), () => ({ value: get() }))

/** How often the lag is sampled, in milliseconds. The histogram's values include it. */
const resolution = 20

/** The event loop's lag since the last reading, in seconds. All its series share one reading. */
const eventLoopLag = Effect.gen(function* () {
  const histogram = yield* Effect.acquireRelease(
    Effect.sync(() => monitorEventLoopDelay({ resolution })),
    (histogram) => Effect.sync(() => histogram.disable())
  )
  histogram.enable()
  let readAt = Number.NEGATIVE_INFINITY
  let reading = { p50: 0, p99: 0, max: 0 }
  return (key: keyof typeof reading) => () => {
    if (performance.now() - readAt > 500) {
      readAt = performance.now()
      reading = { p50: histogram.percentile(50), p99: histogram.percentile(99), max: histogram.max }
      histogram.reset()
    }
    return Math.max(reading[key] / 1e9 - resolution / 1000, 0)
  }
})

/** Metrics of the Node process, under the names that common dashboards expect. */
export const processLayer = Layer.effectDiscard(
  Effect.gen(function* () {
    if (!(yield* Metered)) return
    yield* watch(
      Metric.counter("process_cpu_seconds_total", { description: "CPU time in seconds.", incremental: true }),
      () => {
        const { user, system } = process.cpuUsage()
        return { count: (user + system) / 1e6, incremental: true }
      }
    )
    const { revision } = yield* AppConfig
    yield* observed("build_info", "Which version runs.", () => 1, { version, revision })
    const started = Date.now() / 1000 - process.uptime()
    yield* observed(
      "process_start_time_seconds",
      "Start time of the process since the epoch, in seconds.",
      () => started
    )
    yield* observed("process_resident_memory_bytes", "Resident memory.", () => process.memoryUsage.rss())
    yield* observed("nodejs_heap_size_used_bytes", "Heap in use.", () => process.memoryUsage().heapUsed)
    const lag = yield* eventLoopLag
    for (const key of ["p50", "p99", "max"] as const) {
      yield* observed(`nodejs_eventloop_lag_${key}_seconds`, "Lag of the event loop since the last reading.", lag(key))
    }
  })
)
