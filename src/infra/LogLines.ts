import { Context, Effect, Formatter, Logger } from "effect"

/** Where a line of the JSON log goes, without its line end. */
export const LogSink = Context.Reference<(line: string) => void>("infra/LogSink", { defaultValue: () => toStdout })

let waiting: Array<string> = []

const flush = () => {
  if (waiting.length === 0) return
  const text = `${waiting.join("\n")}\n`
  waiting = []
  process.stdout.write(text)
}

/** Lines of one turn of the event loop go out in one write: under load a write a line is a twentieth of all work. */
const toStdout = (line: string) => {
  if (waiting.push(line) === 1) setImmediate(flush)
}

type Line = typeof Logger.formatStructured extends Logger.Logger<unknown, infer Line> ? Line : never

const isPlain = (value: unknown) => typeof value !== "object" && typeof value !== "bigint"

/** Effect's formatter looks for secrets inside objects, which costs several times as much; plain values hide none. */
const textOf = (line: Line) =>
  isPlain(line.message) && Object.values(line.annotations).every(isPlain)
    ? JSON.stringify(line)
    : Formatter.formatJson(line)

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
    return Logger.map(Logger.formatStructured, (line) => sink(textOf(line)))
  })
])
