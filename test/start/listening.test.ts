import { assert, it, vi } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:net"
import { networkInterfaces } from "node:os"
import { freePort } from "../../src/demo/servers/Watchdog.ts"
import { textOf } from "../containers/Dockerfile.ts"
import { migratedDatabase } from "../infra/SqlFolders.ts"
import { startProcess, variablesFor } from "./startProcess.ts"

vi.setConfig({ testTimeout: 60_000 })

const loopback = networkInterfaces().lo ?? networkInterfaces().lo0 ?? []
const hasIpv6 = loopback.some(({ family }) => family === "IPv6")

/** 200, or the code of the error. */
const health = (url: string, host: string) =>
  Effect.promise(() =>
    fetch(`${url.replace("127.0.0.1", host)}/health`).then(
      ({ status }) => status,
      ({ cause }: { cause: { code: string } }) => cause.code
    )
  )

/** What Node meets on a kernel without IPv6: the socket cannot be made (EAFNOSUPPORT). */
const withoutIpv6 = `data:text/javascript,${encodeURIComponent(
  'process.binding("tcp_wrap").TCP.prototype.bind6 = () => -97'
)}`

it.live("the service listens on IPv4 and IPv6, and its line says what runs", () =>
  Effect.gen(function* () {
    const variables = yield* variablesFor(yield* migratedDatabase)
    const service = yield* startProcess({ ...variables, REVISION: "34fbca7" })
    yield* service.serving
    const { version } = JSON.parse(textOf("package.json"))
    yield* service.says(`, version ${version}, revision 34fbca7`)
    assert.strictEqual(yield* health(service.url, "127.0.0.1"), 200)
    assert.strictEqual(yield* health(service.url, "[::1]"), hasIpv6 ? 200 : "EADDRNOTAVAIL")
  })
)

it.live("without IPv6 it listens on IPv4", () =>
  Effect.gen(function* () {
    const variables = yield* variablesFor(yield* migratedDatabase)
    const service = yield* startProcess(variables, "--import", withoutIpv6)
    yield* service.serving
    assert.strictEqual(yield* health(service.url, "127.0.0.1"), 200)
    assert.strictEqual(yield* health(service.url, "[::1]"), hasIpv6 ? "ECONNREFUSED" : "EADDRNOTAVAIL")
  })
)

it.live("a port that another program has on IPv4 alone stops the start", () =>
  Effect.gen(function* () {
    const port = yield* Effect.promise(freePort)
    yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer()
        server.listen(port, "0.0.0.0", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    )
    const variables = yield* variablesFor(yield* migratedDatabase)
    const service = yield* startProcess({ ...variables, APP_PORT: String(port) })
    assert.strictEqual(yield* service.ended, 1)
    assert.include(service.output(), "APP_PORT cannot be bound: listen EADDRINUSE")
  })
)
