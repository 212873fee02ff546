import { Effect, Layer } from "effect"
import { Api } from "../Api.ts"
import { groupOf } from "../http/Handlers.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import { version } from "../infra/Version.ts"
import { Health } from "./Health.ts"

const up = <const Service extends string>(service: Service) => ({ status: "ok" as const, service })

const told = <const Service extends string>(service: Service, fault: Effect.Effect<string | undefined>) =>
  Effect.flatMap(fault, (error) =>
    error === undefined ? Effect.succeed(up(service)) : Effect.fail({ status: "unavailable" as const, service, error })
  )

export const healthLayer = groupOf(
  Api,
  "health",
  Effect.fnUntraced(function* (handlers) {
    const health = yield* Health
    const { revision } = yield* AppConfig
    return handlers.handleAll({
      app: () => Effect.succeed({ ...up("app"), version, revision }),
      ready: () => told("ready", health.readyFault),
      postgres: () => told("postgres", health.postgresFault),
      redis: () => told("redis", health.redisFault)
    })
  })
).pipe(Layer.provide(Health.layer))
