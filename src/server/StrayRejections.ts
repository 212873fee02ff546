import { Cause, Effect, Layer } from "effect"

/** Logs an unhandled promise rejection and keeps running; by default Node would end the process. */
export const strayRejectionsLayer = Layer.effectDiscard(
  Effect.gen(function* () {
    const runFork = Effect.runForkWith(yield* Effect.context<never>())
    const tell = (reason: unknown) => runFork(Effect.logError("Unhandled promise rejection", Cause.die(reason)))
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("unhandledRejection", tell)),
      () => Effect.sync(() => process.off("unhandledRejection", tell))
    )
  })
)
