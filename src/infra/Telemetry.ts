import { Effect, Layer, Logger, References } from "effect"
import { AppConfig } from "./AppConfig.ts"

/** One JSON object a line for machines, or colours for a person at a terminal. */
export const layer = Layer.unwrap(
  Effect.map(AppConfig, ({ log }) =>
    Layer.merge(
      Logger.layer([log.format === "json" ? Logger.consoleJson : Logger.consolePretty()]),
      Layer.succeed(References.MinimumLogLevel, log.level)
    )
  )
)
