import { connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"
import { freePort } from "../../src/demo/servers/Watchdog.ts"

/** Calls back for each message of a PostgreSQL client's, by its type; the first one, of the start, has none. */
const messages = (told: (type: string) => void) => {
  let rest: Buffer = Buffer.alloc(0)
  let started = false
  return (data: Buffer) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data])
    for (;;) {
      const at = started ? 1 : 0
      if (rest.length < at + 4) return
      const size = at + rest.readUInt32BE(at)
      if (rest.length < size) return
      if (started) told(String.fromCharCode(rest[0]!))
      started = true
      rest = rest.subarray(size)
    }
  }
}

/**
 * Stands between a server and PostgreSQL and counts what is executed: what the driver really sends, whoever wrote it.
 * Only for answers that nobody times.
 */
export const countingProxy = Effect.fnUntraced(function* (target: number) {
  const port = yield* Effect.promise(freePort)
  const sockets = new Set<Socket>()
  let statements = 0
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1")
    const see = messages((type) => {
      if (type === "E" || type === "Q") statements += 1
    })
    client.on("data", see)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client]
    ] as const) {
      sockets.add(one)
      one.setNoDelay(true)
      one.pipe(other)
      one.on("error", () => other.destroy()).on("close", () => sockets.delete(one))
    }
  })
  yield* Effect.acquireRelease(
    Effect.promise(() => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))),
    () =>
      Effect.sync(() => {
        server.close()
        for (const socket of sockets) socket.destroy()
      })
  )
  return { port, count: () => statements }
})
