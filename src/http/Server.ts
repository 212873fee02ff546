import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import { createServer, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { AppConfig } from "../infra/AppConfig.ts"
import { type ApiError, envelope, InvalidRequest, TooLarge } from "./ApiError.ts"

/** Answers in the envelope what never became a request: the parser's own refusals. */
const refuse = (socket: Duplex, error: ApiError) => {
  if (!socket.writable) return socket.destroy()
  const id = randomUUID()
  const body = JSON.stringify(envelope(error, id))
  socket.end(
    [
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${id}`,
      "Connection: close",
      "",
      body
    ].join("\r\n")
  )
}

const makeServer = () => {
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 15_000,
    keepAliveTimeout: 20_000,
    connectionsCheckingInterval: 1000
  })
  server.on("clientError", (error: NodeJS.ErrnoException, socket) =>
    refuse(socket, error.code === "HPE_HEADER_OVERFLOW" ? new TooLarge() : new InvalidRequest())
  )
  server.on("checkExpectation", (request) => refuse(request.socket, new InvalidRequest()))
  server.on("connect", (_, socket) => refuse(socket, new InvalidRequest()))
  return server
}

/** The port all clients use; bound only when everything before it is ready. */
export const layer = Layer.unwrap(
  Effect.map(AppConfig, ({ port }) =>
    NodeHttpServer.layer(makeServer, { port, host: "0.0.0.0", gracefulShutdownTimeout: "8 seconds" })
  )
)
