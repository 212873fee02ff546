import { randomBytes } from "node:crypto"
import { mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { Effect } from "effect"
import { occupant } from "./servers/PostgresData.ts"
import { step } from "./servers/Watchdog.ts"

/** Where a demo that uses a folder says under which addresses it can be reached. */
const noteIn = (home: string) => join(home, "running.txt")

/** Waits until the server of an earlier run has stopped; the data of a running demo must not be touched. */
const untilUnused = async (home: string, postgres: string) => {
  const data = await realpath(join(postgres, "data")).catch(() => undefined)
  if (data === undefined) return
  for (let tries = 0; (await occupant(data)) !== undefined; tries++) {
    if (tries === 20) {
      const addresses = await readFile(noteIn(home), "utf8").catch(() => "It is still starting.")
      throw new Error(
        `A demo is running on the data in ${home}. ${addresses} Stop it first, or start this one beside it: ` +
          "APP_PORT=8001 FRONTEND_BASE_URL=http://localhost:4201 npm run demo -- --data local/second"
      )
    }
    await setTimeout(100)
  }
}

/** Leaves word of a running demo for the next one that is started on its data. */
export const noteAddresses = (home: string, sentence: string) =>
  Effect.acquireRelease(
    Effect.promise(() => writeFile(noteIn(home), sentence)),
    () => Effect.promise(() => rm(noteIn(home), { force: true }))
  )

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
    await untilUnused(home, postgres)
    for (const path of [noteIn(home), ...(fresh ? [postgres, secrets] : [])])
      await rm(path, { recursive: true, force: true })
    await mkdir(home, { recursive: true })
    return { postgres, geoIp: join(home, "GeoLite2-City.mmdb"), secrets: await secretsOf(secrets) }
  })
