import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { createServer, connect, type Socket } from "node:net"

/** What a proxy does to the bytes that pass through it. */
interface Fault {
  /** Milliseconds that each answer is late. */
  readonly latency?: number
  /** Bytes a second, in each direction. */
  readonly rate?: number
  /** Answers become random bytes, or are cut in half with the connection, or replaced by a reset. */
  readonly answers?: "garbage" | "truncated" | "reset"
}

/** A proxy in front of a real server: open, shut (connections are cut and refused) or silent (bytes are dropped). */
export interface Gate {
  readonly port: number
  readonly shut: () => void
  readonly silence: () => void
  readonly open: () => void
  /** Open, with this fault from now on; bytes on their way keep the delay that they have. */
  readonly disturb: (fault: Fault) => void
  /** New connections go to this port. */
  readonly pointTo: (port: number) => void
}

/** Writes in order, each as late as it was when it came. */
const lateWriter = (to: Socket, fault: () => Fault) => {
  const waiting: Array<{ readonly bytes: Buffer; readonly due: number }> = []
  let due = 0
  let timer: NodeJS.Timeout | undefined
  const pump = () => {
    timer = undefined
    while (waiting.length > 0 && waiting[0]!.due <= performance.now()) to.write(waiting.shift()!.bytes)
    if (waiting.length > 0) timer = setTimeout(pump, waiting[0]!.due - performance.now())
  }
  to.on("close", () => clearTimeout(timer))
  return (bytes: Buffer, isAnswer: boolean) => {
    const { latency = 0, rate } = fault()
    const now = performance.now()
    due = Math.max(due, isAnswer ? now + latency : now) + (rate === undefined ? 0 : (bytes.length / rate) * 1000)
    if (due <= now && waiting.length === 0) return void to.write(bytes)
    waiting.push({ bytes, due })
    timer ??= setTimeout(pump, due - now)
  }
}

/** Listens on a free port in front of a server, so that a test can take the server away and bring it back. */
export const gate = (host: string, port: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly gate: Gate; readonly end: () => void }>((resume) => {
        let state: "open" | "shut" | "silent" = "open"
        let fault: Fault = {}
        let target = port
        const sockets = new Set<Socket>()
        const relay = (from: Socket, to: Socket, near: Socket) => {
          const isAnswer = to === near
          const write = lateWriter(to, () => fault)
          sockets.add(from)
          from.setNoDelay(true)
          from.on("data", (chunk) => {
            if (state !== "open") return
            const spoil = isAnswer ? fault.answers : undefined
            if (spoil === "reset") near.resetAndDestroy()
            else if (spoil === "truncated") near.end(chunk.subarray(0, Math.ceil(chunk.length / 2)))
            else write(spoil === "garbage" ? randomBytes(chunk.length) : chunk, isAnswer)
          })
          from.on("error", () => to.destroy())
          from.on("close", () => {
            sockets.delete(from)
            to.destroy()
          })
        }
        const server = createServer((near) => {
          if (state === "shut") return near.destroy()
          const far = connect(target, host)
          relay(near, far, near)
          relay(far, near, near)
          return undefined
        })
        const cut = () => sockets.forEach((socket) => socket.destroy())
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const disturb = (next: Fault) => {
            // Bytes that were dropped leave both sides out of step, so connections must be made again.
            if (state === "silent") cut()
            state = "open"
            fault = next
          }
          const gate: Gate = {
            port: typeof address === "object" && address !== null ? address.port : 0,
            shut: () => {
              state = "shut"
              cut()
            },
            silence: () => {
              state = "silent"
            },
            open: () => disturb({}),
            disturb,
            pointTo: (next) => {
              target = next
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
