import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { PgClient } from "@effect/sql-pg"
import { Context, Data, Effect, FileSystem, Layer, Path, Scope, Stdio, Terminal } from "effect"
import {
  Etag,
  HttpMiddleware,
  HttpPlatform,
  HttpRouter,
  type HttpServerRequest,
  type HttpServerResponse
} from "effect/http"
import { Redis } from "effect/persistence"
import { ChildProcessSpawner } from "effect/process"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { createServer, type Server, type ServerResponse, STATUS_CODES } from "node:http"
import { Server as NetServer } from "node:net"
import type { Duplex } from "node:stream"
import { AppConfig } from "../infra/AppConfig.ts"
import { Crypto } from "../infra/Crypto.ts"
import { Draining } from "../infra/Draining.ts"
import { GeoIp } from "../infra/GeoIp.ts"
import { releaseMemory } from "../infra/Heap.ts"
import { Jobs } from "../infra/Jobs.ts"
import { Reads } from "../infra/Sql.ts"
import { version } from "../infra/Version.ts"
import { plainHeaders } from "./ResponseHeaders.ts"
import { type ApiError, envelope, InvalidRequest, TooLarge } from "../http/ApiError.ts"

/** Sends the error envelope for input that the HTTP parser refused. */
const refuse = (socket: Duplex, error: ApiError, withBody = true) => {
  if (!socket.writable) return socket.destroy()
  const id = randomUUID()
  const body = JSON.stringify(envelope(error, id))
  const headers = {
    ...plainHeaders,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-request-id": id,
    connection: "close"
  }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const status = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`
  socket.end([status, ...head, "", withBody ? body : ""].join("\r\n"))
}

const makeServer = () => {
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    // The pipeline refuses it with the error envelope.
    requireHostHeader: false,
    headersTimeout: 10_000,
    requestTimeout: 15_000,
    keepAliveTimeout: 20_000,
    connectionsCheckingInterval: 1000
  })
  server.on("clientError", (error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket) => {
    const isHead = error.rawPacket?.subarray(0, 5).toString() === "HEAD "
    refuse(socket, error.code === "HPE_HEADER_OVERFLOW" ? new TooLarge() : new InvalidRequest(), !isHead)
  })
  server.on("checkExpectation", (request) => refuse(request.socket, new InvalidRequest()))
  server.on("connect", (_, socket) => refuse(socket, new InvalidRequest()))
  return server
}

/** The port is in use, or this process may not bind it. */
export class CannotBind extends Data.TaggedError("CannotBind")<{ readonly variable: string; readonly reason: string }> {
  override get message() {
    return `${this.variable} cannot be bound: ${this.reason}`
  }
}

/** The error listener stays, so that a connection that cannot be accepted later does not end the process. */
export const listen = (server: Server, variable: string, port: number) =>
  Effect.callback<void, CannotBind>((resume) => {
    server.on("error", ({ message }) => resume(new CannotBind({ variable, reason: message })))
    // Without an address Node takes ::, which serves IPv4 too, or 0.0.0.0 where the kernel has no IPv6.
    server.listen(port, () => resume(Effect.void))
  })

/**
 * Drains a server in three steps. First it keeps serving, while load balancers take it out of rotation. Then it accepts
 * no new connections, and each response closes its own. Finally it closes the remaining, idle ones. A proxy may be sending
 * a change on one of those, and could not tell whether it was applied, so proxies get as long as the delay to close theirs.
 */
const drainOf = (server: Server, { begin, tell }: Draining["Service"], delayMs: number) => {
  const answering = new Set<ServerResponse>()
  let draining = false
  let connections = 0
  server.on("connection", (socket) => {
    connections += 1
    socket.on("close", () => (connections -= 1))
  })
  const close = (response: ServerResponse) => {
    response.shouldKeepAlive = false
  }
  server.on("request", (_, response) => {
    if (draining) close(response)
    answering.add(response)
    response.on("close", () => answering.delete(response))
  })
  return Effect.gen(function* () {
    yield* Effect.logInfo("Stopping")
    yield* begin
    yield* Effect.sleep(`${delayMs + 200} millis`)
    draining = true
    answering.forEach(close)
    // http.Server's own close would drop idle connections at once, and with them requests already on their way.
    NetServer.prototype.close.call(server)
    yield* tell
    const idleUntil = performance.now() + delayMs
    const isDrained = () => answering.size === 0 && (connections === 0 || performance.now() >= idleUntil)
    // Every request has a deadline; only clients that do not read their response are left after 8 seconds.
    yield* Effect.sleep("200 millis").pipe(Effect.repeat({ until: isDrained, times: 40 }))
    server.close()
    server.closeAllConnections()
  })
}

/** Routes hold the services that they use; the context of a request is copied often, and needs only the rest. */
const heldByRoutes = [
  AppConfig,
  Draining,
  Jobs,
  Crypto,
  GeoIp,
  Redis.Redis,
  PgClient.PgClient,
  SqlClient.SqlClient,
  Reads,
  Etag.Generator,
  FileSystem.FileSystem,
  HttpPlatform.HttpPlatform,
  HttpRouter.RouterConfig,
  Path.Path,
  ChildProcessSpawner.ChildProcessSpawner,
  Stdio.Stdio,
  Terminal.Terminal,
  Layer.CurrentMemoMap
]
const withoutServices = (all: Context.Context<never>) => {
  const { mapUnsafe } = Context.omit(...heldByRoutes)(all)
  // As many as are added on the way; one more, and it would be copied.
  return Context.makeUnsafe<never>(mapUnsafe, { maxDepth: 16 })
}

/** Serves requests on APP_PORT. The port is bound once everything else is ready, and drained when the scope closes. */
export const serve = <E>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest.HttpServerRequest | Scope.Scope>
) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { port, trustedProxies, shutdownDelayMs, revision } = yield* AppConfig
      const proxied = trustedProxies.length > 0 ? HttpMiddleware.xForwardedHeaders({ trustedProxies })(app) : app
      // Closed after the drain, which interrupts any request still running.
      const requests = yield* Scope.fork(yield* Effect.scope, "parallel")
      const server = makeServer()
      const drain = drainOf(server, yield* Draining, shutdownDelayMs)
      const handler = NodeHttpServer.makeHandler(proxied, { scope: requests })
      server.on("request", yield* Effect.updateContext(handler, withoutServices))
      yield* releaseMemory
      yield* Effect.acquireRelease(listen(server, "APP_PORT", port), () => drain)
      yield* Effect.logInfo(`Serving on port ${port}, version ${version}, revision ${revision}`)
    })
  )

/** The platform services that routes need, and a router that accepts one spelling of each path. */
export const platform = Layer.merge(
  NodeHttpServer.layerHttpServices,
  Layer.succeed(HttpRouter.RouterConfig, {
    ignoreDuplicateSlashes: false,
    ignoreTrailingSlash: false,
    caseSensitive: true,
    maxParamLength: 256
  })
)
