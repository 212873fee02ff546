import { Effect, Layer, Schedule } from "effect"

/**
 * npm hands a signal on to its shell, and not every shell to what it runs. Whoever was started by npm and lost its shell is
 * told to end as if the signal had come to it.
 */
export const endsWithNpm = Layer.effectDiscard(
  Effect.gen(function* () {
    if (process.env.npm_lifecycle_event === undefined) return
    const { ppid } = process
    const isAlone = Effect.sync(() => process.ppid !== ppid)
    const waiting = Effect.repeat(isAlone, { until: (is) => is, schedule: Schedule.spaced("500 millis") })
    yield* Effect.forkScoped(
      Effect.andThen(
        waiting,
        Effect.sync(() => process.kill(process.pid, "SIGTERM"))
      )
    )
  })
)
