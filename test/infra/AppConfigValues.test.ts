import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { IpNetwork } from "effect/net"
import type { AppConfig } from "../../src/infra/AppConfig.ts"
import { certificateFile } from "../support/Certificates.ts"
import { environment } from "../support/environment.ts"
import { key, nameOf, read, readAll, refuse } from "./configured.ts"

type Config = AppConfig["Service"]

interface Good {
  readonly of: (config: Config) => unknown
  readonly is: unknown
}

const good: ReadonlyArray<readonly [name: string, value: string, Good]> = [
  ["APP_PORT", "1", { of: (config) => config.port, is: 1 }],
  ["APP_PORT", " 65535 ", { of: (config) => config.port, is: 65535 }],
  ["FRONTEND_BASE_URL", "HTTPS://App.test:443/", { of: (config) => config.frontendOrigin, is: "https://app.test" }],
  ["DB_HOST", "::1", { of: ({ database }) => database.host, is: "::1" }],
  ["DB_HOST", "db_1.internal", { of: ({ database }) => database.host, is: "db_1.internal" }],
  ["DB_HOST", "/run/postgresql", { of: ({ database }) => database.host, is: "/run/postgresql" }],
  ["DB_POOLER", "Transaction", { of: ({ database }) => database.pooler, is: "transaction" }],
  ["REDIS_USERNAME", "app", { of: ({ redis }) => redis.username, is: "app" }],
  ["REDIS_TLS", "true", { of: ({ redis }) => redis.tls, is: true }],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", { of: ({ otel }) => otel.traces, is: undefined }],
  ["DB_PASSWORD", "password", { of: ({ database }) => Redacted.value(database.password), is: "password" }],
  ["DB_POOL_SIZE", "1", { of: ({ database }) => database.poolSize, is: 1 }],
  ["DB_SSL", "Verify-Full", { of: ({ database }) => database.ssl, is: "verify-full" }],
  ["DISCORD_REDIRECT_URL", "https://a.test/cb/", { of: (c) => c.discord.redirectUrl, is: "https://a.test/cb/" }],
  ["DISCORD_API_BASE_URL", "http://localhost:1/a//", { of: (c) => c.discord.apiBaseUrl, is: "http://localhost:1/a" }],
  ["BNET_API_BASE_URL", "https://{region}.b.test/", { of: (c) => c.bnet.apiBaseUrl, is: "https://{region}.b.test" }],
  ["BNET_GAME_VERSION", "Progression", { of: ({ bnet }) => bnet.gameVersion, is: "progression" }],
  ["REFRESH_NIGHTLY", "30 4 * * 1-5 Europe/Paris", { of: (c) => [...c.refreshNightly!.hours], is: [4] }],
  ["WCL_ZONE_ID", "1048", { of: ({ wcl }) => wcl.zoneId, is: 1048 }],
  ["WCL_API_DELAY_MS", "0", { of: ({ wcl }) => wcl.delayMs, is: 0 }],
  ["WCL_API_DELAY_MS", "5000", { of: ({ wcl }) => wcl.delayMs, is: 5000 }],
  ["COOKIE_DOMAIN", "localhost", { of: ({ session }) => session.cookieDomain, is: "localhost" }],
  ["COOKIE_DOMAIN", ".Guilds.App.test", { of: ({ session }) => session.cookieDomain, is: "guilds.app.test" }],
  ["COOKIE_SECURE", "TRUE", { of: ({ session }) => session.cookieSecure, is: true }],
  ["COOKIE_SAME_SITE", "strict", { of: ({ session }) => session.cookieSameSite, is: "Strict" }],
  ["CSRF_COOKIE_NAME", "xsrf.token", { of: ({ session }) => session.csrfCookieName, is: "xsrf.token" }],
  ["METRICS_PORT", "9464", { of: (config) => config.metricsPort, is: 9464 }],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel:4318/", { of: ({ otel }) => otel.logs, is: "http://otel:4318/v1/logs" }],
  ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/x", { of: ({ otel }) => otel.traces, is: "http://t/x" }],
  [
    "OTEL_RESOURCE_ATTRIBUTES",
    "a.b=1, c=d%2Ce=f",
    { of: ({ otel }) => otel.attributes, is: { "a.b": "1", c: "d,e=f" } }
  ],
  ["OTEL_TRACES_SAMPLER", "Always_Off", { of: ({ otel }) => otel.sampler, is: { parentBased: false, ratio: 0 } }],
  ["OTEL_TRACES_SAMPLER_ARG", "0.25", { of: ({ otel }) => otel.sampler, is: { parentBased: true, ratio: 1 } }],
  ["RUN_DB_SEEDS", "true", { of: ({ runSeeds }) => runSeeds, is: true }],
  ["SHUTDOWN_DELAY_MS", "60000", { of: (config) => config.shutdownDelayMs, is: 60_000 }],
  ["REVISION", "34fbca7", { of: ({ revision }) => revision, is: "34fbca7" }],
  ["LOG_LEVEL", "warn", { of: ({ log }) => log.level, is: "Warn" }],
  ["LOG_LEVEL", "WARN", { of: ({ log }) => log.level, is: "Warn" }],
  ["LOG_LEVEL", "Debug", { of: ({ log }) => log.level, is: "Debug" }],
  ["LOG_FORMAT", "PRETTY", { of: ({ log }) => log.format, is: "pretty" }],
  [
    "TRUSTED_PROXIES",
    "10.1.2.3/8, 192.0.2.7,fd00::/8 , ::1",
    {
      of: (config) => config.trustedProxies.map(IpNetwork.format),
      is: ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8", "::1/128"]
    }
  ]
]

/** Random values that resemble placeholders. */
const lucky = [
  "aG9exampleK7d2your-9fQxxxLr4test3Kp8",
  "test9fQ2Lr4Kp8vY7mXw3TzNb6Hs1GcJ5dRe",
  "Password1sPartOfThisRandom+Value/7Qz==",
  "xxx3changeme4K7d2f9fQxLr4t3Kp8vY7mXw"
]

describe("a valid variable", () => {
  it.effect.each(good)("%s=%s", ([name, value, { of, is }]) =>
    Effect.map(read({ [name]: value }), (config) => assert.deepStrictEqual(of(config), is))
  )

  it.effect.each(["hex", "base64", "base64url"] as const)("a key as %s", (encoding) =>
    Effect.gen(function* () {
      const { discord } = yield* read({ DISCORD_TOKEN_ENCRYPTION_KEY: key.toString(encoding) })
      assert.deepStrictEqual(Redacted.value(discord.tokenKey), new Uint8Array(key))
    })
  )

  it.effect.each(lucky)("%s is not taken for a placeholder", (value) =>
    Effect.gen(function* () {
      const { discord, session } = yield* read({ DISCORD_CLIENT_SECRET: value, SESSION_HMAC_SECRET: value })
      assert.strictEqual(Redacted.value(discord.clientSecret), value)
      assert.strictEqual(Redacted.value(session.hmacSecret), value)
    })
  )

  it.effect("a secret of 32 bytes in fewer characters, and a client secret of one", () =>
    Effect.gen(function* () {
      const { wcl } = yield* read({ SESSION_HMAC_SECRET: "äöüßéèêëñçãõâîûà", WCL_CLIENT_SECRET: "7" })
      assert.strictEqual(Redacted.value(wcl.clientSecret), "7")
    })
  )

  it.effect.each([
    // What one app at app.test can be served with, as far as the variables tell.
    { COOKIE_DOMAIN: "api.app.test" },
    { COOKIE_DOMAIN: "guild.co.uk", FRONTEND_BASE_URL: "https://app.guild.co.uk" },
    { COOKIE_DOMAIN: "api.guild.co.uk", FRONTEND_BASE_URL: "https://guild.co.uk", COOKIE_SAME_SITE: "Strict" },
    { COOKIE_DOMAIN: "localhost", FRONTEND_BASE_URL: "https://app.guild.co.uk", COOKIE_SAME_SITE: "Strict" },
    { COOKIE_DOMAIN: "other.test", COOKIE_SAME_SITE: "None", COOKIE_SECURE: "true" },
    { COOKIE_DOMAIN: "intranet", FRONTEND_BASE_URL: "http://intranet:4200" },
    {
      COOKIE_DOMAIN: "com",
      COOKIE_SECURE: "true",
      SESSION_COOKIE_NAME: "__Host-session",
      CSRF_COOKIE_NAME: "__Host-csrf"
    }
  ])("a COOKIE_DOMAIN that some browser may accept: %j", (changes) =>
    Effect.map(read(changes), ({ session }) => assert.strictEqual(session.cookieDomain, changes.COOKIE_DOMAIN))
  )

  it.effect("an unset variable has its default", () =>
    Effect.gen(function* () {
      const required = new Set((yield* refuse({})).faults.map(nameOf))
      const entries = Object.entries(environment).filter(([name]) => required.has(name))
      const { discord, session, wcl, bnet, ...config } = yield* readAll(Object.fromEntries(entries))
      assert.deepInclude(config, { runSeeds: false, trustedProxies: [], auditRetentionDays: 365 })
      assert.deepInclude(config, { shutdownDelayMs: 0, revision: "unknown" })
      assert.deepInclude(config.database, { poolSize: 10, ssl: "disable", ca: undefined, pooler: "none" })
      assert.strictEqual(config.log.level, "Info")
      assert.deepInclude(session, { cookieName: "session", csrfCookieName: "csrf" })
      assert.deepInclude(session, { cookieSecure: true, cookieSameSite: "Lax" })
      assert.strictEqual(discord.apiBaseUrl, "https://discord.com/api/v10")
      assert.strictEqual(discord.authorizeUrl, "https://discord.com/oauth2/authorize")
      assert.deepInclude(wcl, { zoneId: undefined, skipGear: false, delayMs: 300 })
      assert.strictEqual(wcl.tokenUrl, "https://www.warcraftlogs.com/oauth/token")
      assert.strictEqual(wcl.endpoint, "https://fresh.warcraftlogs.com/api/v2/client")
      assert.deepInclude(bnet, { gameVersion: "classic", tokenUrl: "https://oauth.battle.net/token" })
      assert.strictEqual(bnet.apiBaseUrl, "https://{region}.api.blizzard.com")
    })
  )

  it.effect("OpenTelemetry's variables together", () =>
    Effect.gen(function* () {
      const { otel } = yield* read({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4318",
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20canary",
        OTEL_METRICS_EXPORTER: "none",
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: ".25"
      })
      assert.deepStrictEqual([otel.traces, otel.metrics], ["http://otel:4318/v1/traces", undefined])
      assert.deepStrictEqual(otel.headers && Redacted.value(otel.headers), { authorization: "Basic canary" })
      assert.deepStrictEqual(otel.sampler, { parentBased: true, ratio: 0.25 })
      assert.notInclude(JSON.stringify(otel), "canary")
      const off = yield* read({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4318", OTEL_SDK_DISABLED: "true" })
      assert.deepStrictEqual([off.otel.traces, off.otel.logs, off.otel.metrics], [undefined, undefined, undefined])
    })
  )

  it.effect("the certificates in a file", () =>
    Effect.gen(function* () {
      const { database, redis } = yield* read({
        DB_SSL: "verify-full",
        DB_SSL_CA: certificateFile,
        REDIS_TLS: "true",
        REDIS_TLS_CA: certificateFile
      })
      assert.match(database.ca ?? "", /^-----BEGIN CERTIFICATE-----/)
      assert.strictEqual(redis.ca, database.ca)
    })
  )

  it.effect("no secret shows when the configuration is printed", () =>
    Effect.map(read({}), (config) => assert.notMatch(JSON.stringify(config), /canary|8f3a1c5e/))
  )
})
