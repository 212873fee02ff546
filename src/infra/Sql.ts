import { PgClient } from "@effect/sql-pg"
import { Cause, Duration, Effect, Exit, Fiber, Layer, Option } from "effect"
import { SqlError } from "effect/sql"
import { DependencyUnavailable } from "../http/ApiError.ts"
import { AppConfig, type DatabaseConfig } from "./AppConfig.ts"
import { durationsOf, Metered, observed } from "./Metrics.ts"

/** The time limit for getting a connection and running one statement or transaction. */
const patience = Duration.millis(1800)

const tls = { disable: false, require: { rejectUnauthorized: false }, "verify-full": true }

/** A pool of PostgreSQL connections. Connects on first use. */
export const layerOf = (database: DatabaseConfig) =>
  PgClient.layer({
    host: database.host,
    port: database.port,
    username: database.user,
    password: database.password,
    database: database.name,
    ssl: tls[database.ssl],
    maxConnections: database.poolSize,
    connectTimeout: patience,
    applicationName: "raid-composition-backend",
    startupParameters: { statement_timeout: "1500", lock_timeout: "1500", timezone: "UTC" },
    transformJson: false
  })

/** PostgreSQL, from the `DB_*` variables. */
export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const { database } = yield* AppConfig
    if (yield* Metered)
      yield* observed("db_client_pool_size", "Connections that the pool may open.", () => database.poolSize)
    return layerOf(database)
  })
)

const unavailable = () => new DependencyUnavailable({ retryAfter: 1 })

const unreachable = new Set(["ConnectionError", "AuthenticationError", "StatementTimeoutError", "LockTimeoutError"])

const isUnreachable = (error: SqlError.SqlError) => unreachable.has(error.reason._tag)

/** Each holds a connection or waits for one: if more are active than the pool has connections, callers are queueing. */
const timed = durationsOf("db_client_operation", "Statements and transactions, including the wait for a connection.")

const outcomeOf = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return "ok"
  if (Exit.hasInterrupts(exit)) return "interrupted"
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  if (error === undefined) return "error"
  return error instanceof DependencyUnavailable ? "unavailable" : "refused"
}

/** An interrupted statement first tries to cancel itself on the server, which can take seconds. No caller waits. */
const abandonable = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.forkDetach(self), (fiber) =>
    Effect.onInterrupt(Fiber.join(fiber), () => Effect.sync(() => fiber.interruptUnsafe()))
  )

const bounded = <A, E, R>(
  self: Effect.Effect<A, E | SqlError.SqlError, R>
): Effect.Effect<A, Exclude<E, SqlError.SqlError> | DependencyUnavailable, R> =>
  abandonable(self).pipe(
    Effect.timeoutOrElse({ duration: patience, orElse: () => unavailable() }),
    // If the connection is lost inside a transaction, its rollback fails too, as a defect.
    Effect.catchDefect((defect) => (SqlError.isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect))),
    Effect.catchIf(SqlError.isSqlError, (error) =>
      isUnreachable(error)
        ? Effect.logDebug("PostgreSQL did not respond", Cause.fail(error)).pipe(Effect.andThen(unavailable()))
        : Effect.die(error)
    ),
    timed((exit) => ({ outcome: outcomeOf(exit) }))
  ) as Effect.Effect<A, Exclude<E, SqlError.SqlError> | DependencyUnavailable, R>

/** Runs a change with a time limit. A lost connection becomes `dependency.unavailable`; changes are never retried. */
export const change = bounded

/** Like `change`, for a read: retried once if the pool handed out a dead connection. */
export const read = <A, E, R>(self: Effect.Effect<A, E | SqlError.SqlError, R>) =>
  bounded(
    Effect.retry(self, {
      times: 1,
      while: (error) => SqlError.isSqlError(error) && error.reason._tag === "ConnectionError"
    })
  )
