import { Effect, Layer } from "effect"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import * as Sql from "../../src/infra/Sql.ts"
import { environment } from "./environment.ts"
import { TestApp } from "./TestApp.ts"

/** The configuration and database of the test file's service, for tests below HTTP. */
export const database = Layer.unwrap(
  Effect.map(TestApp, ({ variables }) =>
    Sql.layer.pipe(Layer.provideMerge(AppConfig.layerFrom({ ...environment, ...variables })))
  )
)
