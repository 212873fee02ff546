import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { type Socket, connect } from "node:net"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { Effect, Redacted, type Scope } from "effect"
import { type EmbeddedServerError, freePort, step, watchdog } from "./Watchdog.ts"

/** A Redis server's connection details, name and version: `redis-server 7.0.15`, `js-redis-server 0.3.0 (in process)`. */
export interface RedisServer {
  readonly host: string
  readonly port: number
  readonly password: Redacted.Redacted<string>
  readonly flavour: string
}

interface Executable {
  readonly path: string
  readonly flavour: string
}

/** The first of the two servers that is on PATH and runs. */
const executable = async (): Promise<Executable | undefined> => {
  for (const name of ["redis-server", "valkey-server"]) {
    const find = `path=$(command -v ${name}) && echo "$path" && "$path" --version`
    const { stdout } = await promisify(execFile)("/bin/sh", ["-c", find]).catch(() => ({ stdout: "" }))
    const [path, said = ""] = stdout.split("\n")
    if (path?.startsWith("/"))
      return { path, flavour: `${name} ${/\bv=(\S+)/.exec(said)?.[1] ?? "of unknown version"}` }
  }
  return undefined
}

/** Whether our server answers, and not another program on its port. */
const answers = (port: number, password: string) =>
  new Promise<boolean>((resolve) => {
    let said = ""
    const socket = connect(port, "127.0.0.1", () => socket.write(`AUTH ${password}\r\nPING\r\nQUIT\r\n`))
    socket.on("data", (data) => (said += data.toString()))
    socket.once("error", () => {})
    socket.once("close", () => resolve(said.startsWith("+OK\r\n+PONG")))
  })

const installed = Effect.fnUntraced(function* ({ path, flavour }: Executable) {
  const dog = yield* watchdog()
  return yield* step(async (): Promise<RedisServer> => {
    const port = await freePort()
    const password = randomBytes(24).toString("base64url")
    const input = [
      "bind 127.0.0.1",
      `port ${port}`,
      `requirepass ${password}`,
      'save ""',
      "appendonly no",
      "daemonize no",
      `dir "${dog.folder}"`,
      `logfile "${join(dog.folder, "log")}"`
    ]
    // No data is kept, so KILL is safe; an endless Lua script would block any gentler signal.
    await dog.start({ words: [path, "-"], input, stop: "KILL" }, () => answers(port, password))
    return { host: "127.0.0.1", port, password: Redacted.make(password), flavour }
  })
})

/** The simulation's own `listen` binds every address of the machine, so this binds its socket server directly. */
const open = async () => {
  const { Resp2Server, RedisServerState, createRedisCommandExecutor } = await import("js-redis-server/core")
  const entry = createRequire(import.meta.url).resolve("js-redis-server/core")
  const { version } = JSON.parse(await readFile(join(dirname(entry), "../package.json"), "utf8"))
  const password = randomBytes(24).toString("base64url")
  const state = new RedisServerState({ requirepass: password, databaseCount: 16, compatibility: "redis-7.0" })
  const executor = createRedisCommandExecutor({ compatibility: "redis-7.0" })
  const resp = new Resp2Server({ server: state, executor })
  const sockets = new Set<Socket>()
  resp.server.on("connection", (socket) => sockets.add(socket.once("close", () => sockets.delete(socket))))
  await new Promise<void>((resolve, reject) => resp.server.once("error", reject).listen(0, "127.0.0.1", resolve))
  const close = () => {
    const closed = resp.close()
    for (const socket of sockets) socket.destroy()
    return closed
  }
  const server: RedisServer = {
    host: "127.0.0.1",
    port: resp.getPort(),
    password: Redacted.make(password),
    flavour: `js-redis-server ${version} (in process)`
  }
  return { server, close }
}

const inProcess = Effect.acquireRelease(step(open), ({ close }) => Effect.promise(close)).pipe(
  Effect.map(({ server }) => server)
)

/**
 * A Redis server on a free port of 127.0.0.1 that keeps no data. It stops with the scope or with this process, even if
 * the process is killed. It is the `redis-server` or `valkey-server` on PATH; if there is neither, or with `inProcess`,
 * it is a simulation in this process.
 */
export const embeddedRedis = (
  options: { readonly inProcess?: boolean } = {}
): Effect.Effect<RedisServer, EmbeddedServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const found = options.inProcess ? undefined : yield* step(executable)
    return yield* found === undefined
      ? inProcess
      : Effect.retry(installed(found), { times: 3, while: (error) => error.portTaken })
  })
