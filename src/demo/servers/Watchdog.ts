import { spawn } from "node:child_process"
import { readFile, statfs } from "node:fs/promises"
import { createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { Effect, Schema, type Scope } from "effect"

/** A server of the demo or of the tests could not be started; the message says why, and what to do where that is known. */
export class EmbeddedServerError extends Schema.TaggedError<EmbeddedServerError>()("EmbeddedServerError", {
  message: Schema.String,
  /** Somebody took the port between its choice and its use: another try will choose another. */
  portTaken: Schema.Boolean
}) {}

class PortTaken extends Error {}

/** A step of a start; whatever it throws becomes an `EmbeddedServerError` with the same message. */
export const step = <A>(run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new EmbeddedServerError({
        message: cause instanceof Error ? cause.message : String(cause),
        portTaken: cause instanceof PortTaken
      })
  })

/** The ids a server runs under when they are not our own. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/** What every process started here sees, so that no variable of ours (`PGPORT`, a secret) reaches a server. */
export const environment = { PATH: "/usr/local/bin:/usr/bin:/bin" }

interface Command {
  readonly words: ReadonlyArray<string>
  /** Lines for its standard input, none of them empty. */
  readonly input?: ReadonlyArray<string>
  /** The signal that ends it. */
  readonly stop: "INT" | "QUIT" | "KILL"
}

/** A shell that stands between us and one server, and ends the server when we are gone. */
export interface Watchdog {
  /** A temporary folder, removed after the server has ended. */
  readonly folder: string
  /** Starts the server and waits until `ready` answers true; its standard error goes to the file `log` in the folder. */
  readonly start: (command: Command, ready: () => Promise<boolean>) => Promise<void>
}

/*
 * The shell holds the server as its child and our pipe as its standard input. However we end, the pipe ends with us,
 * so that a close and a SIGKILL take the same path. Two subtleties: a shell starts background children with INT and
 * QUIT ignored, so a signal sent before the server has set its handlers is lost and must be repeated; and our end of
 * the shell's output is closed once only the server holds it, which tells us that the server has ended.
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

/** Longer than a recovery after a crash takes. */
const patience = 60_000

const gibibyte = 1024 ** 3

/** Whether Linux offers memory as a folder, and enough of it; a container often has 64 MB there. */
const memoryIsAmple = async () => {
  const shm = await statfs("/dev/shm").catch(() => undefined)
  return shm !== undefined && shm.bavail * shm.bsize > gibibyte && process.availableMemory() > 2 * gibibyte
}

/** Folders to make temporary ones in, best first. One that the operator chose (TMPDIR) comes before all. */
const placesFor = async (fast: boolean) => {
  const usual = ["/tmp", "/var/tmp"]
  if (!usual.includes(tmpdir())) return [tmpdir(), ...usual]
  return fast && (await memoryIsAmple()) ? ["/dev/shm", ...usual] : usual
}

interface Options {
  /** The user that server and folder belong to; ourselves when undefined. */
  readonly user?: User | undefined
  /** Whether the folder had better lie in memory. Programs may not be allowed to run there. */
  readonly fast?: boolean
  /** Where the server stands at first. */
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
      reject(new Error(`No temporary folder could be made in ${places.join(" or ")}.`))
    })
  })
  // A caller that is finished may leave without closing: the shell sees to the rest.
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

/** A watchdog for one server; closing its scope ends the server and waits for that. */
export const watchdog = (options: Options = {}): Effect.Effect<Watchdog, EmbeddedServerError, Scope.Scope> =>
  Effect.acquireRelease(
    step(() => open(options)),
    ({ close }) => Effect.promise(close)
  )

/** A port of 127.0.0.1 that was free a moment ago. */
export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
