import { type ChildProcess, spawn } from "node:child_process"
import { chmod, mkdtemp, readFile, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { freePort } from "../../src/demo/servers/Watchdog.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const main = join(root, "src/demo/main.ts")

/** How a demo ended: its exit code, null when killed, and its output. */
export interface End {
  readonly code: number | null
  readonly said: string
}

const ended = (child: ChildProcess, said: () => string) =>
  new Promise<End>((resolve) => child.once("close", (code) => resolve({ code, said: said() })))

/** Parents by process, from /proc. */
const parents = async () => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  const pairs = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")
      // The name is in parentheses and may contain anything.
      return [Number(pid), Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2])] as const
    })
  )
  return new Map(pairs.filter(([, parent]) => parent > 0))
}

/** The process and all its descendants. */
const family = async (pid: number) => {
  const all = await parents()
  const members = new Set([pid])
  for (let size = 0; size < members.size;) {
    size = members.size
    for (const [child, parent] of all) if (members.has(parent)) members.add(child)
  }
  return members
}

export interface Demo {
  /** What it printed. */
  readonly output: string
  readonly api: string
  readonly frontend: string
  /** The commands it printed, as printed. */
  readonly walk: string
  /** What it has printed by now. */
  readonly said: () => string
  readonly end: (signal: NodeJS.Signals) => Promise<End>
  /** Its processes that still run, and its temporary folders that still exist. */
  readonly remains: () => Promise<ReadonlyArray<string>>
}

/** A folder for data and temporary files that other users may enter: PostgreSQL does not run as root. */
export const demoFolder = async () => {
  const path = await mkdtemp(join(tmpdir(), "test-demo-"))
  await chmod(path, 0o777)
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 20 }) }
}

interface Options {
  /** The program; the demo of this tree unless another is named. */
  readonly program?: string
  /** What it prints last of its start. */
  readonly started?: string
  readonly folder: string
  readonly words?: ReadonlyArray<string>
  readonly frontend?: string
  /** By npm, as people do. */
  readonly byNpm?: boolean
}

/** Starts `npm run demo` as a process of its own, on free ports. */
export const spawnDemo = async ({ folder, words = [], frontend, program = main, byNpm = false }: Options) => {
  const port = await freePort()
  const variables = {
    PATH: process.env.PATH,
    TMPDIR: folder,
    APP_PORT: String(port),
    FRONTEND_BASE_URL: frontend ?? `http://localhost:${await freePort()}`
  }
  const [command, ...first] = byNpm ? ["npm", "run", "demo", "--"] : [process.execPath, program]
  const child = spawn(command!, [...first, "--data", join(folder, "data"), ...words], {
    env: variables,
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"]
  })
  process.once("exit", () => child.kill("SIGKILL"))
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()))
  const end = ended(child, () => said)
  return { child, end, said: () => said, frontend: variables.FRONTEND_BASE_URL }
}

/** The same, once it has printed everything; if it ends before that, an error with its output. */
export const startDemo = async (options: Options): Promise<Demo> => {
  const { child, end, said, frontend } = await spawnDemo(options)
  const { started = "Ctrl-C ends everything" } = options
  while (!said().includes(started)) {
    const early = await Promise.race([end, setTimeout(20)])
    if (early !== undefined) throw new Error(`The demo ended with ${early.code}:\n${early.said}`)
  }
  const output = said()
  const members = await family(child.pid!)
  return {
    output,
    frontend,
    api: /^Service +(\S+)/m.exec(output)![1]!,
    walk: /^API=[^]*?\n\n(?=Page)/m.exec(output)?.[0] ?? "",
    said,
    end: async (signal) => {
      for (const pid of await family(child.pid!)) members.add(pid)
      child.kill(signal)
      return end
    },
    remains: async () => {
      const running = new Set((await parents()).keys())
      // npm keeps what it compiled.
      const kept = new Set(["data", "node-compile-cache"])
      const folders = (await readdir(options.folder)).filter((name) => !kept.has(name))
      return [...[...members].filter((pid) => running.has(pid)).map((pid) => `process ${pid}`), ...folders]
    }
  }
}
