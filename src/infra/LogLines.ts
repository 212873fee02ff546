import { Clock, Context, Effect, Formatter, Logger, LogLevel, References } from "effect"

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

const sinks = new WeakMap<Logger.Logger<unknown, unknown>, (line: string) => void>()

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
    const logger = Logger.map(Logger.formatStructured, (line) => sink(textOf(line)))
    sinks.set(logger, sink)
    return logger
  })
])

/**
 * Logs a line that each request has. When JSON lines are all that is logged, it writes the same text itself: Effect's
 * way to a logger costs an eighth of a small request.
 */
export const logOften = (message: string, annotations: Readonly<Record<string, string | number>>) =>
  Effect.withFiber((fiber) => {
    const [logger, ...others] = fiber.getRef(Logger.CurrentLoggers)
    const sink = others.length === 0 && logger !== undefined ? sinks.get(logger) : undefined
    if (sink === undefined) return Effect.annotateLogs(Effect.logInfo(message), annotations)
    if (LogLevel.isGreaterThan(fiber.getRef(References.MinimumLogLevel), "Info")) return Effect.void
    const line: Line = {
      message,
      level: "INFO",
      timestamp: new Date(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()).toISOString(),
      cause: undefined,
      annotations: { ...fiber.getRef(References.CurrentLogAnnotations), ...annotations },
      spans: {},
      fiberId: `#${fiber.id}`
    }
    return Effect.sync(() => sink(JSON.stringify(line)))
  })
