import { randomBytes } from "node:crypto"
import { access, chown, mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { run } from "./PostgresBinaries.ts"
import type { User } from "./Watchdog.ts"

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false
  )

/**
 * A path by which the user can reach a folder, and the working directory that this needs. If a parent folder is closed to
 * `nobody`, root can still start the process inside the folder, and Linux names it `/proc/self/cwd`.
 */
const reach = async (path: string, user: User | undefined) => {
  if (user === undefined) return { cwd: "/", name: path }
  const enters = await run({ user }, "ls", "-d", join(path, ".")).catch(() => undefined)
  if (enters !== undefined) return { cwd: "/", name: path }
  if (process.platform === "linux") return { cwd: path, name: "/proc/self/cwd" }
  throw new Error(
    `PostgreSQL does not run as root, so it runs as the user "nobody", which cannot enter ${path}. ` +
      "Choose a folder that every user may enter, or run this as an ordinary user."
  )
}

const settings = "-U postgres -A scram-sha-256 -E UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"

/** Initialises new data with a new password, under a temporary name until it is complete. */
const initialise = async (home: string, user: User | undefined, initdb: string, folder: string) => {
  const unfinished = join(home, "unfinished")
  const pwfile = join(folder, "pwfile")
  const password = randomBytes(24).toString("base64url")
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  await writeFile(pwfile, password, { mode: 0o600 })
  await writeFile(join(home, "password"), password, { mode: 0o600 })
  if (user !== undefined) for (const path of [unfinished, pwfile]) await chown(path, user.uid, user.gid)
  const { cwd, name } = await reach(unfinished, user)
  await run({ user, cwd }, initdb, "-D", name, `--pwfile=${pwfile}`, "--no-sync", ...settings.split(" "))
  await rm(pwfile)
  await rename(unfinished, join(home, "data"))
}

/** The process that serves this data, if the pid in postmaster.pid still belongs to its PostgreSQL. */
export const occupant = async (data: string) => {
  const pid = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n", 1)[0] ?? ""
  if (!/^\d+$/.test(pid)) return undefined
  const serves = await (
    process.platform === "linux"
      ? realpath(`/proc/${pid}/cwd`).then((path) => path === data)
      : run({}, "ps", "-ww", "-o", "args=", "-p", pid).then((words) => words.includes(data))
  ).catch(() => false)
  return serves ? pid : undefined
}

/** Waits for a stopping server, and removes the pid file of a killed one, whose pid may now be another process's. */
const vacate = async (data: string) => {
  for (let tries = 0; tries < 200; tries++) {
    if ((await occupant(data)) === undefined) return rm(join(data, "postmaster.pid"), { force: true })
    await setTimeout(50)
  }
  throw new Error(`${data} is in use by a PostgreSQL server with process id ${await occupant(data)}.`)
}

interface Needs {
  readonly home: string
  readonly user: User | undefined
  readonly initdb: string
  readonly version: string
  /** A temporary folder that belongs to the user. */
  readonly folder: string
}

/** The data and password in a folder, created if missing, ready for a server to start on. */
export const postgresData = async ({ home, user, initdb, version, folder }: Needs) => {
  await mkdir(home, { recursive: true, mode: user === undefined ? 0o700 : 0o711 })
  const path = await realpath(home)
  const data = join(path, "data")
  if (!(await exists(data))) await initialise(path, user, initdb, folder)
  const password = await readFile(join(path, "password"), "utf8")
  const written = (await readFile(join(data, "PG_VERSION"), "utf8")).trim()
  if (!version.startsWith(`${written}.`))
    throw new Error(`${data} was written by PostgreSQL ${written}, but this is ${version}. Remove the folder.`)
  await vacate(data)
  return { data, password, ...(await reach(data, user)) }
}
