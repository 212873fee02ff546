import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Effect, Exit, Layer, Option, type Runtime } from "effect"
import { nameSourceLines } from "./infra/StackTraces.ts"

/** One sentence for the operator: a stack trace does not help to fix an environment variable. */
const sentence = (cause: Cause.Cause<unknown>) => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (error === undefined) return Cause.pretty(cause)
  return error instanceof Error ? error.message : String(error)
}

/** A requested stop is not a failure: the exit code is 0 after a drain, 1 when the start failed. */
const teardown: Runtime.Teardown = (exit, onExit) =>
  onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)

/** Runs a service until it is told to stop. A failed start prints the reason to standard error. */
export const launch = <E>(service: Layer.Layer<never, E>) => {
  nameSourceLines()
  return Layer.launch(service).pipe(
    Effect.tapCause((cause) =>
      Effect.sync(() => {
        if (!Cause.hasInterruptsOnly(cause)) process.stderr.write(`${sentence(cause)}\n`)
      })
    ),
    NodeRuntime.runMain({ disableErrorReporting: true, teardown })
  )
}
