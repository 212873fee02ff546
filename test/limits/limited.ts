import { Effect, type Layer, Redacted } from "effect"
import { Redis } from "ioredis"
import { randomInt } from "node:crypto"
import { openBrowser } from "../support/Browser.ts"
import { startReplica, TestApp } from "../support/TestApp.ts"
import { testRedis } from "../support/TestServers.ts"

/** Low enough to reach. */
export const limits = {
  RATE_LIMIT_SIGN_IN: "5",
  RATE_LIMIT_CALLBACK: "4",
  RATE_LIMIT_REQUESTS: "20",
  RATE_LIMIT_REFRESHES: "3"
}

let addresses = randomInt(2 ** 23)

/** An unused address, to be sent in the header of a trusted proxy. */
export const newAddress = () => {
  addresses += 1
  return `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`
}

export const from = (ip: string, headers: Readonly<Record<string, string>> = {}) => ({
  headers: { "x-forwarded-for": ip, ...headers }
})

interface Request {
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
}

/** A replica with low limits, and how many statements it sent to PostgreSQL. */
export const strictReplicaWith = Effect.fnUntraced(function* (references?: Layer.Layer<never>) {
  const { variables } = yield* TestApp
  let statements = 0
  const url = yield* startReplica({ ...variables, ...limits }, () => (statements += 1), references)
  /** Keeps no cookies between requests: only what the test says is sent. */
  const send = (method: string, path: string, { headers, json }: Request = {}) =>
    Effect.promise(async () => {
      const body = json === undefined ? {} : { body: JSON.stringify(json) }
      const sent = { ...headers, ...(json === undefined ? {} : { "content-type": "application/json" }) }
      const response = await fetch(`${url}${path}`, { method, headers: sent, ...body })
      const text = await response.text()
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers) as Readonly<Record<string, string | undefined>>,
        // oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects to find
        body: (text.startsWith("{") ? JSON.parse(text) : text) as any
      }
    })
  return { url, send, statements: () => statements }
})

export const strictReplica = strictReplicaWith()

/** The headers of a person who signed in on a replica with high limits. */
export const signedIn = Effect.fnUntraced(function* (persona?: string) {
  const browser = yield* openBrowser()
  yield* browser.signIn(persona)
  const [session, csrf] = [yield* browser.cookie("session"), yield* browser.cookie("csrf")]
  return { browser, headers: { cookie: `session=${session}; csrf=${csrf}`, "x-csrf-token": csrf! } }
})

/** Lets the one Redis key that ends like this expire soon: a minute is long for a test. */
export const hasten = Effect.fnUntraced(function* (end: string, ms: number) {
  const { host, port, password } = yield* testRedis
  yield* Effect.acquireUseRelease(
    Effect.sync(() => new Redis({ host, port, password: Redacted.value(password) })),
    (redis) =>
      Effect.promise(async () => {
        const keys = await redis.keys(`*${end}`)
        if (keys.length !== 1) throw new Error(`${keys.length} keys end with ${end}`)
        await redis.pexpire(keys[0]!, ms)
      }),
    (redis) => Effect.sync(() => redis.disconnect())
  )
})
