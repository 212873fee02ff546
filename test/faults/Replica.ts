import { type ChildProcess, spawn } from "node:child_process"
import { randomInt } from "node:crypto"
import { closeSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as setKill } from "node:timers"
import { setTimeout } from "node:timers/promises"
import { kinds } from "../bench/Kinds.ts"
import { ask } from "./Ask.ts"

/* The built bundle, started as the image starts it, or the source, as a process of its own. */

/** Below the range of ephemeral ports, so that no client takes the port while the replica is down. */
let nextPort = randomInt(10_000, 30_000)

type Variables = Readonly<Record<string, string>>

export class Replica {
  readonly port = nextPort++
  readonly log: string
  private child: ChildProcess | undefined
  private exited: Promise<number | string | null> = Promise.resolve(null)
  private readonly variables: Variables
  private readonly kind: (typeof kinds)["bundle" | "source"]

  constructor(variables: Variables, folder: string, kind: "bundle" | "source" = "bundle") {
    this.kind = kinds[kind]
    this.variables = variables
    this.log = join(folder, `replica-${this.port}.log`)
  }

  get pid() {
    if (this.child?.pid === undefined) throw new Error("The replica was not started.")
    return this.child.pid
  }

  get isRunning() {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null
  }

  /** Starts the process without waiting for it. */
  spawn(more: Variables = {}) {
    const { words, variables, cwd } = this.kind
    const file = openSync(this.log, "a")
    const env = { ...this.variables, ...variables, ...more, APP_PORT: String(this.port) }
    const child = spawn(process.execPath, words, { cwd, env, stdio: ["ignore", file, file] })
    closeSync(file)
    this.child = child
    this.exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)))
    return this
  }

  /** Milliseconds until the first answer. */
  async answered(path = "/health", patience = 60_000) {
    const since = performance.now()
    for (;;) {
      const { status } = await ask(this.port, { path, fresh: true, timeout: 2000 })
      if (status === 200) return performance.now() - since
      if (!this.isRunning || performance.now() - since > patience)
        throw new Error(`A replica does not serve ${path}:\n${this.output().slice(-2000)}`)
      await setTimeout(5)
    }
  }

  async start() {
    this.spawn()
    return this.answered()
  }

  /** Milliseconds until a process ends that has nothing configured: what a start takes of this machine before it asks anybody. */
  refused() {
    const { words, cwd } = this.kind
    const since = performance.now()
    const child = spawn(process.execPath, words, { cwd, env: {}, stdio: "ignore" })
    return new Promise<number>((resolve) => child.once("exit", () => resolve(performance.now() - since)))
  }

  /** Sends a signal and waits for the end: the exit code, or the signal's name. Who does not stop in 30 s is killed. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGKILL") {
    const { child, exited } = this
    if (!this.isRunning || child === undefined) return exited
    child.kill(signal)
    const late = setKill(() => child.kill("SIGKILL"), 30_000)
    return exited.finally(() => clearTimeout(late))
  }

  signal(signal: "SIGSTOP" | "SIGCONT") {
    this.child?.kill(signal)
  }

  readonly ended = () => this.exited

  /** The log lines of defects. */
  unexpected() {
    return this.output()
      .split("\n")
      .filter((line) => line.includes("failed unexpectedly"))
  }

  readonly output = () => readFileSync(this.log, "utf8")
}
