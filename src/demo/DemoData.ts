import { randomBytes } from "node:crypto"
import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { step } from "./servers/Watchdog.ts"

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    if (!(port > 0)) return resolve(false)
    const socket = connect(port, "127.0.0.1")
    socket.once("error", () => resolve(false))
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    return undefined
  })

/** Waits until the server of an earlier run has stopped; the data of a running demo must not be deleted. */
const untilUnused = async (home: string, postgres: string) => {
  const mark = await readFile(join(postgres, "data/postmaster.pid"), "utf8").catch(() => "")
  const port = Number(mark.split("\n")[3])
  for (let tries = 0; await listens(port); tries++) {
    if (tries === 20) throw new Error(`A demo is running on the data in ${home}. Stop it first.`)
    await setTimeout(100)
  }
}

const secretsOf = async (file: string): Promise<Record<string, string>> => {
  const kept = await readFile(file, "utf8").catch(() => undefined)
  if (kept !== undefined) return JSON.parse(kept)
  const made = {
    SESSION_HMAC_SECRET: randomBytes(32).toString("base64url"),
    DISCORD_TOKEN_ENCRYPTION_KEY: randomBytes(32).toString("hex")
  }
  await writeFile(file, JSON.stringify(made), { mode: 0o600 })
  return made
}

/**
 * The data a demo keeps in its folder between runs, so that earlier sessions and sealed tokens still work. It deletes
 * only files that a demo has created: the folder may also hold other files.
 */
export const demoData = (options: { readonly home: string; readonly fresh: boolean }) =>
  step(async () => {
    const { home, fresh } = options
    const postgres = join(home, "embedded-postgres")
    const secrets = join(home, "secrets.json")
    if (fresh) {
      await untilUnused(home, postgres)
      for (const path of [postgres, secrets]) await rm(path, { recursive: true, force: true })
    }
    await mkdir(home, { recursive: true })
    return { postgres, geoIp: join(home, "GeoLite2-City.mmdb"), secrets: await secretsOf(secrets) }
  })
