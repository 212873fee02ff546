import { Context, Effect, Layer, Redacted, Result, Schema } from "effect"
import { IpInterface, IpNetwork } from "effect/net"
import { isIP } from "node:net"

/** A way to read one variable: what it must be, in words, and the value or undefined when it is not that. */
interface Format<A> {
  readonly expected: string
  readonly parse: (text: string) => A | undefined
}

const format = <A>(expected: string, parse: (text: string) => A | undefined): Format<A> => ({ expected, parse })

const integer = (minimum: number, maximum: number, what: string) =>
  format(`${what} from ${minimum} to ${maximum}`, (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    return value >= minimum && value <= maximum ? value : undefined
  })

const oneOf = <const A extends string>(...values: ReadonlyArray<A>) =>
  format(`one of ${values.join(", ")}`, (text) => values.find((value) => value.toLowerCase() === text.toLowerCase()))

const parseUrl = (text: string) => {
  const url = /^https?:\/\/[\p{L}\p{N}._:[\]-]+([/?]|$)/iu.test(text) && URL.canParse(text) && new URL(text)
  return url && url.hash === "" ? url : undefined
}

const text = format("set", (text) => text)
const port = integer(1, 65535, "a port")
const rate = integer(1, 1_000_000, "a number")
const boolean = format("true or false", (text) =>
  /^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : undefined
)
const host = format("a host name or an IP address", (text) =>
  isIP(text) > 0 || /^[\w.-]+$/.test(text) ? text : undefined
)

/** As it was written: a provider compares redirect URLs letter by letter. */
const httpUrl = format("an http or https URL with a host", (text) => parseUrl(text) && text)

/** What paths are appended to; `{region}` may be a part of it. */
const baseUrl = format(
  httpUrl.expected,
  (text) => parseUrl(text.replaceAll("{region}", "eu")) && text.replace(/\/+$/, "")
)

const origin = format("an http or https URL with a host and without a path", (text) => {
  const url = parseUrl(text)
  return url?.pathname === "/" && url.search === "" ? url.origin : undefined
})
const cookieName = format("a cookie name", (text) => (/^[\w!#$&'*+.^`|~-]{1,64}$/.test(text) ? text : undefined))

/** Browsers ignore a leading dot. */
const cookieDomain = format("a host name", (text) =>
  /^\.?[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i.test(text)
    ? text.replace(/^\./, "").toLowerCase()
    : undefined
)

const networks = format("IP addresses or CIDR blocks separated by commas", (text) => {
  const blocks = text.split(",").map((block) => IpInterface.fromString(block.trim()))
  return blocks.every(Result.isSuccess) ? blocks.map((block) => IpNetwork.fromInterface(block.success)) : undefined
})

/** Whole values only: a random secret may well contain `xxx` or `example`. */
const placeholders = [
  /^(secret|password|test|todo|tbd|none|null|undefined)$/i,
  /^<.*>$/,
  /^\$\{.*\}$/,
  /^([a-z]+[-_. ])*(change[-_ ]?(me|it|this)|replace[-_ ]?(me|this|with)|your|placeholder|example|insert|fill)\d*([-_. ][a-z\d]+)*$/i
]

/** 32 bytes as hex, base64 or base64url. */
const decodeKey = (text: string) => {
  if (/^[\da-f]{64}$/i.test(text)) return Buffer.from(text, "hex")
  return /^[\w-]{43}$|^[A-Za-z\d+/]{43}=$/.test(text) ? Buffer.from(text, "base64url") : undefined
}

const isWeak = (text: string) =>
  placeholders.some((pattern) => pattern.test(text)) ||
  [Buffer.from(text), decodeKey(text)].some((bytes) => bytes && bytes.length > 1 && new Set(bytes).size === 1)

const secret = (expected: string, minimumBytes: number) =>
  format(`${expected}, and not a placeholder`, (text) =>
    Buffer.byteLength(text) < minimumBytes || isWeak(text) ? undefined : Redacted.make(text)
  )

const credential = secret("set", 1)

/** Of a server that decides itself which passwords it takes. */
const password = format("set", Redacted.make<string>)

const encryptionKey = format("32 random bytes as hex, base64 or base64url", (text) => {
  const key = isWeak(text) ? undefined : decodeKey(text)
  return key && Redacted.make(new Uint8Array(key))
})

/** Reads variables without the white space around them; an empty one is as good as none. */
class Reader {
  readonly names: Array<string> = []
  readonly faults: Array<string> = []
  private readonly env: Record<string, string | undefined>

  constructor(env: Record<string, string | undefined>) {
    this.env = env
  }

  required<A>(name: string, format: Format<A>): A {
    return this.read(name, format, () => {
      this.faults.push(`${name} is missing`)
      return undefined as A
    })
  }

  optional<A, B>(name: string, format: Format<A>, fallback: B): A | B {
    return this.read(name, format, () => fallback)
  }

  private read<A, B>(name: string, { expected, parse }: Format<A>, whenEmpty: () => B): A | B {
    this.names.push(name)
    const text = this.env[name]?.trim() ?? ""
    if (text === "") return whenEmpty()
    const value = parse(text)
    if (value === undefined) this.faults.push(`${name} must be ${expected}`)
    return value as A
  }
}

const readDatabase = (reader: Reader) => ({
  host: reader.required("DB_HOST", host),
  port: reader.required("DB_PORT", port),
  user: reader.required("DB_USER", text),
  password: reader.required("DB_PASSWORD", password),
  name: reader.required("DB_NAME", text),
  poolSize: reader.optional("DB_POOL_SIZE", integer(1, 1000, "a number"), 10),
  ssl: reader.optional("DB_SSL", oneOf("disable", "require", "verify-full"), "disable" as const)
})

export type DatabaseConfig = ReturnType<typeof readDatabase>

/** Secrets are Redacted, URLs carry no trailing slash, times are milliseconds. */
const read = (reader: Reader) => ({
  port: reader.required("APP_PORT", port),
  frontendOrigin: reader.required("FRONTEND_BASE_URL", origin),
  database: readDatabase(reader),
  redis: {
    host: reader.required("REDIS_HOST", host),
    port: reader.required("REDIS_PORT", port),
    password: reader.required("REDIS_PASSWORD", password)
  },
  discord: {
    clientId: reader.required("DISCORD_CLIENT_ID", text),
    clientSecret: reader.required("DISCORD_CLIENT_SECRET", credential),
    redirectUrl: reader.required("DISCORD_REDIRECT_URL", httpUrl),
    tokenKey: reader.required("DISCORD_TOKEN_ENCRYPTION_KEY", encryptionKey),
    previousTokenKey: reader.optional("DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS", encryptionKey, undefined),
    apiBaseUrl: reader.optional("DISCORD_API_BASE_URL", baseUrl, "https://discord.com/api/v10"),
    authorizeUrl: reader.optional("DISCORD_AUTHORIZE_URL", httpUrl, "https://discord.com/oauth2/authorize")
  },
  session: {
    hmacSecret: reader.required("SESSION_HMAC_SECRET", secret("at least 32 bytes", 32)),
    cookieName: reader.optional("SESSION_COOKIE_NAME", cookieName, "session"),
    csrfCookieName: reader.optional("CSRF_COOKIE_NAME", cookieName, "csrf"),
    cookieDomain: reader.required("COOKIE_DOMAIN", cookieDomain),
    cookieSecure: reader.optional("COOKIE_SECURE", boolean, true),
    cookieSameSite: reader.optional("COOKIE_SAME_SITE", oneOf("Strict", "Lax", "None"), "Lax" as const)
  },
  geoIpDatabasePath: reader.required("GEOIP_DATABASE_PATH", text),
  wcl: {
    clientId: reader.required("WCL_CLIENT_ID", text),
    clientSecret: reader.required("WCL_CLIENT_SECRET", credential),
    tokenUrl: reader.optional("WCL_OAUTH_TOKEN_URL", httpUrl, "https://www.warcraftlogs.com/oauth/token"),
    endpoint: reader.optional("WCL_ENDPOINT", httpUrl, "https://fresh.warcraftlogs.com/api/v2/client"),
    zoneId: reader.optional("WCL_ZONE_ID", integer(1, 999_999_999, "a zone id"), undefined),
    skipGear: reader.optional("WCL_SKIP_GEAR", boolean, false),
    delayMs: reader.optional("WCL_API_DELAY_MS", integer(0, 5000, "milliseconds"), 300)
  },
  bnet: {
    clientId: reader.required("BNET_CLIENT_ID", text),
    clientSecret: reader.required("BNET_CLIENT_SECRET", credential),
    gameVersion: reader.optional(
      "BNET_GAME_VERSION",
      oneOf("retail", "classic1x", "classic", "classicann", "progression"),
      "classic" as const
    ),
    tokenUrl: reader.optional("BNET_OAUTH_TOKEN_URL", httpUrl, "https://oauth.battle.net/token"),
    apiBaseUrl: reader.optional("BNET_API_BASE_URL", baseUrl, "https://{region}.api.blizzard.com")
  },
  /** A minute. */
  limits: {
    signIn: reader.optional("RATE_LIMIT_SIGN_IN", rate, 600),
    callback: reader.optional("RATE_LIMIT_CALLBACK", rate, 600),
    requests: reader.optional("RATE_LIMIT_REQUESTS", rate, 6000),
    refreshes: reader.optional("RATE_LIMIT_REFRESHES", rate, 120)
  },
  runSeeds: reader.optional("RUN_DB_SEEDS", boolean, false),
  trustedProxies: reader.optional("TRUSTED_PROXIES", networks, [] as ReadonlyArray<IpNetwork.IpNetwork>),
  auditRetentionDays: reader.optional("AUDIT_RETENTION_DAYS", integer(1, 3650, "a number of days"), 365),
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

/** Rules between variables. A value at fault is undefined here, whatever its type says. */
const contradictions = ({ session, discord }: Values): ReadonlyArray<string> => {
  const { cookieName, csrfCookieName, cookieSecure, cookieSameSite, hmacSecret } = session
  const faults: Array<string> = []
  if (cookieSameSite === "None" && cookieSecure === false)
    faults.push("COOKIE_SAME_SITE None demands COOKIE_SECURE true")
  if (cookieName === csrfCookieName && cookieName !== undefined)
    faults.push("SESSION_COOKIE_NAME and CSRF_COOKIE_NAME must differ")
  for (const [variable, name = ""] of [
    ["SESSION_COOKIE_NAME", cookieName],
    ["CSRF_COOKIE_NAME", csrfCookieName]
  ] as const) {
    if (/^__(Host|Secure)-/i.test(name) && cookieSecure === false)
      faults.push(`${variable} with that prefix demands COOKIE_SECURE true`)
  }
  if (hmacSecret && discord.tokenKey && decodeKey(Redacted.value(hmacSecret))?.equals(Redacted.value(discord.tokenKey)))
    faults.push("SESSION_HMAC_SECRET and DISCORD_TOKEN_ENCRYPTION_KEY must differ")
  if (discord.previousTokenKey && discord.tokenKey && sameKey(discord.previousTokenKey, discord.tokenKey))
    faults.push("DISCORD_TOKEN_ENCRYPTION_KEY_PREVIOUS and DISCORD_TOKEN_ENCRYPTION_KEY must differ")
  return faults
}

/** The names of all variables, in the order they are read. */
export const variables = (): ReadonlyArray<string> => {
  const reader = new Reader({})
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

/** Everything the operator may set, from environment variables. `.env.example` says what each means. */
export class AppConfig extends Context.Service<AppConfig, Values>()("infra/AppConfig") {
  /** All faults are reported together, by name and never by value. */
  static readonly layerFrom = (env: Record<string, string | undefined>) =>
    Layer.effect(
      AppConfig,
      Effect.suspend(() => {
        const reader = new Reader(env)
        const values = read(reader)
        const faults = [...reader.faults, ...contradictions(values)]
        return faults.length > 0 ? Effect.fail(new InvalidConfiguration({ faults })) : Effect.succeed(values)
      })
    )

  static readonly layer = Layer.suspend(() => AppConfig.layerFrom(process.env))
}

/** The `DB_*` variables alone, for tools that need no others. */
export const databaseConfig = Effect.suspend(() => {
  const reader = new Reader(process.env)
  const database = readDatabase(reader)
  return reader.faults.length > 0
    ? Effect.fail(new InvalidConfiguration({ faults: reader.faults }))
    : Effect.succeed(database)
})
