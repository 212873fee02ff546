import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { Effect, Redacted, Schedule } from "effect"
import { freePort } from "../../src/demo/servers/Watchdog.ts"

/** Debian keeps it where an ordinary user does not look. */
const binary = () => {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"]
  const found = folders.map((folder) => join(folder, "pgbouncer")).find((path) => existsSync(path))
  if (found === undefined) throw new Error("pgbouncer is not installed: apt-get install pgbouncer")
  return found
}

const answers = (port: number) =>
  Effect.callback<void, string>((resume) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy()
      resume(Effect.void)
    })
    socket.on("error", (error) => resume(Effect.fail(error.message)))
  })

interface Server {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Redacted.Redacted<string>
}

/** A PgBouncer in front of a server with nothing but its defaults and these lines; it gives its port. */
export const pgBouncer = Effect.fnUntraced(function* (server: Server, ...lines: ReadonlyArray<string>) {
  const path = yield* Effect.sync(binary)
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "pgbouncer-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
  const port = yield* Effect.promise(freePort)
  const [config, users] = [join(folder, "pgbouncer.ini"), join(folder, "users")]
  writeFileSync(users, `"${server.user}" "${Redacted.value(server.password)}"\n`)
  writeFileSync(
    config,
    [
      "[databases]",
      `* = host=${server.host} port=${server.port}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = scram-sha-256",
      `auth_file = ${users}`,
      // It refuses to run as root.
      ...(process.getuid?.() === 0 ? ["user = nobody"] : []),
      ...lines,
      ""
    ].join("\n")
  )
  for (const [name, mode] of [
    [folder, 0o755],
    [users, 0o644]
  ] as const)
    chmodSync(name, mode)
  let said = ""
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(path, [config], { stdio: ["ignore", "pipe", "pipe"] })
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (said += data.toString()))
      return child
    }),
    (child: ChildProcess) => Effect.sync(() => child.kill("SIGKILL"))
  )
  yield* answers(port).pipe(
    Effect.retry({ schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "10 seconds" })) }),
    Effect.catch((reason) => Effect.die(new Error(`PgBouncer does not answer (${reason}):\n${said}`)))
  )
  return port
})
