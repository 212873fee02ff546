import { Effect } from "effect"
import { createServer, connect, type Socket } from "node:net"

/** A proxy in front of a real server: open, shut (connections are cut and refused) or silent (bytes are dropped). */
export interface Gate {
  readonly port: number
  readonly shut: () => void
  readonly silence: () => void
  readonly open: () => void
}

/** Listens on a free port in front of a server, so that a test can take the server away and bring it back. */
export const gate = (host: string, port: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly gate: Gate; readonly end: () => void }>((resume) => {
        let state: "open" | "shut" | "silent" = "open"
        const sockets = new Set<Socket>()
        const server = createServer((near) => {
          if (state === "shut") return near.destroy()
          const far = connect(port, host)
          for (const [from, to] of [
            [near, far],
            [far, near]
          ] as const) {
            sockets.add(from)
            from.setNoDelay(true)
            from.on("data", (chunk) => state === "open" && to.write(chunk))
            from.on("error", () => to.destroy())
            from.on("close", () => {
              sockets.delete(from)
              to.destroy()
            })
          }
          return undefined
        })
        const cut = () => sockets.forEach((socket) => socket.destroy())
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const gate = {
            port: typeof address === "object" && address !== null ? address.port : 0,
            shut: () => {
              state = "shut"
              cut()
            },
            silence: () => {
              state = "silent"
            },
            // Bytes that were dropped leave both sides out of step, so connections must be made again.
            open: () => {
              if (state === "silent") cut()
              state = "open"
            }
          }
          const end = () => {
            cut()
            server.close()
          }
          resume(Effect.succeed({ gate, end }))
        })
      }),
      ({ end }) => Effect.sync(end)
    ),
    ({ gate }) => gate
  )
