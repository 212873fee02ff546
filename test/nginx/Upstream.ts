import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { Effect } from "effect"
import { freePort } from "../../src/demo/servers/Watchdog.ts"

/** A request as a replica would get it. */
interface Asked {
  readonly method: string
  readonly headers: IncomingMessage["headers"]
  readonly bytes: number
  /** The port at the other end of its connection. */
  readonly from: number | undefined
}

export type Answer = (asked: Asked, response: ServerResponse) => void

/** What a replica might do, in short: `breaks` closes the connection once it has read the request. */
export const answers: Answer = (_, response) => response.end("{}")
export const breaks: Answer = (_, response) => response.socket!.destroy()

/** An HTTP server in place of a replica, which remembers what it was asked. */
export const upstream = (answer: Answer) =>
  Effect.gen(function* () {
    const asked: Array<Asked> = []
    const port = yield* Effect.promise(freePort)
    yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer(async (request, response) => {
          const from = request.socket.remotePort
          let bytes = 0
          for await (const part of request) bytes += (part as Buffer).length
          const one = { method: request.method ?? "", headers: request.headers, bytes, from }
          asked.push(one)
          answer(one, response)
        })
        server.listen(port, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
    return { port, asked }
  })
