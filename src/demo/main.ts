import { Effect, Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { App } from "../App.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import { launch } from "../Launch.ts"
import { embeddedPostgres } from "./EmbeddedPostgres.ts"
import { embeddedRedis } from "./EmbeddedRedis.ts"
import { servePage } from "./Page.ts"
import { battlenetSimulator } from "./sim/Battlenet.ts"
import { discordSimulator } from "./sim/Discord.ts"
import { warcraftlogsSimulator } from "./sim/Warcraftlogs.ts"
import { walk } from "./Walk.ts"
import { step } from "./Watchdog.ts"

const home = fileURLToPath(new URL("../../local/demo/", import.meta.url))

/** Kept between runs, so that sessions and sealed tokens of yesterday still work. */
const secrets = step(async () => {
  const file = `${home}secrets.json`
  const text = await readFile(file, "utf8").catch(async () => {
    const made = JSON.stringify({
      SESSION_HMAC_SECRET: randomBytes(32).toString("base64url"),
      DISCORD_TOKEN_ENCRYPTION_KEY: randomBytes(32).toString("hex")
    })
    await writeFile(file, made, { mode: 0o600 })
    return made
  })
  return JSON.parse(text) as Record<string, string>
})

const folder = step(async () => {
  if (process.argv.includes("--fresh")) await rm(home, { recursive: true, force: true })
  await mkdir(home, { recursive: true })
})

const client = { clientId: "demo-client", clientSecret: randomBytes(16).toString("hex") }

const demo = Effect.gen(function* () {
  yield* folder
  const frontend = process.env.FRONTEND_BASE_URL ?? "http://localhost:4200"
  const redirectUrl = `${frontend}/auth/discord/callback`
  const [postgres, redis, discord, warcraftlogs, battlenet, kept] = yield* Effect.all(
    [
      embeddedPostgres({ directory: `${home}postgres` }),
      embeddedRedis(),
      discordSimulator({ ...client, redirectUris: [redirectUrl] }),
      warcraftlogsSimulator(client),
      battlenetSimulator(client),
      secrets
    ],
    { concurrency: "unbounded" }
  )

  const environment = {
    APP_PORT: "8000",
    FRONTEND_BASE_URL: frontend,
    DB_HOST: postgres.host,
    DB_PORT: String(postgres.port),
    DB_USER: postgres.user,
    DB_PASSWORD: Redacted.value(postgres.password),
    DB_NAME: "postgres",
    REDIS_HOST: redis.host,
    REDIS_PORT: String(redis.port),
    REDIS_PASSWORD: Redacted.value(redis.password),
    DISCORD_CLIENT_ID: client.clientId,
    DISCORD_CLIENT_SECRET: client.clientSecret,
    DISCORD_REDIRECT_URL: redirectUrl,
    DISCORD_API_BASE_URL: discord.apiBaseUrl,
    DISCORD_AUTHORIZE_URL: discord.authorizeUrl,
    GEOIP_DATABASE_PATH: `${home}GeoLite2-City.mmdb`,
    COOKIE_DOMAIN: "localhost",
    COOKIE_SECURE: "false",
    WCL_CLIENT_ID: client.clientId,
    WCL_CLIENT_SECRET: client.clientSecret,
    WCL_OAUTH_TOKEN_URL: warcraftlogs.tokenUrl,
    WCL_ENDPOINT: warcraftlogs.endpoint,
    BNET_CLIENT_ID: client.clientId,
    BNET_CLIENT_SECRET: client.clientSecret,
    BNET_OAUTH_TOKEN_URL: battlenet.tokenUrl,
    BNET_API_BASE_URL: battlenet.apiBaseUrl,
    RUN_DB_SEEDS: "true",
    LOG_LEVEL: "Warn",
    ...kept
  }
  // Only these may be changed: a DB_HOST left in the shell must never lead the demo to a real database.
  const { APP_PORT = environment.APP_PORT, LOG_LEVEL = environment.LOG_LEVEL, LOG_FORMAT } = process.env
  const config = AppConfig.layerFrom({ ...environment, APP_PORT, LOG_LEVEL, LOG_FORMAT })

  const announce = Effect.gen(function* () {
    const api = `http://localhost:${APP_PORT}/api/v1`
    const page = yield* servePage(frontend, api)
    const lines = [
      "",
      `The service    ${api}   (documentation: ${api}/docs)`,
      `A small page   ${page}`,
      `PostgreSQL     ${postgres.version} on port ${postgres.port}, data in local/demo`,
      `Redis          ${redis.flavour} on port ${redis.port}`,
      `Discord        ${discord.url}   simulated`,
      `Warcraft Logs  ${warcraftlogs.url}   simulated`,
      `Battle.net     ${battlenet.url}   simulated`,
      "",
      "The main job with curl, to copy and paste into a shell:",
      "",
      walk(api),
      "",
      "Ctrl-C ends everything. `npm run demo -- --fresh` forgets the data.",
      ""
    ]
    yield* Effect.sync(() => process.stdout.write(lines.join("\n")))
  })

  return Layer.effectDiscard(announce).pipe(Layer.provide(App), Layer.provide(config))
})

launch(Layer.unwrap(demo))
