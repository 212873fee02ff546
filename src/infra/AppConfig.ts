import { Context, Effect, Layer, Redacted, Schema } from "effect"
import type { IpNetwork } from "effect/net"
import {
  baseUrl,
  boolean,
  certificates,
  cookieDomain,
  cookieName,
  credential,
  decodeKey,
  encryptionKey,
  host,
  hostOrDirectory,
  httpUrl,
  integer,
  networks,
  oneOf,
  origin,
  pairs,
  password,
  port,
  rate,
  ratio,
  revision,
  ConfigReader,
  schedule,
  secret,
  secretPairs,
  text
} from "./ConfigReader.ts"
import { isPublicSuffix, siteOf } from "./Site.ts"

const readDatabase = (reader: ConfigReader) => ({
  host: reader.required("DB_HOST", hostOrDirectory),
  port: reader.required("DB_PORT", port),
  user: reader.required("DB_USER", text),
  password: reader.required("DB_PASSWORD", password),
  name: reader.required("DB_NAME", text),
  poolSize: reader.optional("DB_POOL_SIZE", integer(1, 1000, "a number"), 10),
  ssl: reader.optional("DB_SSL", oneOf("disable", "require", "verify-full"), "disable" as const),
  ca: reader.optional("DB_SSL_CA", certificates, undefined),
  pooler: reader.optional("DB_POOLER", oneOf("none", "transaction"), "none" as const)
})

export type DatabaseConfig = ReturnType<typeof readDatabase>

const ownSamplers = ["always_on", "always_off", "traceidratio"] as const
const samplers = [...ownSamplers, ...ownSamplers.map((name) => `parentbased_${name}` as const)]

/** OpenTelemetry's standard variables. A signal without an endpoint is off. */
const readOtel = (reader: ConfigReader) => {
  const disabled = reader.optional("OTEL_SDK_DISABLED", boolean, false)
  const base = reader.optional("OTEL_EXPORTER_OTLP_ENDPOINT", baseUrl, undefined)
  const endpoint = (signal: "TRACES" | "LOGS" | "METRICS") => {
    const own = reader.optional(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, httpUrl, undefined)
    const exporter = reader.optional(`OTEL_${signal}_EXPORTER`, oneOf("otlp", "none"), "otlp" as const)
    return disabled || exporter === "none" ? undefined : (own ?? (base && `${base}/v1/${signal.toLowerCase()}`))
  }
  // As text, since an invalid value is undefined here.
  const sampler = String(reader.optional("OTEL_TRACES_SAMPLER", oneOf(...samplers), "parentbased_always_on"))
  const argument = reader.optional("OTEL_TRACES_SAMPLER_ARG", ratio, 1)
  return {
    traces: endpoint("TRACES"),
    logs: endpoint("LOGS"),
    metrics: endpoint("METRICS"),
    headers: reader.optional("OTEL_EXPORTER_OTLP_HEADERS", secretPairs, undefined),
    protocol: reader.optional(
      "OTEL_EXPORTER_OTLP_PROTOCOL",
      // A platform may set grpc for every service; it stops a start only where something would be sent.
      oneOf("http/protobuf", "http/json", "grpc"),
      "http/protobuf" as const
    ),
    compression: reader.optional("OTEL_EXPORTER_OTLP_COMPRESSION", oneOf("none", "gzip"), "none" as const),
    serviceName: reader.optional("OTEL_SERVICE_NAME", text, "raid-composition-backend"),
    attributes: reader.optional("OTEL_RESOURCE_ATTRIBUTES", pairs, {}),
    sampler: {
      parentBased: sampler.startsWith("parentbased_"),
      /** The share of traces started here that is kept. */
      ratio: sampler.endsWith("always_on") ? 1 : sampler.endsWith("always_off") ? 0 : argument
    }
  }
}

const readDiscord = (reader: ConfigReader) => ({
  clientId: reader.required("DISCORD_CLIENT_ID", text),
  clientSecret: reader.required("DISCORD_CLIENT_SECRET", credential),
  redirectUrl: reader.required("DISCORD_REDIRECT_URL", httpUrl),
  tokenKey: reader.required("DISCORD_TOKEN_ENCRYPTION_KEY", encryptionKey),
  previousTokenKey: reader.optional("DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS", encryptionKey, undefined),
  apiBaseUrl: reader.optional("DISCORD_API_BASE_URL", baseUrl, "https://discord.com/api/v10"),
  authorizeUrl: reader.optional("DISCORD_AUTHORIZE_URL", httpUrl, "https://discord.com/oauth2/authorize")
})

const sessionSecret = secret("at least 32 bytes", 32)

const readSession = (reader: ConfigReader) => ({
  hmacSecret: reader.required("SESSION_HMAC_SECRET", sessionSecret),
  previousHmacSecret: reader.optional("SESSION_HMAC_SECRET_PREVIOUS", sessionSecret, undefined),
  cookieName: reader.optional("SESSION_COOKIE_NAME", cookieName, "session"),
  csrfCookieName: reader.optional("CSRF_COOKIE_NAME", cookieName, "csrf"),
  cookieDomain: reader.required("COOKIE_DOMAIN", cookieDomain),
  cookieSecure: reader.optional("COOKIE_SECURE", boolean, true),
  cookieSameSite: reader.optional("COOKIE_SAME_SITE", oneOf("Strict", "Lax", "None"), "Lax" as const)
})

const readWcl = (reader: ConfigReader) => ({
  clientId: reader.required("WCL_CLIENT_ID", text),
  clientSecret: reader.required("WCL_CLIENT_SECRET", credential),
  tokenUrl: reader.optional("WCL_OAUTH_TOKEN_URL", httpUrl, "https://www.warcraftlogs.com/oauth/token"),
  endpoint: reader.optional("WCL_ENDPOINT", httpUrl, "https://fresh.warcraftlogs.com/api/v2/client"),
  zoneId: reader.optional("WCL_ZONE_ID", integer(1, 999_999_999, "a zone id"), undefined),
  skipGear: reader.optional("WCL_SKIP_GEAR", boolean, false),
  delayMs: reader.optional("WCL_API_DELAY_MS", integer(0, 5000, "milliseconds"), 300)
})

const readBnet = (reader: ConfigReader) => ({
  clientId: reader.required("BNET_CLIENT_ID", text),
  clientSecret: reader.required("BNET_CLIENT_SECRET", credential),
  gameVersion: reader.optional(
    "BNET_GAME_VERSION",
    oneOf("retail", "classic1x", "classic", "classicann", "progression"),
    "classic" as const
  ),
  tokenUrl: reader.optional("BNET_OAUTH_TOKEN_URL", httpUrl, "https://oauth.battle.net/token"),
  apiBaseUrl: reader.optional("BNET_API_BASE_URL", baseUrl, "https://{region}.api.blizzard.com")
})

/** Secrets are Redacted, URLs have no trailing slash, times are in milliseconds. */
const read = (reader: ConfigReader) => ({
  port: reader.required("APP_PORT", port),
  frontendOrigin: reader.required("FRONTEND_BASE_URL", origin),
  database: readDatabase(reader),
  redis: {
    host: reader.required("REDIS_HOST", host),
    port: reader.required("REDIS_PORT", port),
    username: reader.optional("REDIS_USERNAME", text, undefined),
    password: reader.required("REDIS_PASSWORD", password),
    tls: reader.optional("REDIS_TLS", boolean, false),
    ca: reader.optional("REDIS_TLS_CA", certificates, undefined)
  },
  discord: readDiscord(reader),
  session: readSession(reader),
  geoIpDatabasePath: reader.required("GEOIP_DATABASE_PATH", text),
  wcl: readWcl(reader),
  bnet: readBnet(reader),
  /** Per minute. */
  limits: {
    signIn: reader.optional("RATE_LIMIT_SIGN_IN", rate, 600),
    callback: reader.optional("RATE_LIMIT_CALLBACK", rate, 600),
    requests: reader.optional("RATE_LIMIT_REQUESTS", rate, 6000),
    refreshes: reader.optional("RATE_LIMIT_REFRESHES", rate, 120)
  },
  runSeeds: reader.optional("RUN_DB_SEEDS", boolean, false),
  trustedProxies: reader.optional("TRUSTED_PROXIES", networks, [] as ReadonlyArray<IpNetwork.IpNetwork>),
  auditRetentionDays: reader.optional("AUDIT_RETENTION_DAYS", integer(1, 3650, "a number of days"), 365),
  refreshNightly: reader.optional("REFRESH_NIGHTLY", schedule, undefined),
  metricsPort: reader.optional("METRICS_PORT", port, undefined),
  otel: readOtel(reader),
  shutdownDelayMs: reader.optional("SHUTDOWN_DELAY_MS", integer(0, 60_000, "milliseconds"), 0),
  revision: reader.optional("REVISION", revision, "unknown"),
  log: {
    level: reader.optional("LOG_LEVEL", oneOf("Trace", "Debug", "Info", "Warn", "Error", "Fatal"), "Info" as const),
    format: reader.optional(
      "LOG_FORMAT",
      oneOf("pretty", "json"),
      process.stdout.isTTY ? ("pretty" as const) : ("json" as const)
    )
  }
})

type Values = ReturnType<typeof read>

const sameKey = (one: Redacted.Redacted<Uint8Array>, other: Redacted.Redacted<Uint8Array>) =>
  Buffer.from(Redacted.value(one)).equals(Redacted.value(other))

const isHostOnly = (cookieName: string | undefined) => /^__Host-/i.test(cookieName ?? "")

/** Why browsers would not send the cookies back. Undefined if they may: the API's own address is not configured. */
const cookieDomainFault = ({ session, frontendOrigin }: Values) => {
  const { cookieDomain, cookieSameSite, cookieName, csrfCookieName } = session
  if (cookieDomain === undefined || cookieDomain === "localhost" || frontendOrigin === undefined) return undefined
  if (isHostOnly(cookieName) && isHostOnly(csrfCookieName)) return undefined
  const app = new URL(frontendOrigin).hostname
  // A host may name itself, and gets a cookie without Domain.
  if (isPublicSuffix(cookieDomain) && cookieDomain !== app)
    return "COOKIE_DOMAIN must not be a public suffix: browsers refuse it"
  return cookieSameSite !== "None" && siteOf(cookieDomain) !== siteOf(app)
    ? "COOKIE_DOMAIN must be of FRONTEND_BASE_URL's site, unless COOKIE_SAME_SITE is None"
    : undefined
}

const databaseContradictions = ({ host = "", ssl, ca }: DatabaseConfig) => {
  const faults: Array<string> = []
  if (ca !== undefined && ssl !== "verify-full" && ssl !== undefined)
    faults.push("DB_SSL_CA requires DB_SSL verify-full")
  if (host.startsWith("/") && ssl !== "disable" && ssl !== undefined)
    faults.push("DB_SSL must be disable when DB_HOST is a directory: there is no TLS on a UNIX socket")
  return faults
}

/** Rules between variables. An invalid value is undefined here, despite its type. */
const contradictions = (values: Values): ReadonlyArray<string> => {
  const { database, redis, otel, session, discord, port, metricsPort } = values
  const { cookieName, csrfCookieName, cookieSecure, cookieSameSite, hmacSecret, previousHmacSecret } = session
  const faults = databaseContradictions(database)
  if (redis.ca !== undefined && redis.tls === false) faults.push("REDIS_TLS_CA requires REDIS_TLS true")
  if (otel.protocol === "grpc" && (otel.traces ?? otel.logs ?? otel.metrics) !== undefined)
    faults.push("OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or http/json when an endpoint is set")
  if (cookieSameSite === "None" && cookieSecure === false)
    faults.push("COOKIE_SAME_SITE None requires COOKIE_SECURE true")
  const domainFault = cookieDomainFault(values)
  if (domainFault !== undefined) faults.push(domainFault)
  if (metricsPort !== undefined && metricsPort === port) faults.push("METRICS_PORT and APP_PORT must differ")
  if (cookieName === csrfCookieName && cookieName !== undefined)
    faults.push("SESSION_COOKIE_NAME and CSRF_COOKIE_NAME must differ")
  for (const [variable, name = ""] of [
    ["SESSION_COOKIE_NAME", cookieName],
    ["CSRF_COOKIE_NAME", csrfCookieName]
  ] as const) {
    if (/^__(Host|Secure)-/i.test(name) && cookieSecure === false)
      faults.push(`${variable} with a __Host- or __Secure- prefix requires COOKIE_SECURE true`)
  }
  for (const [variable, value] of [
    ["SESSION_HMAC_SECRET", hmacSecret],
    ["SESSION_HMAC_SECRET_PREVIOUS", previousHmacSecret]
  ] as const) {
    if (value && discord.tokenKey && decodeKey(Redacted.value(value))?.equals(Redacted.value(discord.tokenKey)))
      faults.push(`${variable} and DISCORD_TOKEN_ENCRYPTION_KEY must differ`)
  }
  if (hmacSecret && previousHmacSecret && Redacted.value(hmacSecret) === Redacted.value(previousHmacSecret))
    faults.push("SESSION_HMAC_SECRET_PREVIOUS and SESSION_HMAC_SECRET must differ")
  if (discord.previousTokenKey && discord.tokenKey && sameKey(discord.previousTokenKey, discord.tokenKey))
    faults.push("DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS and DISCORD_TOKEN_ENCRYPTION_KEY must differ")
  return faults
}

/** The names of all variables, in the order in which they are read. */
export const variables = (): ReadonlyArray<string> => {
  const reader = new ConfigReader({})
  read(reader)
  return reader.names
}

class InvalidConfiguration extends Schema.TaggedError<InvalidConfiguration>()("InvalidConfiguration", {
  faults: Schema.Array(Schema.String)
}) {
  override get message() {
    return `The configuration is not valid:\n${this.faults.map((fault) => `  ${fault}`).join("\n")}`
  }
}

/** The configuration, from environment variables. `.env.example` explains each. */
export class AppConfig extends Context.Service<AppConfig, Values>()("infra/AppConfig") {
  /** Reports all faults together, by name and never by value. */
  static readonly layerFrom = (env: Record<string, string | undefined>) =>
    Layer.effect(
      AppConfig,
      Effect.suspend(() => {
        const reader = new ConfigReader(env)
        const values = read(reader)
        const faults = [...reader.faults, ...contradictions(values)]
        return faults.length > 0 ? new InvalidConfiguration({ faults }) : Effect.succeed(values)
      })
    )

  static readonly layer = Layer.suspend(() => AppConfig.layerFrom(process.env))
}

/** Only the `DB_*` variables, for tools that need no others. */
export const databaseConfig = Effect.suspend(() => {
  const reader = new ConfigReader(process.env)
  const database = readDatabase(reader)
  const faults = [...reader.faults, ...databaseContradictions(database)]
  return faults.length > 0 ? new InvalidConfiguration({ faults }) : Effect.succeed(database)
})
