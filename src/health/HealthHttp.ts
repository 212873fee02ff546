import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Redis } from "effect/persistence"
import { SqlClient } from "effect/sql"
import { Api } from "../Api.ts"
import { change } from "../infra/Sql.ts"

const down = <const Service extends string>(service: Service, error: string) =>
  Effect.fail({ status: "unavailable" as const, service, error })

export const healthLayer = HttpApiBuilder.group(
  Api,
  "health",
  Effect.fnUntraced(function* (handlers) {
    const sql = yield* SqlClient.SqlClient
    const redis = yield* Redis.Redis
    const up = <const Service extends string>(service: Service) => ({ status: "ok" as const, service })
    return handlers.handleAll({
      app: () => Effect.succeed(up("app")),
      postgres: () =>
        change(sql`select 1`).pipe(
          Effect.as(up("postgres")),
          Effect.catchCause(() => down("postgres", "PostgreSQL is not responding."))
        ),
      redis: () =>
        redis.send("PING").pipe(
          Effect.as(up("redis")),
          Effect.catch(() => down("redis", "Redis is not responding."))
        )
    })
  })
)
