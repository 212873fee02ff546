import { PgClient, PgConnection } from "@effect/sql-pg"
import { Cause, Context, Effect, Exit, Layer, Option } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { DependencyUnavailable } from "../http/ApiError.ts"
import { AppConfig, type DatabaseConfig } from "./AppConfig.ts"
import { passwordOf } from "./DatabasePassword.ts"
import { gathered } from "./Gathered.ts"
import { durationsOf, Metered, observed } from "./Metrics.ts"
import { serverFaultOf } from "./SqlFaults.ts"
import { SqlSockets } from "./SqlSockets.ts"
import { SqlTurns } from "./SqlTurns.ts"

/** The time limit for getting a connection and running one statement or transaction, in milliseconds. */
const patience = 1600

const tlsOf = ({ ssl, ca }: DatabaseConfig) =>
  ssl === "verify-full" ? (ca === undefined ? true : { ca }) : ssl === "require" && { rejectUnauthorized: false }

const addressOf = ({ host, port }: DatabaseConfig) =>
  host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port, noDelay: true }

/**
 * PgBouncer in transaction mode refuses these limits and forgets prepared statements; the time zone it knows. What takes
 * too long is then ended by `bounded` alone, which cancels it.
 */
const sessionOf = ({ pooler }: DatabaseConfig, statementTimeout: number) =>
  pooler === "transaction"
    ? { startupParameters: { timezone: "UTC" }, prepare: false }
    : {
        startupParameters: {
          statement_timeout: String(statementTimeout),
          lock_timeout: "1500",
          // What a replica that was frozen had locked is free for the others. Ours lie idle for a round trip.
          idle_in_transaction_session_timeout: "5000",
          timezone: "UTC",
          // Our statements look rows up by keys, so their plans hold for all values; planning them takes longer than running.
          plan_cache_mode: "force_generic_plan",
          // A plan is kept, also those inside of triggers: one made while a table was small must do when it has grown.
          enable_seqscan: "off"
        }
      }

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

const changeTimeout = 1500

/** A pool whose connections serve one caller at a time. Connects on first use. */
export const layerOf = (database: DatabaseConfig, sockets?: SqlSockets) =>
  PgClient.layer({ ...optionsOf(database, changeTimeout), ...(sockets && { stream: sockets.connect }) })

const socketsOf = (database: DatabaseConfig, timeout: number) =>
  Effect.acquireRelease(
    // Behind PgBouncer only the caller ends a statement, and then this closes the connection if that did not help.
    Effect.sync(() => new SqlSockets(addressOf(database), database.pooler === "transaction" ? 3000 : timeout + 300)),
    (sockets) => Effect.sync(sockets.close)
  )

/** One connection besides the pools, for who listens: to several channels, so it is pinned once for all of them. */
export const listeningConnection = Effect.fnUntraced(function* (database: DatabaseConfig) {
  const sockets = yield* socketsOf(database, changeTimeout)
  sockets.watch()
  const connection = yield* PgConnection.make({ ...optionsOf(database, changeTimeout), stream: sockets.connect })
  return yield* connection.pin
})

const readConnections = 4
const readsPerConnection = 8
const readTimeout = 750

/**
 * Reads share a few connections of their own: each is sent without waiting for the answers to those before it, which
 * saves most of the writes to a socket. One that is slow holds up the few behind it, so it is cut off at less than half of
 * what a caller waits. A change may wait for a lock, so it never shares. Behind PgBouncer nothing cuts off a slow one but
 * its own caller, and connections cost little: there reads do not share either.
 */
export class Reads extends Context.Service<Reads, SqlClient.SqlClient>()("infra/Reads") {
  static readonly layerOf = (database: DatabaseConfig, sockets?: SqlSockets) =>
    Layer.effect(Reads, SqlClient.SqlClient).pipe(
      Layer.provide(
        PgClient.layer({
          ...optionsOf(database, readTimeout),
          ...(sockets && { stream: sockets.connect }),
          ...(database.pooler !== "transaction" && {
            maxConnections: Math.min(readConnections, database.poolSize),
            multiplex: true,
            multiplexConcurrency: readsPerConnection
          })
        })
      )
    )
}

/** Of every pool of this process: what ends its connections to a server that takes no writes. */
const pools = new Set<() => void>()

/** Ends the connections of this process that lead to a server which takes no writes. */
export const retireReadOnly = () => pools.forEach((retire) => retire())

/**
 * After a failover a pool keeps its connections to the server that was the primary. The first write that such a server
 * refuses ends them all, and those of reads too; the next ones go where the name of the server leads by then.
 */
const retiring = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const runFork = Effect.runForkWith(yield* Effect.context<never>())
    const end = sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where current_setting('transaction_read_only') = 'on' and usename = current_user
        and datname = current_database() and application_name = current_setting('application_name')
      order by pid = pg_backend_pid()`.pipe(Effect.timeout("1 second"), Effect.ignore)
    let busy = false
    const retire = () => {
      if (busy) return
      busy = true
      runFork(end).addObserver(() => (busy = false))
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => pools.add(retire)),
      () => Effect.sync(() => pools.delete(retire))
    )
  })
)

/** The queues before the pools of a service. Without one, as in a test below HTTP, the pool's own queue has no bound. */
const Turns = Context.Reference<{ readonly changes: SqlTurns; readonly reads: SqlTurns } | undefined>(
  "infra/Sql/Turns",
  {
    defaultValue: () => undefined
  }
)

/** Connections of the job engine: one for its locks, one for its polling. Callers never wait for them. */
const jobConnections = 2

const queues = Effect.fnUntraced(function* (database: DatabaseConfig) {
  const changes = yield* socketsOf(database, changeTimeout)
  const reads = yield* socketsOf(database, readTimeout)
  const shared = Math.min(readConnections, database.poolSize) * readsPerConnection
  const turns = {
    changes: new SqlTurns(database.poolSize, changes.watch),
    reads: new SqlTurns(database.pooler === "transaction" ? database.poolSize : shared, reads.watch)
  }
  return Layer.mergeAll(
    Layer.provideMerge(retiring, layerOf({ ...database, poolSize: database.poolSize + jobConnections }, changes)),
    Reads.layerOf(database, reads),
    Layer.succeed(Turns, turns)
  )
})

/** PostgreSQL, from the `DB_*` variables. */
export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const { database } = yield* AppConfig
    if (yield* Metered)
      yield* observed("db_client_pool_size", "Connections that the pool may open.", () => database.poolSize)
    return yield* queues(database)
  })
)

const unavailable = () => new DependencyUnavailable({ retryAfter: 1 })

/** Each holds a connection or waits for one: if more are active than the pool has connections, callers are queueing. */
const timed = durationsOf("db_client_operation", "Statements and transactions, including the wait for a connection.")

const outcomeOf = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return "ok"
  if (Exit.hasInterrupts(exit)) return "interrupted"
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  if (error === undefined) return "error"
  return error instanceof DependencyUnavailable ? "unavailable" : "refused"
}

/** How long a request may still wait for PostgreSQL, in milliseconds: its statements share one limit. */
export const SqlBudget = Context.Reference<{ left: number } | undefined>("infra/SqlBudget", {
  defaultValue: () => undefined
})

/** A budget for one request. */
export const newBudget = () => ({ left: patience })

let faultLoggedAt = 0

/** Debug has the cause of each; a warning names the code once in a while, so that a fault does not flood the log. */
const logFault = (code: string, says: string, cause: Cause.Cause<unknown>) => {
  const now = performance.now()
  const isNews = now - faultLoggedAt > 10_000
  if (isNews) faultLoggedAt = now
  const warning = Effect.annotateLogs(Effect.logWarning(`PostgreSQL cannot serve: ${says}`), { code })
  return Effect.andThen(isNews ? warning : Effect.void, Effect.logDebug("PostgreSQL did not respond", cause))
}

/** If the connection is lost inside a transaction, its rollback fails too, as a defect. */
const translate = <A, E>(exit: Exit.Exit<A, E | SqlError.SqlError>) => {
  if (Exit.isSuccess(exit)) return exit as Exit.Success<A>
  const error = Option.getOrElse(Exit.findErrorOption(exit), () => Cause.squash(exit.cause))
  if (!SqlError.isSqlError(error)) return exit as Exit.Failure<never, Exclude<E, SqlError.SqlError>>
  const fault = serverFaultOf(error)
  if (fault === undefined) return Exit.die(error)
  if (fault.retire === true) retireReadOnly()
  return Effect.andThen(logFault(fault.code, fault.says, exit.cause), unavailable())
}

/**
 * Runs in a fibre of its own, which is abandoned when time is up or the caller goes away: an interrupted statement first
 * tries to cancel itself on the server, which can take seconds, and no caller waits for that.
 */
const bounded = <A, E, R>(
  pool: "changes" | "reads",
  self: Effect.Effect<A, E | SqlError.SqlError, R>
): Effect.Effect<A, Exclude<E, SqlError.SqlError> | DependencyUnavailable, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.callback<A, Exclude<E, SqlError.SqlError> | DependencyUnavailable>((resume) => {
      const budget = Context.get(context, SqlBudget) ?? newBudget()
      if (budget.left <= 0) return resume(unavailable())
      const started = performance.now()
      const spend = () => (budget.left -= performance.now() - started)
      const turns = Context.get(context, Turns)?.[pool]
      const begin = () => {
        const begun = performance.now()
        const fiber = Effect.runForkWith(context)(self)
        const stop = () => {
          spend()
          clearTimeout(timer)
          fiber.interruptUnsafe()
        }
        const timer = setTimeout(
          () => {
            // First, as the interruption would be taken for the answer.
            resume(unavailable())
            stop()
          },
          budget.left - (begun - started)
        )
        fiber.addObserver((exit) => {
          turns?.end(performance.now() - begun)
          stop()
          resume(translate(exit))
        })
        return stop
      }
      if (turns === undefined) return Effect.sync(begin())
      const refuse = () => {
        spend()
        resume(unavailable())
      }
      return Effect.sync(turns.take(begin, refuse, budget.left))
    })
  ).pipe(timed((exit) => ({ outcome: outcomeOf(exit) })))

/** Runs a change with a time limit. A lost connection becomes `dependency.unavailable`; changes are never retried. */
export const change = <A, E, R>(self: Effect.Effect<A, E | SqlError.SqlError, R>) => bounded("changes", self)

/** Like `change`, for a statement of `Reads`: retried once if the pool handed out a dead connection. */
export const read = <A, E, R>(self: Effect.Effect<A, E | SqlError.SqlError, R>) =>
  bounded(
    "reads",
    Effect.retry(self, {
      times: 1,
      while: (error) => SqlError.isSqlError(error) && error.reason._tag === "ConnectionError"
    })
  )

/**
 * Makes a read that callers of one turn of the event loop share (see `gathered`). The statement has a time limit of its
 * own; what it took is taken from the budget of each caller.
 */
export const sharedRead = <Key, A, E, R>(
  ask: (keys: ReadonlyArray<Key>) => Effect.Effect<ReadonlyArray<A>, E | SqlError.SqlError, R>
) => {
  const answer = gathered((keys: ReadonlyArray<Key>) => Effect.provideService(read(ask(keys)), SqlBudget, newBudget()))
  return (key: Key) =>
    Effect.withFiber((fiber) => {
      const budget = fiber.getRef(SqlBudget)
      const started = performance.now()
      return Effect.onExit(answer(key), () =>
        Effect.sync(() => {
          if (budget !== undefined) budget.left -= performance.now() - started
        })
      )
    })
}
