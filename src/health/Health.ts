import { Context, Effect, Layer } from "effect"
import { Redis } from "effect/persistence"
import { SqlClient } from "effect/sql"
import { Draining } from "../infra/Draining.ts"
import { redisFaultOf } from "../infra/RedisFaults.ts"
import { redisPrefix } from "../infra/Redis.ts"
import { change, retireReadOnly } from "../infra/Sql.ts"
import { newestMigration } from "../infra/SqlFiles.ts"

/** What a client of a server would meet: one sentence, or undefined when it would be served. */
type Fault = Effect.Effect<string | undefined>

const silent = "PostgreSQL is not responding."
const readOnly = "PostgreSQL takes no writes."

/** Whether the servers that this service needs would serve it, writes included. */
export class Health extends Context.Service<
  Health,
  {
    readonly postgresFault: Fault
    readonly redisFault: Fault
    /** Whether traffic should be sent here: PostgreSQL takes writes, knows our migrations, and no drain has begun. */
    readonly readyFault: Fault
  }
>()("health/Health") {
  static readonly layer = Layer.effect(
    Health,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const redis = yield* Redis.Redis
      const draining = yield* Draining
      const probe = `${yield* redisPrefix}health`
      const newest = yield* Effect.orDie(newestMigration)

      const writes = sql<{ readonly off: boolean }>`select current_setting('transaction_read_only') = 'on' as off`
      const migrated = sql<{ readonly off: boolean; readonly current: boolean }>`
        select current_setting('transaction_read_only') = 'on' as off, coalesce(max(name) >= ${newest}, false) as current
        from schema_migrations`

      const toldReadOnly = Effect.sync(() => {
        retireReadOnly()
        return readOnly
      })

      return Health.of({
        postgresFault: change(writes).pipe(
          Effect.flatMap(([row]) => (row?.off === true ? toldReadOnly : Effect.undefined)),
          Effect.catchCause(() => Effect.succeed(silent))
        ),
        redisFault: redis.send("SET", probe, "1", "PX", "1000").pipe(
          Effect.as(undefined),
          Effect.catch(({ cause }) =>
            Effect.succeed(redisFaultOf(cause) === undefined ? "Redis is not responding." : "Redis takes no commands.")
          )
        ),
        readyFault: Effect.gen(function* () {
          if (yield* draining.begun) return "The service is stopping."
          const [row] = yield* change(migrated)
          if (row?.off === true) return yield* toldReadOnly
          return row?.current === true ? undefined : "The database lacks a migration."
        }).pipe(Effect.catchCause(() => Effect.succeed(silent)))
      })
    })
  )
}
