import { spawn } from "node:child_process"
import { readFile, statfs } from "node:fs/promises"
import { createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { Effect, Schema, type Scope } from "effect"

/** A server of the demo or the tests could not be started; the message gives the reason and, if known, the remedy. */
export class EmbeddedServerError extends Schema.TaggedError<EmbeddedServerError>()("EmbeddedServerError", {
  message: Schema.String,
  /** Another process took the port after it was chosen; a retry chooses another. */
  portTaken: Schema.Boolean
}) {}

class PortTaken extends Error {}

/** A step of the start; anything it throws becomes an `EmbeddedServerError` with the same message. */
export const step = <A>(run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new EmbeddedServerError({
        message: cause instanceof Error ? cause.message : String(cause),
        portTaken: cause instanceof PortTaken
      })
  })

/** The ids that a server runs under, if not our own. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/** The environment of every process started here: no variable of ours (`PGPORT`, a secret) reaches a server. */
export const environment = { PATH: "/usr/local/bin:/usr/bin:/bin" }

interface Command {
  readonly words: ReadonlyArray<string>
  /** Lines for its standard input, none of them empty. */
  readonly input?: ReadonlyArray<string>
  /** The signal that ends it. */
  readonly stop: "INT" | "QUIT" | "KILL"
}

/** A shell between this process and one server; it stops the server when this process is gone. */
export interface Watchdog {
  /** A temporary folder, removed after the server has stopped. */
  readonly folder: string
  /** Starts the server and waits until `ready` returns true; its standard error goes to the file `log` in the folder. */
  readonly start: (command: Command, ready: () => Promise<boolean>) => Promise<void>
}

/*
 * The shell has the server as its child and our pipe as its standard input. However this process ends, the pipe closes, so
 * a normal close and a SIGKILL take the same path. Two subtleties: a shell starts background children with INT and QUIT
 * ignored, so a signal sent before the server has set its handlers is lost and must be repeated. And once only the server
 * holds the shell's output, our end closes when the server ends, which is how we notice.
 */
const script = `
trap '' HUP INT TERM
for place in "$@"; do
  folder=$(mktemp -d "$place/raid-XXXXXXXX" 2>/dev/null) && break
done
[ -n "$folder" ] || exit 1
echo "$folder"
set --
while IFS= read -r word && [ -n "$word" ]; do set -- "$@" "$word"; done
if [ $# -gt 0 ]; then
  stop=$1; shift
  input=
  while IFS= read -r line && [ -n "$line" ]; do input="$input$line
"; done
  "$@" 2>>"$folder/log" <<END &
$input
END
  server=$!
  exec >/dev/null
  while IFS= read -r line; do :; done
  while kill -s "$stop" "$server" 2>/dev/null; do sleep 0.05; done
fi
tries=0
until rm -rf "$folder" || [ $tries -gt 100 ]; do tries=$((tries + 1)); sleep 0.05; done
`

/** Milliseconds; longer than crash recovery takes. */
const patience = 60_000

const gibibyte = 1024 ** 3

/** Whether Linux has a folder in memory that is large enough; in a container it is often only 64 MB. */
const memoryIsAmple = async () => {
  const shm = await statfs("/dev/shm").catch(() => undefined)
  return shm !== undefined && shm.bavail * shm.bsize > gibibyte && process.availableMemory() > 2 * gibibyte
}

/** Parent folders for temporary folders, best first. One chosen by the operator (TMPDIR) comes first. */
const placesFor = async (fast: boolean) => {
  const usual = ["/tmp", "/var/tmp"]
  if (!usual.includes(tmpdir())) return [tmpdir(), ...usual]
  return fast && (await memoryIsAmple()) ? ["/dev/shm", ...usual] : usual
}

interface Options {
  /** The user that runs the server and owns the folder; undefined for the current user. */
  readonly user?: User | undefined
  /** Whether to prefer a folder in memory. It may be mounted without permission to run programs. */
  readonly fast?: boolean
  /** The server's working directory at the start. */
  readonly cwd?: string
}

const open = async ({ user, fast = false, cwd = "/" }: Options) => {
  const places = await placesFor(fast)
  const child = spawn("/bin/sh", ["-c", script, "watchdog", ...places], {
    cwd,
    detached: true,
    env: environment,
    stdio: ["pipe", "pipe", "ignore"],
    ...user
  })
  let ended = false
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()).once("error", () => resolve()))
  child.stdin.on("error", () => {})
  const folder = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (line: Buffer) => resolve(line.toString().trimEnd()))
    child.stdout.once("close", () => {
      ended = true
      reject(new Error(`No temporary folder could be created in ${places.join(" or ")}.`))
    })
  })
  // A caller may exit without closing: the shell cleans up.
  for (const handle of [child, child.stdin as Socket, child.stdout as Socket]) handle.unref()

  const start: Watchdog["start"] = async ({ words, input = [], stop }, ready) => {
    child.stdin.write([stop, ...words, "", ...input, "", ""].join("\n"))
    const deadline = performance.now() + patience
    while (!(await ready())) {
      if (ended || performance.now() > deadline) {
        const log = (await readFile(join(folder, "log"), "utf8")).trim().split("\n").slice(-8).join("\n")
        if (/address already in use/i.test(log)) throw new PortTaken(log)
        throw new Error(`${words[0]} ${ended ? "ended before it was ready" : "did not get ready"}:\n${log}`)
      }
      await setTimeout(10)
    }
  }
  const close = () => {
    child.ref()
    child.stdin.end()
    return exited
  }
  return { folder, start, close }
}

/** A watchdog for one server; closing its scope stops the server and waits until it has ended. */
export const watchdog = (options: Options = {}): Effect.Effect<Watchdog, EmbeddedServerError, Scope.Scope> =>
  Effect.acquireRelease(
    step(() => open(options)),
    ({ close }) => Effect.promise(close)
  )

const takes = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })

// Below the ports that systems give to outgoing connections, which could take one since; a hundred for each process, in
// turn, so that those who ask at once get different ones.
const firstPort = 11_000 + (process.pid % 210) * 100
let asked = 0

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const port = firstPort + (asked++ % 100)
  return (await takes(port)) ? port : freePort()
}
