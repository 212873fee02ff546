import { Context, Effect, Logger } from "effect"

/** Where a line of the JSON log goes, without its line end. */
export const LogSink = Context.Reference<(line: string) => void>("infra/LogSink", { defaultValue: () => toStdout })

/** Milliseconds that a line may wait for others. */
const patience = 20

let waiting: Array<string> = []

const flush = () => {
  if (waiting.length === 0) return
  const text = `${waiting.join("\n")}\n`
  waiting = []
  process.stdout.write(text)
}

/** Lines that come together go out in one write: a write a line is a twentieth of a request's processor time. */
const toStdout = (line: string) => {
  if (waiting.push(line) === 1) setTimeout(flush, patience)
}

/** One JSON object a line; what waits is written when the scope closes, and when the process ends for any reason. */
export const jsonLines = Logger.layer([
  Effect.gen(function* () {
    const sink = yield* LogSink
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("exit", flush)),
      () =>
        Effect.sync(() => {
          flush()
          process.off("exit", flush)
        })
    )
    return Logger.map(Logger.formatJson, sink)
  })
])
