import { Cron, Redacted, Result } from "effect"
import { IpInterface, IpNetwork } from "effect/net"
import { X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import { isIP } from "node:net"

/** How to read one variable: what it must be, in words, and a parser that returns undefined if it is not. */
interface Format<A> {
  readonly expected: string
  readonly parse: (text: string) => A | undefined
}

const format = <A>(expected: string, parse: (text: string) => A | undefined): Format<A> => ({ expected, parse })

export const integer = (minimum: number, maximum: number, what: string) =>
  format(`${what} from ${minimum} to ${maximum}`, (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    return value >= minimum && value <= maximum ? value : undefined
  })

export const oneOf = <const A extends string>(...values: ReadonlyArray<A>) =>
  format(`one of ${values.join(", ")}`, (text) => values.find((value) => value.toLowerCase() === text.toLowerCase()))

const parseUrl = (text: string) => {
  const url = /^https?:\/\/[\p{L}\p{N}._:[\]-]+([/?]|$)/iu.test(text) && URL.canParse(text) && new URL(text)
  return url && url.hash === "" ? url : undefined
}

export const text = format("set", (text) => text)
export const port = integer(1, 65535, "a port")
export const rate = integer(1, 1_000_000, "a number")
export const revision = format("a commit: letters, digits, dots, dashes and underscores, at most 64", (text) =>
  /^[\w.-]{1,64}$/.test(text) ? text : undefined
)
export const boolean = format("true or false", (text) =>
  /^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : undefined
)
export const host = format("a host name or an IP address", (text) =>
  isIP(text) > 0 || /^[\w.-]+$/.test(text) ? text : undefined
)

/** The directory is that of PostgreSQL's UNIX socket. */
export const hostOrDirectory = format(`${host.expected}, or the absolute path of a socket's directory`, (text) =>
  /^\/[^\0]*$/.test(text) ? text : host.parse(text)
)

/** Node passes over a certificate that it cannot read, and a connection would fail later without saying why. */
export const certificates = format("the path of a readable file of PEM certificates", (path) => {
  try {
    const text = readFileSync(path, "utf8")
    const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
    return found.length > 0 && found.every((one) => new X509Certificate(one)) ? text : undefined
  } catch {
    return undefined
  }
})

/** Kept exactly as written: providers compare redirect URLs character by character. */
export const httpUrl = format("an http or https URL with a host", (text) => parseUrl(text) && text)

/** A URL that paths are appended to. May contain `{region}`. */
export const baseUrl = format(
  httpUrl.expected,
  (text) => parseUrl(text.replaceAll("{region}", "eu")) && text.replace(/\/+$/, "")
)

export const origin = format("an http or https URL with a host and without a path", (text) => {
  const url = parseUrl(text)
  return url?.pathname === "/" && url.search === "" ? url.origin : undefined
})
export const cookieName = format("a cookie name", (text) => (/^[\w!#$&'*+.^`|~-]{1,64}$/.test(text) ? text : undefined))

/** Browsers ignore a leading dot, and take a name whose last part is a number for an address. */
export const cookieDomain = format("a host name", (text) =>
  /^\.?[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i.test(text) && !/(^|\.)(\d+|0x[a-f\d]*)$/i.test(text)
    ? text.replace(/^\./, "").toLowerCase()
    : undefined
)

export const networks = format("IP addresses or CIDR blocks separated by commas", (text) => {
  const blocks = text.split(",").map((block) => IpInterface.fromString(block.trim()))
  return blocks.every(Result.isSuccess) ? blocks.map((block) => IpNetwork.fromInterface(block.success)) : undefined
})

const percentDecoded = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** `name=value,name=value` with percent-encoded values, OpenTelemetry's format for headers and resource attributes. */
const pairsOf = (text: string) => {
  const pairs = text.split(",").map((pair) => {
    const [, name, value = ""] = /^\s*([\w.!#$&'*+^`|~-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? []
    return [name, percentDecoded(value)] as const
  })
  return pairs.every((pair): pair is readonly [string, string] => pair[0] !== undefined && pair[1] !== undefined)
    ? Object.fromEntries(pairs)
    : undefined
}

const pairsExpected = "name=value pairs separated by commas, the values percent-encoded"

export const pairs = format(pairsExpected, pairsOf)

/** Pairs whose values may be secret. */
export const secretPairs = format(pairsExpected, (text) => {
  const pairs = pairsOf(text)
  return pairs && Redacted.make(pairs)
})

export const ratio = format("a number from 0 to 1", (text) => {
  const value = /^\d?(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN
  return value >= 0 && value <= 1 ? value : undefined
})

/** These match whole values only: a random secret can contain `xxx` or `example`. */
const placeholders = [
  /^(secret|password|test|todo|tbd|none|null|undefined)$/i,
  /^<.*>$/,
  /^\$\{.*\}$/,
  /^([a-z]+[-_. ])*(change[-_ ]?(me|it|this)|replace[-_ ]?(me|this|with)|your|placeholder|example|insert|fill)\d*([-_. ][a-z\d]+)*$/i
]

/** 32 bytes as hex, base64 or base64url. */
export const decodeKey = (text: string) => {
  if (/^[\da-f]{64}$/i.test(text)) return Buffer.from(text, "hex")
  return /^[\w-]{43}$|^[A-Za-z\d+/]{43}=$/.test(text) ? Buffer.from(text, "base64url") : undefined
}

const isWeak = (text: string) =>
  placeholders.some((pattern) => pattern.test(text)) ||
  [Buffer.from(text), decodeKey(text)].some((bytes) => bytes && bytes.length > 1 && new Set(bytes).size === 1)

export const secret = (expected: string, minimumBytes: number) =>
  format(`${expected}, and not a placeholder`, (text) =>
    Buffer.byteLength(text) < minimumBytes || isWeak(text) ? undefined : Redacted.make(text)
  )

export const credential = secret("set", 1)

/** Five fields of cron and the zone in which they are meant. */
export const schedule = format("five fields of cron and a time zone, such as 30 4 * * * Europe/Paris", (text) => {
  const [, fields, zone] = /^((?:\S+\s+){5})(\S+)$/.exec(text) ?? []
  return fields === undefined || zone === undefined ? undefined : Result.getOrUndefined(Cron.parse(fields, zone))
})

/** A password of a server that has its own rules for passwords. */
export const password = format("set", Redacted.make<string>)

export const encryptionKey = format("32 random bytes as hex, base64 or base64url", (text) => {
  const key = isWeak(text) ? undefined : decodeKey(text)
  return key && Redacted.make(new Uint8Array(key))
})

/** Reads variables, trimmed. An empty variable counts as unset. */
export class ConfigReader {
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
