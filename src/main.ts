import { Layer } from "effect"
import { App } from "./App.ts"
import { AppConfig } from "./infra/AppConfig.ts"
import { launch } from "./Launch.ts"

launch(App.pipe(Layer.provide(AppConfig.layer)))
