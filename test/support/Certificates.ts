import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, createServer, type Socket } from "node:net"
import { TLSSocket } from "node:tls"
import { Effect } from "effect"

const folder = mkdtempSync(join(tmpdir(), "certificates-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

const make = (name: string) => {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
  const words =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
  execFileSync("openssl", [...words.split(" "), "-keyout", key, "-out", certificate], { stdio: "pipe" })
  return { key, certificate }
}

const own = make("own")

/** A certificate for `localhost` that vouches for itself. */
export const certificateFile = own.certificate
/** Its key. */
export const keyFile = own.key
/** The same with its key, for a server. */
export const ownCertificate = () => ({ key: readFileSync(own.key), cert: readFileSync(own.certificate) })
/** Another one, which vouches for nobody else. */
export const strangerFile = make("stranger").certificate

const listening = (serve: (socket: Socket) => void, where: { readonly port?: number; readonly path?: string }) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: ReturnType<typeof createServer>; readonly port: number }>((resume) => {
      const server = createServer(serve)
      server.listen(where, () => {
        const address = server.address()
        resume(Effect.succeed({ server, port: typeof address === "object" && address ? address.port : 0 }))
      })
    }),
    ({ server }) => Effect.sync(() => server.close())
  )

const splice = (one: NodeJS.ReadWriteStream, other: Socket) => {
  one.pipe(other).pipe(one)
  for (const [end, far] of [
    [one, other],
    [other, one]
  ] as const) {
    end.on("error", () => {})
    end.on("close", () => far.end())
  }
}

/** The names that clients asked for. */
interface TlsDoor {
  readonly port: number
  readonly names: Array<string | undefined>
}

/** Speaks TLS in front of a server on 127.0.0.1; with `postgres` after PostgreSQL's own request for it. */
export const tlsDoor = Effect.fnUntraced(function* (target: number, { postgres = false } = {}) {
  const names: TlsDoor["names"] = []
  const secrets = ownCertificate()
  const secure = (socket: Socket) => {
    const inside = new TLSSocket(socket, { isServer: true, ...secrets })
    inside.on("error", () => socket.destroy())
    inside.once("secure", () => names.push((inside as { servername?: string }).servername))
    splice(inside, connect(target, "127.0.0.1"))
  }
  const { port } = yield* listening(
    (socket) => {
      socket.on("error", () => {})
      if (!postgres) return secure(socket)
      socket.once("data", () => {
        socket.write("S")
        secure(socket)
      })
    },
    { port: 0 }
  )
  return { port, names } satisfies TlsDoor
})

/** A directory with PostgreSQL's UNIX socket. */
export const socketDirectory = (target: number) =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "socket-"))),
      (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
    )
    const path = join(directory, `.s.PGSQL.${target}`)
    yield* listening((socket) => splice(socket, connect(target, "127.0.0.1")), { path })
    return directory
  })
