import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http"
import { setTimeout } from "node:timers/promises"
import { Effect } from "effect"
import { ask } from "./Ask.ts"
import type { Replica } from "./Replica.ts"

/*
 * What stands before replicas in production, in short: it sends requests to those that say they are ready, or to all
 * when none does, and tries another one only when a connection was refused: a request that was sent is never repeated.
 */

interface Balancer {
  readonly port: number
  /** Requests that were sent to a replica and never answered. */
  readonly lost: () => number
}

const read = async (request: IncomingMessage) => {
  const parts: Array<Buffer> = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

type Outcome = "answered" | "refused" | "lost"

const forward = (request: IncomingMessage, response: ServerResponse, body: Buffer, port: number) =>
  new Promise<Outcome>((resolve) => {
    let connected = false
    const { connection: _, ...headers } = request.headers
    const onward = send(
      { port, host: "127.0.0.1", method: request.method, path: request.url, headers, agent: false },
      (answer) => {
        const parts: Array<Buffer> = []
        answer.on("data", (part: Buffer) => parts.push(part))
        answer.on("error", () => resolve("lost"))
        answer.on("end", () => {
          if (!answer.complete) return resolve("lost")
          const { connection: _, "transfer-encoding": __, ...own } = answer.headers
          response.writeHead(answer.statusCode ?? 500, own).end(Buffer.concat(parts))
          resolve("answered")
        })
      }
    )
    onward.on("socket", (socket) => socket.on("connect", () => (connected = true)))
    onward.on("error", () => resolve(connected ? "lost" : "refused"))
    onward.end(body)
  })

export const startBalancer = (replicas: ReadonlyArray<Replica>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const ready = new Set<Replica>()
        let lost = 0
        let turn = 0
        const ended = new AbortController()
        const watch = async (replica: Replica) => {
          while (!ended.signal.aborted) {
            const { status } = await ask(replica.port, { path: "/health/ready", fresh: true, timeout: 500 })
            if (status === 200) ready.add(replica)
            else ready.delete(replica)
            await setTimeout(40, undefined, { ref: false })
          }
        }
        const server = createServer(async (request, response) => {
          const body = await read(request)
          turn += 1
          const order = replicas.map((_, n) => replicas[(n + turn) % replicas.length]!)
          for (const replica of order.toSorted((one, other) => +ready.has(other) - +ready.has(one))) {
            const outcome = await forward(request, response, body, replica.port)
            if (outcome === "answered") return
            if (outcome === "lost") {
              lost += 1
              response.writeHead(502).end("lost")
              return
            }
            ready.delete(replica)
          }
          response.writeHead(502).end("nobody")
        })
        server.keepAliveTimeout = 60_000
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
        for (const replica of replicas) void watch(replica)
        const address = server.address()
        const balancer: Balancer = {
          port: typeof address === "object" && address !== null ? address.port : 0,
          lost: () => lost
        }
        const end = () => {
          ended.abort()
          server.closeAllConnections()
          server.close()
        }
        return { balancer, end }
      }),
      ({ end }) => Effect.sync(end)
    ),
    ({ balancer }) => balancer
  )
