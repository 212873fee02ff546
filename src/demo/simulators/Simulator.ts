import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Option, Schema } from "effect"
import type { Call } from "./CallLog.ts"
import { CallLog } from "./CallLog.ts"
import type { Fault, Wording } from "./Fault.ts"
import { FaultOrder, Faults, play } from "./Fault.ts"
import type { Question, Reply } from "./Reply.ts"
import { empty, json, jsonOf } from "./Reply.ts"

/** A simulator could not bind its port, or got a request that it cannot fulfil. */
export class SimulatorFailed extends Schema.TaggedError<SimulatorFailed>()("SimulatorFailed", {
  message: Schema.String
}) {}

/** What every simulated provider offers to tests and the demo. */
export interface Simulator {
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly calls: CallLog
  /** Orders a fault; several faults are played in order. */
  readonly fault: (fault: Fault) => void
  readonly clearFaults: () => void
}

export interface SimulatorOptions {
  /** 0, the default, chooses a free port. */
  readonly port?: number
  /** Milliseconds of the Unix clock. */
  readonly now?: () => number
}

interface Behaviour {
  readonly port: number | undefined
  readonly answer: (question: Question) => Reply | Promise<Reply>
  readonly wording: Wording
}

/** Bytes; more than any legitimate request to a provider. */
const longestBody = 1_000_000

const bodyOf = async (request: IncomingMessage) => {
  const chunks: Array<Buffer> = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > longestBody) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString()
}

const decodedPath = (rawPath: string) => {
  try {
    return decodeURIComponent(rawPath)
  } catch {
    return rawPath
  }
}

const questionOf = async (request: IncomingMessage): Promise<Question | undefined> => {
  const body = await bodyOf(request)
  if (body === undefined) return undefined
  const [rawPath = "/", query = ""] = (request.url ?? "/").split(/\?(.*)/s)
  return {
    method: request.method ?? "GET",
    rawPath,
    path: decodedPath(rawPath),
    query: new URLSearchParams(query),
    headers: request.headers,
    body
  }
}

const decodeFault = Schema.decodeUnknownOption(FaultOrder)

/** Controls for use with curl: `GET /__sim/calls`, `POST` and `DELETE /__sim/faults`. */
const control = ({ calls, fault, clearFaults }: Omit<Simulator, "url">, question: Question): Reply => {
  // A web page open in the user's browser must not reach these controls.
  if (question.headers["origin"] !== undefined) return empty(403)
  switch (`${question.method} ${question.path}`) {
    case "GET /__sim/calls":
      return json(200, calls.all)
    case "DELETE /__sim/calls":
      calls.reset()
      return empty(204)
    case "DELETE /__sim/faults":
      clearFaults()
      return empty(204)
    case "POST /__sim/faults":
      return Option.match(decodeFault(jsonOf(question)), {
        onNone: () => json(400, { error: 'Send a fault as application/json, for example {"kind":"hang","times":1}' }),
        onSome: (order) => {
          fault(order)
          return json(201, order)
        }
      })
    default:
      return empty(404)
  }
}

const sender = (response: ServerResponse) => (reply: Reply) => {
  const noBody = reply.status === 204
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(noBody ? {} : { "content-length": Buffer.byteLength(reply.body) })
  })
  response.end(noBody ? undefined : reply.body)
}

const goneSignal = (response: ServerResponse) => {
  const controller = new AbortController()
  response.once("close", () => controller.abort())
  return controller.signal
}

/** Records the status as soon as it is sent, not when a slow body ends. */
const noteStatus = (response: ServerResponse, call: Call) => {
  const writeHead = response.writeHead.bind(response) as (...args: ReadonlyArray<unknown>) => ServerResponse
  response.writeHead = (status: number, ...rest: ReadonlyArray<unknown>) => {
    call.status = status
    return writeHead(status, ...rest)
  }
}

const serve =
  ({ answer, wording }: Behaviour, parts: Omit<Simulator, "url"> & { readonly faults: Faults }) =>
  async (request: IncomingMessage, response: ServerResponse) => {
    const send = sender(response)
    const question = await questionOf(request)
    if (question === undefined) return send(empty(413, { connection: "close" }))
    if (question.path.startsWith("/__sim/")) return send(control(parts, question))
    const fault = parts.faults.take(question.path)
    noteStatus(response, parts.calls.add(question, fault?.kind))
    if (fault === undefined) return send(await answer(question))
    const scene = { response, gone: goneSignal(response), wording, send, answer: async () => answer(question) }
    return play(fault, scene)
  }

const defect = (response: ServerResponse, cause: unknown) => {
  if (response.headersSent || response.destroyed) return void response.destroy()
  sender(response)({
    status: 500,
    headers: { "content-type": "text/plain" },
    body: `The simulator itself failed: ${cause instanceof Error ? cause.stack : String(cause)}`
  })
}

/** Starts a simulator on 127.0.0.1; it stops with the scope and closes every connection. */
export const simulator = Effect.fnUntraced(function* (behaviour: Behaviour) {
  const faults = new Faults()
  const parts = { calls: new CallLog(), faults, fault: faults.order, clearFaults: faults.clear }
  const handle = serve(behaviour, parts)
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>, SimulatorFailed>((resume) => {
      const server = createServer((request, response) => {
        handle(request, response).catch((cause: unknown) => defect(response, cause))
      })
      server.once("error", (error) => resume(Effect.fail(new SimulatorFailed({ message: error.message }))))
      server.listen(behaviour.port ?? 0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const { port } = server.address() as AddressInfo
  const { calls, fault, clearFaults } = parts
  return { url: `http://127.0.0.1:${port}`, calls, fault, clearFaults } satisfies Simulator
})
