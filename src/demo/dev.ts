import { Effect, Layer } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { launch } from "../Launch.ts"
import { devUsage, options } from "./Options.ts"
import { surroundings } from "./Surroundings.ts"
import { endsWithNpm } from "./WithNpm.ts"

const service = fileURLToPath(new URL("../main.ts", import.meta.url))

/** Milliseconds; longer than a drain. */
const patience = 15_000

/**
 * The service, started again whenever a file that it imports changes. It has a process group of its own, so that Ctrl-C
 * reaches it only from here: first the service drains, then its servers stop.
 */
const watched = (env: NodeJS.ProcessEnv, ...flags: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const words = ["--watch", "--watch-preserve-output", ...flags, service]
      const child = spawn(process.execPath, words, { env, detached: true, stdio: ["ignore", "inherit", "inherit"] })
      const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
      return { child, exited }
    }),
    ({ child, exited }) =>
      Effect.promise(() => {
        const late = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), patience)
        child.kill("SIGTERM")
        return exited.finally(() => clearTimeout(late))
      })
  )

const running = Effect.fnUntraced(function* (...words: Parameters<typeof watched>) {
  const { exited } = yield* watched(...words)
  yield* Effect.promise(() => exited)
  return yield* Effect.interrupt
})

const onOwnServers = running(process.env, "--env-file-if-exists=.env")

const simulated = Effect.gen(function* () {
  const { page, variables } = yield* surroundings(yield* options({ simulated: { type: "boolean" } }))
  const lines = [...(yield* page), "", "The service restarts when its source changes; Ctrl-C ends everything.", ""]
  yield* Effect.sync(() => process.stdout.write(lines.join("\n")))
  return yield* running({ PATH: process.env.PATH, ...variables, LOG_LEVEL: process.env.LOG_LEVEL || "Info" })
})

if (process.argv.includes("--help")) process.stdout.write(devUsage)
else {
  const service = process.argv.includes("--simulated") ? simulated : onOwnServers
  launch(Layer.merge(endsWithNpm, Layer.effectDiscard(service)))
}
