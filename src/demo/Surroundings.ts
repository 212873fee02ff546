import { Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { demoData, noteAddresses } from "./DemoData.ts"
import { embeddedPostgres } from "./servers/EmbeddedPostgres.ts"
import { embeddedRedis } from "./servers/EmbeddedRedis.ts"
import { servePage } from "./page/Page.ts"
import { battlenetSimulator } from "./simulators/Battlenet.ts"
import { discordSimulator } from "./simulators/Discord.ts"
import { warcraftlogsSimulator } from "./simulators/Warcraftlogs.ts"

const client = { clientId: "demo-client", clientSecret: randomBytes(16).toString("hex") }

// No other variable is read: a DB_HOST left in the shell must never point the demo at a real database.
const { APP_PORT, FRONTEND_BASE_URL, LOG_LEVEL, LOG_FORMAT } = process.env
const port = APP_PORT || "8000"
const frontend = (FRONTEND_BASE_URL || "http://localhost:4200").replace(/\/+$/, "")
const redirectUrl = `${frontend}/auth/discord/callback`

// Cookies belong to a host name, so the page and the service must use the same one.
const api = `http://${/^http:\/\/127\.0\.0\.1\b/.test(frontend) ? "127.0.0.1" : "localhost"}:${port}/api/v1`

/**
 * All that a service needs around it, on this machine: PostgreSQL, Redis, the three providers. `variables` configure the
 * service, which listens at `api`; `page` serves the page and gives a line for each of them.
 */
export const surroundings = Effect.fnUntraced(function* (asked: { readonly home: string; readonly fresh: boolean }) {
  const kept = yield* demoData(asked)
  const [postgres, redis, discord, warcraftlogs, battlenet] = yield* Effect.all(
    [
      embeddedPostgres({ directory: kept.postgres }),
      embeddedRedis(),
      discordSimulator({ ...client, redirectUris: [redirectUrl] }),
      warcraftlogsSimulator(client),
      battlenetSimulator(client)
    ],
    { concurrency: "unbounded" }
  )

  const variables: Readonly<Record<string, string | undefined>> = {
    APP_PORT: port,
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
    GEOIP_DATABASE_PATH: kept.geoIp,
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
    LOG_LEVEL: LOG_LEVEL || "Error",
    LOG_FORMAT,
    ...kept.secrets
  }

  const page = Effect.gen(function* () {
    const page = yield* servePage(frontend, api)
    yield* noteAddresses(asked.home, `Its page is ${page}, its service ${api}.`)
    return [
      `Page            ${page}`,
      `Service         ${api}   (documentation: ${api}/docs)`,
      `PostgreSQL      ${postgres.version} on port ${postgres.port}, data in ${asked.home}`,
      `Redis           ${redis.flavour} on port ${redis.port}`,
      `Discord         ${discord.url}   simulated`,
      `Warcraft Logs   ${warcraftlogs.url}   simulated`,
      `Battle.net      ${battlenet.url}   simulated`
    ]
  })
  return { api, page, variables }
})
