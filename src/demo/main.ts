import { Effect, Layer } from "effect"
import { App } from "../App.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import { launch } from "../Launch.ts"
import { demoUsage, options } from "./Options.ts"
import { surroundings } from "./Surroundings.ts"
import { walk } from "./Walk.ts"
import { endsWithNpm } from "./WithNpm.ts"

const demo = Effect.gen(function* () {
  const { api, page, variables } = yield* surroundings(yield* options())
  const announce = Effect.gen(function* () {
    const lines = [
      "The main job as curl commands, to copy and paste into a shell:",
      "",
      walk(api),
      "",
      ...(yield* page),
      "",
      "Ctrl-C ends everything; `npm run demo -- --help` lists the options.",
      ""
    ]
    yield* Effect.sync(() => process.stdout.write(lines.join("\n")))
  })
  return Layer.effectDiscard(announce).pipe(Layer.provide(App), Layer.provide(AppConfig.layerFrom(variables)))
})

if (process.argv.includes("--help")) process.stdout.write(demoUsage)
else launch(Layer.merge(endsWithNpm, Layer.unwrap(demo)))
