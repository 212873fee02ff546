import { Effect } from "effect"
import { connect } from "node:net"

/** Sends bytes unchanged, also what no client would send, and returns all that came back until the connection closed. */
export const raw = (url: string, bytes: string | Uint8Array, patience = 5000) =>
  Effect.callback<string>((resume) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const chunks: Array<Buffer> = []
    const end = () => {
      socket.destroy()
      resume(Effect.succeed(Buffer.concat(chunks).toString("latin1")))
    }
    socket.setTimeout(patience, end)
    socket.on("data", (chunk) => chunks.push(chunk))
    socket.on("error", end)
    socket.on("close", end)
    socket.write(bytes)
    return Effect.sync(() => socket.destroy())
  })
