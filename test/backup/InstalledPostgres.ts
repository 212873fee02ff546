import { randomBytes } from "node:crypto"
import { existsSync, readdirSync } from "node:fs"
import { chown, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Redacted } from "effect"
import type { PostgresServer } from "../../src/demo/servers/EmbeddedPostgres.ts"
import { run, serverUser } from "../../src/demo/servers/PostgresBinaries.ts"
import { freePort, step, watchdog } from "../../src/demo/servers/Watchdog.ts"

/** Where Debian and its derivatives install PostgreSQL, a folder for each version. */
const versions = "/usr/lib/postgresql"
const needed = ["initdb", "postgres", "pg_dump", "pg_restore", "createdb", "psql"]

/** The programs of the distribution's newest PostgreSQL: the embedded one comes without `pg_dump`. */
const programs = () => {
  const found = existsSync(versions) ? readdirSync(versions) : []
  const folders = found.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(versions, version, "bin"))
  const folder = folders.find((folder) => needed.every((name) => existsSync(join(folder, name))))
  if (folder === undefined)
    throw new Error(`There is no PostgreSQL with ${needed.join(", ")} in ${versions}: apt-get install postgresql`)
  return folder
}

/** The distribution's server on a free port, with its programs; it is stopped and its data removed with the scope. */
export const installedPostgres = Effect.gen(function* () {
  const bin = yield* step(async () => programs())
  const user = yield* step(() => serverUser(undefined))
  const dog = yield* watchdog({ user, fast: true })
  const [data, pwfile] = [join(dog.folder, "data"), join(dog.folder, "pwfile")]
  const password = randomBytes(24).toString("base64url")
  return yield* step(async () => {
    await writeFile(pwfile, password, { mode: 0o600 })
    if (user !== undefined) await chown(pwfile, user.uid, user.gid)
    const settings = "-U postgres -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync".split(" ")
    await run({ user }, join(bin, "initdb"), "-D", data, `--pwfile=${pwfile}`, ...settings)
    const port = await freePort()
    const version = /[\d.]+/.exec(await run({ user }, join(bin, "postgres"), "--version"))![0]
    const words = [join(bin, "postgres"), "-D", data, "-c", `port=${port}`, "-c", "listen_addresses=127.0.0.1"]
    await dog.start(
      { words: [...words, "-c", "unix_socket_directories=", "-c", "fsync=off"], stop: "QUIT" },
      async () => {
        const mark = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")
        return mark.split("\n")[7]?.trim() === "ready"
      }
    )
    const server = { host: "127.0.0.1", port, user: "postgres", password: Redacted.make(password), version }
    return { bin, server: server satisfies PostgresServer }
  })
})
