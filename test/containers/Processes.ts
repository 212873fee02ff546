import { type ChildProcess, spawn } from "node:child_process"
import { setTimeout } from "node:timers/promises"

interface Options {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly uid?: number | undefined
  readonly gid?: number | undefined
}

const running = new Set<ChildProcess>()

/** A process in a group of its own, so that everything it starts can be ended with it. */
export const start = ([program = "", ...words]: ReadonlyArray<string>, { cwd, env, uid, gid }: Options) => {
  const user = uid === undefined || gid === undefined ? {} : { uid, gid }
  const child = spawn(program, words, { cwd, env, ...user, detached: true, stdio: ["ignore", "pipe", "pipe"] })
  running.add(child)
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (said += data.toString()))
  const ended = new Promise<number | string | null>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => resolve(code ?? signal))
  }).finally(() => running.delete(child))
  return { child, ended, said: () => said }
}

export type Started = ReturnType<typeof start>

/** Ends a process group that is no longer needed, or what is left of it. */
const endGroup = ({ pid }: ChildProcess) => {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL")
  } catch {
    // It has ended.
  }
}

/** Ends everything that this process started and that still runs. */
export const endAll = () => running.forEach(endGroup)

/** How the process ended, or an error after that many seconds. */
export const endOf = async ({ child, ended, said }: Started, seconds: number) => {
  const late = new AbortController()
  const code = await Promise.race([ended, setTimeout(seconds * 1000, "late" as const, { signal: late.signal })])
  late.abort()
  if (code !== "late") return { code, said: said() }
  endGroup(child)
  throw new Error(`${child.spawnargs.join(" ")} did not end within ${seconds} s:\n${said()}`)
}

export const run = (words: ReadonlyArray<string>, options: Options & { readonly seconds: number }) =>
  endOf(start(words, options), options.seconds)

/** Asks until the fact holds, as long as the process lives. */
export const until = async (process: Started, what: string, holds: () => boolean | Promise<boolean>) => {
  const deadline = performance.now() + 60_000
  while (!(await holds())) {
    if (performance.now() > deadline || process.child.exitCode !== null)
      throw new Error(`${what} never happened:\n${process.said()}`)
    await setTimeout(10)
  }
}
