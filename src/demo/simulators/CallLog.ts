import { Effect } from "effect"

/** A request that a simulator received. Codes, tokens and client secrets are replaced by `[secret]`. */
export interface Call {
  /** Milliseconds of the Unix clock. */
  readonly at: number
  readonly method: string
  /** Decoded, without the query. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly authorization: "basic" | "bearer" | "other" | undefined
  readonly userAgent: string | undefined
  readonly contentType: string | undefined
  /** The fields of a form, the value of a JSON body, or the text of anything else. */
  readonly body: unknown
  /** Undefined until the response starts: the caller is waiting, or has disconnected. */
  status: number | undefined
  /** The kind of fault that was played on the call. */
  readonly fault: string | undefined
}

const secrets = new Set([
  "access_token",
  "client_secret",
  "code",
  "code_verifier",
  "id_token",
  "refresh_token",
  "state",
  "token"
])

const veil = (fields: Iterable<readonly [string, unknown]>) =>
  Object.fromEntries(Array.from(fields, ([key, value]) => [key, secrets.has(key) ? "[secret]" : value]))

const decoded = (contentType: string | undefined, text: string): unknown => {
  if (text === "") return undefined
  if (contentType?.startsWith("application/x-www-form-urlencoded")) return veil(new URLSearchParams(text))
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? veil(Object.entries(value)) : value
  } catch {
    return text.slice(0, 200)
  }
}

const schemeOf = (header: string | undefined): Call["authorization"] => {
  const scheme = header?.split(" ", 1)[0]?.toLowerCase()
  return scheme === undefined || scheme === "basic" || scheme === "bearer" ? scheme : "other"
}

interface Received {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
}

/** More than any test makes; a demo that runs for days drops the oldest calls. */
const capacity = 10_000

/** The requests that a simulator received, oldest first. */
export class CallLog {
  private entries: Array<Call> = []
  private readonly listeners = new Set<() => void>()

  get all(): ReadonlyArray<Call> {
    return this.entries
  }

  /** The calls whose path contains `path`, or matches it. */
  to(path: string | RegExp): ReadonlyArray<Call> {
    return this.entries.filter((call) => (typeof path === "string" ? call.path.includes(path) : path.test(call.path)))
  }

  readonly reset = () => {
    this.entries = []
  }

  /** Waits until `count` calls have arrived since the last reset, whether answered or not. */
  reached(count: number, path: string | RegExp = ""): Effect.Effect<ReadonlyArray<Call>> {
    return Effect.callback<ReadonlyArray<Call>>((resume) => {
      const look = () => {
        const found = this.to(path)
        if (found.length < count) return
        this.listeners.delete(look)
        resume(Effect.succeed(found))
      }
      this.listeners.add(look)
      look()
      return Effect.sync(() => this.listeners.delete(look))
    })
  }

  add({ method, path, query, headers, body }: Received, fault: string | undefined): Call {
    const text = (name: string) => (typeof headers[name] === "string" ? headers[name] : undefined)
    const contentType = text("content-type")
    const call: Call = {
      at: Date.now(),
      method,
      path,
      query: veil(query) as Record<string, string>,
      authorization: schemeOf(text("authorization")),
      userAgent: text("user-agent"),
      contentType,
      body: decoded(contentType, body),
      status: undefined,
      fault
    }
    this.entries.push(call)
    if (this.entries.length > capacity) this.entries.shift()
    for (const listener of this.listeners) listener()
    return call
  }
}
