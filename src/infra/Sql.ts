import { PgClient } from "@effect/sql-pg"
import { Cause, Context, Effect, Exit, Layer, Option } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { DependencyUnavailable } from "../http/ApiError.ts"
import { AppConfig, type DatabaseConfig } from "./AppConfig.ts"
import { passwordOf } from "./DatabasePassword.ts"
import { durationsOf, Metered, observed } from "./Metrics.ts"

/** Milliseconds that a caller waits for a connection and the answer of one statement or transaction together. */
const patience = 1800

const tlsOf = ({ ssl, ca }: DatabaseConfig) =>
  ssl === "verify-full" ? (ca === undefined ? true : { ca }) : ssl === "require" && { rejectUnauthorized: false }

/**
 * PgBouncer in transaction mode refuses these limits and forgets prepared statements; the time zone it knows. What takes
 * too long is then ended by `bounded` alone, which cancels it.
 */
const sessionOf = ({ pooler }: DatabaseConfig, statementTimeout: number) =>
  pooler === "transaction"
    ? { startupParameters: { timezone: "UTC" }, prepare: false }
    : { startupParameters: { statement_timeout: String(statementTimeout), lock_timeout: "1500", timezone: "UTC" } }

const optionsOf = (database: DatabaseConfig, statementTimeout: number): PgClient.PgPoolConfig => {
  const options = {
    host: database.host,
    port: database.port,
    username: database.user,
    database: database.name,
    ssl: tlsOf(database),
    maxConnections: database.poolSize,
    connectTimeout: patience,
    applicationName: "raid-composition-backend",
    ...sessionOf(database, statementTimeout),
    transformJson: false
  }
  return { ...options, password: passwordOf(options, database.password) }
}

/** A pool whose connections serve one caller at a time. Connects when first asked. */
export const layerOf = (database: DatabaseConfig) => PgClient.layer(optionsOf(database, 1500))

const readConnections = 4

/**
 * Reads share a few connections of their own: each is sent without waiting for the answers to those before it, which
 * saves most of the writes to a socket. One that is slow holds up the few behind it, so it is cut off at less than half of
 * what a caller waits. A change may wait for a lock, so it never shares. Behind PgBouncer nothing cuts off a slow one but its own caller, and
 * connections cost little: there reads do not share either.
 */
export class Reads extends Context.Service<Reads, SqlClient.SqlClient>()("infra/Reads") {
  static readonly layerOf = (database: DatabaseConfig) =>
    Layer.effect(Reads, SqlClient.SqlClient).pipe(
      Layer.provide(
        PgClient.layer({
          ...optionsOf(database, 750),
          ...(database.pooler !== "transaction" && {
            maxConnections: Math.min(readConnections, database.poolSize),
            multiplex: true,
            multiplexConcurrency: 8
          })
        })
      )
    )
}

/** PostgreSQL, from the `DB_*` variables. */
export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const { database } = yield* AppConfig
    if (yield* Metered)
      yield* observed("db_client_pool_size", "Connections that the pool may open.", () => database.poolSize)
    return Layer.merge(layerOf(database), Reads.layerOf(database))
  })
)

const unavailable = () => new DependencyUnavailable({ retryAfter: 1 })

const unreachable = new Set(["ConnectionError", "AuthenticationError", "StatementTimeoutError", "LockTimeoutError"])

const isUnreachable = (error: SqlError.SqlError) => unreachable.has(error.reason._tag)

/** A caller holds one connection or waits for one: more of them than the pool has connections is a queue. */
const timed = durationsOf("db_client_operation", "Statements and transactions, waiting for a connection included.")

const outcomeOf = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return "ok"
  if (Exit.hasInterrupts(exit)) return "interrupted"
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  if (error === undefined) return "error"
  return error instanceof DependencyUnavailable ? "unavailable" : "refused"
}

/** A lost connection, also as the defect that a failed rollback makes of it; any other error of SQL is a defect. */
const translate = <A, E>(exit: Exit.Exit<A, E | SqlError.SqlError>) => {
  if (Exit.isSuccess(exit)) return exit as Exit.Success<A>
  const error = Option.getOrElse(Exit.findErrorOption(exit), () => Cause.squash(exit.cause))
  if (!SqlError.isSqlError(error)) return exit as Exit.Failure<never, Exclude<E, SqlError.SqlError>>
  if (!isUnreachable(error)) return Exit.die(error)
  return Effect.andThen(Effect.logDebug("PostgreSQL did not answer", exit.cause), unavailable())
}

/**
 * Runs in a fibre of its own, which is left behind when time is up or the caller goes away: an interrupted statement
 * first tries to cancel itself on the server, for seconds when that is silent, and nobody waits for it.
 */
const bounded = <A, E, R>(
  self: Effect.Effect<A, E | SqlError.SqlError, R>
): Effect.Effect<A, Exclude<E, SqlError.SqlError> | DependencyUnavailable, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.callback<A, Exclude<E, SqlError.SqlError> | DependencyUnavailable>((resume) => {
      const fiber = Effect.runForkWith(context)(self)
      const timer = setTimeout(() => {
        resume(unavailable())
        fiber.interruptUnsafe()
      }, patience)
      fiber.addObserver((exit) => {
        clearTimeout(timer)
        resume(translate(exit))
      })
      return Effect.sync(() => {
        clearTimeout(timer)
        fiber.interruptUnsafe()
      })
    })
  ).pipe(timed((exit) => ({ outcome: outcomeOf(exit) })))

/** Runs a change: bounded in time, a lost connection becomes `dependency.unavailable`, never repeated by itself. */
export const change = bounded

/** Runs a statement of `Reads`: like `change`, but repeated once when the pool handed out a connection that had died. */
export const read = <A, E, R>(self: Effect.Effect<A, E | SqlError.SqlError, R>) =>
  bounded(
    Effect.retry(self, {
      times: 1,
      while: (error) => SqlError.isSqlError(error) && error.reason._tag === "ConnectionError"
    })
  )
