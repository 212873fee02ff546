import { connect, type Socket } from "node:net"
import { performance } from "node:perf_hooks"
import type { Prepared } from "./Routes.ts"

/*
 * A client of raw sockets. The usual load generators parse every answer whole and keep times in milliseconds: beside a
 * fast server they take more of the other core than PostgreSQL does, and 1.4 ms and 0.6 ms are both 1. This one looks
 * for the status and the length, and keeps every time as it was.
 */

export const connections = 32

/** How long one answer may take before the run is given up. */
const patience = 20_000

export interface Answer {
  readonly status: number
  readonly head: string
  readonly body: Buffer
  /** Of head and body. */
  readonly bytes: number
}

interface Connection {
  readonly send: (request: Buffer, wantsBody: boolean) => Promise<Answer>
  readonly close: () => void
}

const none = Buffer.alloc(0)

const open = (port: number) =>
  new Promise<Connection>((resolve, reject) => {
    let waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void; wantsBody: boolean } | undefined
    let parts: Array<Buffer> = []
    let received = 0
    let expected = -1
    let head = ""
    const fail = (error: Error) => {
      reject(error)
      waiting?.reject(error)
      waiting = undefined
      socket.destroy()
    }
    const socket: Socket = connect(port, "127.0.0.1", () => {
      const send: Connection["send"] = (request, wantsBody) =>
        new Promise((resolve, reject) => {
          waiting = { resolve, reject, wantsBody }
          socket.write(request)
        })
      resolve({ send, close: () => socket.destroy() })
    })
    socket.setNoDelay(true)
    socket.setTimeout(patience, () => fail(new Error("A server did not answer in time.")))
    socket.on("error", fail)
    socket.on("close", () => fail(new Error("A server closed its connection.")))
    socket.on("data", (data) => {
      received += data.length
      parts.push(data)
      if (expected < 0) {
        const start = parts.length === 1 ? data : Buffer.concat(parts)
        const end = start.indexOf("\r\n\r\n")
        if (end < 0) return
        head = start.toString("latin1", 0, end)
        const length = /\r\ncontent-length: ?(\d+)/i.exec(head)
        if (length === null) return fail(new Error(`An answer of unknown length:\n${head}`))
        expected = end + 4 + Number(length[1])
        parts = [start]
      }
      if (received < expected) return
      const answered = waiting
      if (answered === undefined || received > expected) return fail(new Error("An answer that nobody asked for."))
      const body = answered.wantsBody ? Buffer.concat(parts).subarray(head.length + 4) : none
      const answer = { status: Number(head.slice(9, 12)), head, body, bytes: received }
      waiting = undefined
      parts = []
      received = 0
      expected = -1
      answered.resolve(answer)
    })
  })

/** A server, or a machine with other things to do, could not hold the rate that was asked for. */
export class FellBehind extends Error {}

export interface Load {
  readonly requests: number
  readonly seconds: number
  /** Milliseconds, sorted. */
  readonly latencies: Float64Array
  /** An answer's, on average. */
  readonly bytes: number
}

export const quantile = (sorted: ArrayLike<number>, part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

/** One request on a connection of its own. */
export const askOnce = async (port: number, request: Buffer) => {
  const connection = await open(port)
  return connection.send(request, true).finally(connection.close)
}

/** A check of each answer that costs next to nothing: a wrong status ends the run. */
const checked = ({ status, head }: Answer, wanted: number) => {
  if (status !== wanted) throw new Error(`An answer had the status ${status} in place of ${wanted}:\n${head}`)
}

/** Opens the connections, loads a server, and closes them again, whatever happens. */
const withConnections = async <A>(port: number, count: number, use: (all: ReadonlyArray<Connection>) => Promise<A>) => {
  const opened = await Promise.allSettled(Array.from({ length: count }, () => open(port)))
  const all = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))
  try {
    if (all.length < count) throw new Error(`Nobody accepts ${count} connections on port ${port}.`)
    return await use(all)
  } finally {
    for (const { close } of all) close()
  }
}

/** As many requests as the server takes: each connection asks again as soon as it was answered. */
export const closedLoop = (
  port: number,
  { bytes: requests, status }: Prepared,
  total: number,
  count = connections
): Promise<Load> =>
  withConnections(port, count, async (all) => {
    const latencies = new Float64Array(total)
    let next = 0
    let bytes = 0
    const started = performance.now()
    await Promise.all(
      all.map(async ({ send }) => {
        while (next < total) {
          const n = next++
          const begun = performance.now()
          const answer = await send(requests[n % requests.length]!, false)
          latencies[n] = performance.now() - begun
          checked(answer, status)
          bytes += answer.bytes
        }
      })
    )
    const seconds = (performance.now() - started) / 1000
    return { requests: total, seconds, latencies: latencies.toSorted(), bytes: bytes / total }
  })

/**
 * So many requests a second, whatever the server does: one that is slow finds them waiting, and their time counts from
 * when they were due. They fall due every millisecond, as fine as a timer is.
 */
export const openLoop = (
  port: number,
  { bytes: requests, status }: Prepared,
  total: number,
  rate: number
): Promise<Load> =>
  withConnections(port, connections, async (all) => {
    const latencies = new Float64Array(total)
    const idle = [...all]
    const due: Array<number> = []
    let sent = 0
    let done = 0
    let bytes = 0
    const started = performance.now()
    await new Promise<void>((resolve, reject) => {
      const push = () => {
        while (due.length > 0 && idle.length > 0) {
          const since = due.shift()!
          const connection = idle.pop()!
          const n = sent++
          const answered = (answer: Answer) => {
            latencies[n] = performance.now() - since
            checked(answer, status)
            bytes += answer.bytes
            idle.push(connection)
            done += 1
            if (done === total) resolve()
            else push()
          }
          connection
            .send(requests[n % requests.length]!, false)
            .then(answered)
            .catch(reject)
        }
      }
      let scheduled = 0
      const tick = () => {
        const now = performance.now()
        const wanted = Math.min(total, Math.floor(((now - started) / 1000) * rate))
        for (; scheduled < wanted; scheduled++) due.push(now)
        push()
        // More than a second behind: that rate cannot be had.
        if (due.length > rate + connections) reject(new FellBehind())
        else if (scheduled < total) setTimeout(tick, 1)
      }
      tick()
    })
    const seconds = (performance.now() - started) / 1000
    return { requests: total, seconds, latencies: latencies.toSorted(), bytes: bytes / total }
  })
