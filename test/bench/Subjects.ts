import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { closeSync, openSync, readFileSync, truncateSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { Effect } from "effect"
import { freePort } from "../../src/demo/servers/Watchdog.ts"
import { askOnce } from "./Client.ts"
import { users } from "./Data.ts"
import { type Kind, kinds } from "./Kinds.ts"
import { cores, listensOn } from "./Machine.ts"
import { prepareOne, type RouteName } from "./Routes.ts"

/** A server that is measured. */
export interface Subject {
  readonly kind: Kind
  readonly pid: number
  readonly port: number
  /** Milliseconds from its start to its first answer. */
  readonly startMs: number
  /** Forgets the log lines so far: a disk is not what is measured. */
  readonly forgetLog: () => void
}

export type Variables = Readonly<Record<string, string>>

const alive = (child: ChildProcess) => child.exitCode === null && child.signalCode === null

const end = async (child: ChildProcess) => {
  const gone = new Promise((resolve) => child.once("exit", resolve))
  if (!alive(child)) return
  child.kill("SIGTERM")
  const late = setTimeout(10_000, undefined, { ref: false }).then(() => child.kill("SIGKILL"))
  await Promise.race([gone, late])
}

const probe: Readonly<Record<Kind, RouteName>> = {
  bundle: "health",
  source: "health",
  fastify: "health",
  plain: "health",
  betterAuth: "session"
}

/** Our process has the port to itself, and what answers there repeats what it was told. */
const isAnswering = async (kind: Kind, pid: number, port: number) => {
  if (!listensOn(pid, port)) return false
  const id = randomUUID()
  const answer = await askOnce(port, prepareOne(kind, probe[kind], 0, id))
  const echo = /\r\nx-request-id: ?(\S+)/i.exec(answer.head)?.[1]
  if (answer.status !== 200 || echo !== id) throw new Error(`A stranger answers on port ${port}:\n${answer.head}`)
  return true
}

/** Starts a server alone on its core, its log lines in a file, and ends it with the scope. */
export const startSubject = Effect.fnUntraced(function* (kind: Kind, variables: Variables, folder: string) {
  const { words, variables: own, cwd } = kinds[kind]
  const port = yield* Effect.promise(freePort)
  const log = join(folder, `${kind}.log`)
  const errors = join(folder, `${kind}.errors`)
  const env = { ...variables, ...own, APP_PORT: String(port), BENCH_USERS: String(users) }
  const started = performance.now()
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const files = [openSync(log, "a"), openSync(errors, "a")] as const
      const pinned = ["-c", String(cores.server), process.execPath, ...words]
      const child = spawn("taskset", pinned, { cwd, env, stdio: ["ignore", ...files] })
      files.forEach((file) => closeSync(file))
      return child
    }),
    (child) => Effect.promise(() => end(child))
  )
  yield* Effect.promise(async () => {
    while (!(await isAnswering(kind, child.pid!, port))) {
      if (!alive(child) || performance.now() - started > 60_000)
        throw new Error(
          `${kind} does not start:\n${readFileSync(errors, "utf8")}${readFileSync(log, "utf8").slice(-2000)}`
        )
      await setTimeout(10)
    }
  })
  const subject: Subject = {
    kind,
    pid: child.pid!,
    port,
    startMs: performance.now() - started,
    forgetLog: () => truncateSync(log)
  }
  return subject
})
