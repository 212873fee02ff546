import { Clock, Context, Effect, Layer, Logger, Redacted, References } from "effect"
import { randomUUID } from "node:crypto"
import { AppConfig } from "../../src/infra/AppConfig.ts"
import { Crypto } from "../../src/infra/Crypto.ts"
import * as Redis from "../../src/infra/Redis.ts"
import { BnetClient } from "../../src/refreshes/battlenet/BnetClient.ts"
import { DiscordClient } from "../../src/auth/discord/DiscordClient.ts"
import { WclClient } from "../../src/refreshes/warcraftlogs/WclClient.ts"
import { testRedis } from "../support/TestServers.ts"
import { environment } from "../support/environment.ts"
import type { Fault } from "../../src/demo/simulators/Fault.ts"

/** Credentials that no log line may contain. */
export const credentials = {
  clientId: environment.DISCORD_CLIENT_ID,
  clientSecret: environment.DISCORD_CLIENT_SECRET
}

export const redirectUrl = environment.DISCORD_REDIRECT_URL

type Environment = Readonly<Record<string, string>>

const config = (changes: Environment) => AppConfig.layerFrom({ ...environment, ...changes })

/** With the Redis of the run. Only clients with the same `DB_NAME` share anything in it. */
export const services = (changes: Environment) => {
  const { host, port, password } = Effect.runSync(testRedis)
  const own = {
    REDIS_HOST: host,
    REDIS_PORT: String(port),
    REDIS_PASSWORD: Redacted.value(password),
    DB_NAME: `clients_${randomUUID()}`
  }
  return Layer.mergeAll(Redis.layer, Crypto.layer).pipe(Layer.provideMerge(config({ ...own, ...changes })))
}

/** A new client that shares no quota, token or breaker with another, unless it has the same `DB_NAME`. */
export const discordClient = (changes: Environment) =>
  Effect.map(Layer.build(Layer.provide(DiscordClient.layer, config(changes))), Context.get(DiscordClient))

export const wclClient = (changes: Environment) =>
  Effect.map(Layer.build(Layer.provide(WclClient.layer, services(changes))), Context.get(WclClient))

export const bnetClient = (changes: Environment) =>
  Effect.map(Layer.build(Layer.provide(BnetClient.layer, services(changes))), Context.get(BnetClient))

/** Fails the test when the effect takes 6 s or longer: no provider may keep a caller waiting that long. */
export const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const value = yield* effect
    const elapsed = (yield* Clock.currentTimeMillis) - start
    if (elapsed >= 6000) return yield* Effect.die(new Error(`took ${elapsed} ms`))
    return value
  })

/** The result of an effect, with its log lines as JSON. */
export const withLog = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.map(Logger.formatJson, (line) => void lines.push(line))
    return effect.pipe(
      Effect.map((value) => ({ value, lines })),
      Effect.provide(Logger.layer([logger])),
      Effect.provideService(References.MinimumLogLevel, "Trace")
    )
  })

/** Everything a provider may do wrong, by name, except answers with a meaning for one client only. */
export const faults: Readonly<Record<string, { readonly fault: Fault; readonly reason: string }>> = {
  hang: { fault: { kind: "hang" }, reason: "timeout" },
  drip: { fault: { kind: "drip", ms: 1000 }, reason: "timeout" },
  "status 500": { fault: { kind: "status", status: 500 }, reason: "status 500" },
  "500 as HTML": { fault: { kind: "status", status: 500, html: true }, reason: "status 500" },
  "status 503": { fault: { kind: "status", status: 503, retryAfter: 33 }, reason: "status 503" },
  garbage: { fault: { kind: "garbage" }, reason: "not understood" },
  truncated: { fault: { kind: "truncated" }, reason: "connection" },
  huge: { fault: { kind: "huge" }, reason: "too large" },
  redirect: { fault: { kind: "redirect" }, reason: "status 302" },
  reset: { fault: { kind: "reset" }, reason: "connection" }
}
