import { Context, Effect, Layer, Redacted, Result, Schema } from "effect"
import { IpNetwork } from "effect/net"

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

const url = (expected: string, accept: (url: URL) => boolean = () => true) =>
  format(expected, (text) => {
    const parsed = URL.canParse(text) ? new URL(text) : undefined
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.hostname === "") return undefined
    return parsed.username === "" && parsed.password === "" && accept(parsed) ? text.replace(/\/+$/, "") : undefined
  })

const text = format("set", (text) => text)
const port = integer(1, 65535, "a port")
const boolean = format("true or false", (text) => ({ true: true, false: false })[text.toLowerCase()])
const httpUrl = url("an http or https URL with a host")
const origin = url(
  "an http or https URL with a host and without a path",
  (url) => url.pathname === "/" && url.search === "" && url.hash === ""
)
const cookieName = format("a cookie name", (text) => (/^[\w!#$&'*+.^`|~-]{1,64}$/.test(text) ? text : undefined))
const cookieDomain = format("a host name", (text) =>
  /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(text) ? text : undefined
)

const networks = format("CIDR blocks separated by commas", (text) => {
  const blocks = text.split(",").map((block) => IpNetwork.fromString(block.trim()))
  return blocks.every(Result.isSuccess) ? blocks.map((block) => block.success) : undefined
})

const placeholder = /change[-_ ]?me|replace[-_ ]?me|placeholder|your[-_ ]|example|^(secret|password|test|todo|xxx)/i

/** A secret that is no known placeholder and not one byte repeated. */
const secret = (expected: string, minimumBytes: number) =>
  format(expected, (text) => {
    const weak = placeholder.test(text) || (minimumBytes > 1 && new Set(text).size === 1)
    return weak || Buffer.byteLength(text) < minimumBytes ? undefined : Redacted.make(text)
  })

const credential = secret("set, and not a placeholder", 1)

const encryptionKey = format("32 random bytes as hex, base64 or base64url, and not a placeholder", (text) => {
  const key = /^[0-9a-f]{64}$/i.test(text)
    ? Buffer.from(text, "hex")
    : /^[A-Za-z0-9+/]{43}=$|^[A-Za-z0-9_-]{43}$/.test(text)
      ? Buffer.from(text, "base64url")
      : undefined
  return key === undefined || new Set(key).size < 4 ? undefined : Redacted.make(new Uint8Array(key))
})

class Reader {
  readonly faults: Array<string> = []
  private readonly env: Record<string, string | undefined>

  constructor(env: Record<string, string | undefined>) {
    this.env = env
  }

  required<A>(name: string, { expected, parse }: Format<A>): A {
    const value = this.env[name]?.trim() ?? ""
    const parsed = value === "" ? undefined : parse(value)
    if (parsed === undefined) this.faults.push(value === "" ? `${name} is missing` : `${name} must be ${expected}`)
    return parsed as A
  }

  optional<A, B>(name: string, format: Format<A>, fallback: B): A | B {
    return (this.env[name]?.trim() ?? "") === "" ? fallback : this.required(name, format)
  }
}

const readDatabase = (reader: Reader) => ({
  host: reader.required("DB_HOST", text),
  port: reader.required("DB_PORT", port),
  user: reader.required("DB_USER", text),
  password: reader.required("DB_PASSWORD", format("set", Redacted.make<string>)),
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
    host: reader.required("REDIS_HOST", text),
    port: reader.required("REDIS_PORT", port),
    password: reader.required("REDIS_PASSWORD", format("set", Redacted.make<string>))
  },
  discord: {
    clientId: reader.required("DISCORD_CLIENT_ID", text),
    clientSecret: reader.required("DISCORD_CLIENT_SECRET", credential),
    redirectUrl: reader.required("DISCORD_REDIRECT_URL", httpUrl),
    tokenKey: reader.required("DISCORD_TOKEN_ENCRYPTION_KEY", encryptionKey),
    apiBaseUrl: reader.optional("DISCORD_API_BASE_URL", httpUrl, "https://discord.com/api/v10"),
    authorizeUrl: reader.optional("DISCORD_AUTHORIZE_URL", httpUrl, "https://discord.com/oauth2/authorize")
  },
  session: {
    hmacSecret: reader.required("SESSION_HMAC_SECRET", secret("at least 32 bytes, and not a placeholder", 32)),
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
    apiBaseUrl: reader.optional(
      "BNET_API_BASE_URL",
      format(
        httpUrl.expected,
        (text) => httpUrl.parse(text.replaceAll("{region}", "region")) && text.replace(/\/+$/, "")
      ),
      "https://{region}.api.blizzard.com"
    )
  },
  runSeeds: reader.optional("RUN_DB_SEEDS", boolean, false),
  trustedProxies: reader.optional("TRUSTED_PROXIES", networks, [] as ReadonlyArray<IpNetwork.IpNetwork>),
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

const bytesOf = (key: Redacted.Redacted<Uint8Array>) => Buffer.from(Redacted.value(key))

/** Rules between variables; only asked when each one by itself is well. */
const contradictions = ({ session, discord }: Values): ReadonlyArray<string> => {
  const faults: Array<string> = []
  if (session.cookieSameSite === "None" && !session.cookieSecure)
    faults.push("COOKIE_SAME_SITE None demands COOKIE_SECURE true")
  if (session.cookieName === session.csrfCookieName) faults.push("SESSION_COOKIE_NAME and CSRF_COOKIE_NAME must differ")
  for (const [variable, name] of [
    ["SESSION_COOKIE_NAME", session.cookieName],
    ["CSRF_COOKIE_NAME", session.csrfCookieName]
  ] as const) {
    if (/^__(Host|Secure)-/i.test(name) && !session.cookieSecure)
      faults.push(`${variable} with that prefix demands COOKIE_SECURE true`)
  }
  const hmac = Redacted.value(session.hmacSecret)
  const key = bytesOf(discord.tokenKey)
  if ([key.toString("hex"), key.toString("base64"), key.toString("base64url")].includes(hmac)) {
    faults.push("SESSION_HMAC_SECRET and DISCORD_TOKEN_ENCRYPTION_KEY must differ")
  }
  return faults
}

export class InvalidConfiguration extends Schema.TaggedError<InvalidConfiguration>()("InvalidConfiguration", {
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
        const faults = reader.faults.length > 0 ? reader.faults : contradictions(values)
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
