import { assert, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schedule, Scope, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { freePort, step } from "../../src/demo/servers/Watchdog.ts"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { Draining } from "../../src/infra/Draining.ts"
import { platform, serve } from "../../src/server/Server.ts"
import { capturedLog } from "../support/capturedLog.ts"
import { environment } from "../support/environment.ts"

/** An answer that never ends by itself, as server-sent events are. */
const lasting = Effect.map(Draining, ({ told }) =>
  Effect.sync(() =>
    HttpServerResponse.stream(
      Stream.fromEffectSchedule(Effect.succeed("data: news\n\n"), Schedule.spaced("20 millis")).pipe(
        Stream.interruptWhen(told),
        Stream.concat(Stream.succeed("data: goodbye\n\n")),
        Stream.encodeText
      ),
      { contentType: "text/event-stream" }
    )
  )
)

it.live.each(["0", "500"])("with a delay of %s ms answers that last end by themselves, and none is cut", (delay) =>
  Effect.gen(function* () {
    yield* capturedLog
    const port = yield* step(freePort)
    const service = Layer.unwrap(Effect.map(lasting, serve)).pipe(
      Layer.provide([platform, Draining.layer]),
      Layer.provide(AppConfig.layerFrom({ ...environment, APP_PORT: String(port), SHUTDOWN_DELAY_MS: delay }))
    )
    const scope = yield* Scope.make()
    yield* Layer.buildWithScope(service, scope)
    const readers = yield* Effect.promise(() =>
      Promise.all(
        Array.from({ length: 20 }, async () => {
          const { body } = await fetch(`http://127.0.0.1:${port}/events`)
          const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
          const first = await reader.read()
          return { reader, first: first.value ?? "" }
        })
      )
    )
    for (const { first } of readers) assert.match(first, /^data: news/)
    const rest = Promise.all(
      readers.map(async ({ reader }) => {
        let text = ""
        // A response that is cut rejects here.
        for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value
        // Whoever was sent away does not come back here.
        const again = await fetch(`http://127.0.0.1:${port}/events`).catch((error: Error) => error.cause)
        assert.deepInclude(again, { code: "ECONNREFUSED" })
        return text
      })
    )
    const began = performance.now()
    yield* Scope.close(scope, Exit.void)
    assert.isBelow(performance.now() - began, 3000)
    for (const text of yield* Effect.promise(() => rest)) assert.match(text, /data: goodbye\n\n$/)
  })
)
