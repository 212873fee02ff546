import { Context, Data, Effect, Schedule } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { SqlFault } from "./SqlDirectory.ts"
import { type Applied, createHistory, historyOf, type Kind, kinds } from "./SqlHistory.ts"

/** Seconds that a process waits for another one that is migrating, and a statement for a table lock. */
export const LockPatience = Context.Reference<number>("infra/SqlLock/LockPatience", { defaultValue: () => 60 })

class Locked extends Data.TaggedError("Locked") {}

/**
 * Asks again instead of waiting in the statement: `create index concurrently` waits for every transaction that is older, so
 * the holder of the lock would wait for those that wait for it.
 */
const patiently = <A, R>(attempt: Effect.Effect<A, SqlFault | SqlError.SqlError | Locked, R>) =>
  Effect.flatMap(LockPatience, (seconds) =>
    attempt.pipe(
      Effect.retry({
        schedule: Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: `${seconds} seconds` })),
        while: (error) => error._tag === "Locked"
      }),
      Effect.catchTag("Locked", () => SqlFault.because(`another process has held the lock for ${seconds}s`))
    )
  )

/** The pool's own limits are for requests. The server looks for a client that died during a long statement. */
const takeLock = Effect.fnUntraced(function* (kind: Kind, inTransaction: boolean) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`select set_config('statement_timeout', '0', ${inTransaction}),
    set_config('lock_timeout', ${`${yield* LockPatience}s`}, ${inTransaction}),
    set_config('client_connection_check_interval', '1s', ${inTransaction})`
  const take = sql.literal(inTransaction ? "pg_try_advisory_xact_lock" : "pg_try_advisory_lock")
  const [row] = yield* sql<{
    taken: boolean
  }>`select ${take}(hashtext('raid-composition-backend'), hashtext(${kinds[kind].table})) as taken`
  if (row?.taken !== true) return yield* new Locked()
})

/** Reads the history under the lock: if replicas start together, one does the work and the others find it done. */
const underLock = Effect.fnUntraced(function* <A, R>(
  kind: Kind,
  work: (history: ReadonlyArray<Applied>) => Effect.Effect<A, SqlFault | SqlError.SqlError, R>
) {
  // Only if it does not exist: `create … if not exists` needs the create privilege even if there is nothing to do.
  const history = yield* historyOf(kind)
  if (history === undefined) yield* createHistory(kind)
  return yield* work(history ?? [])
})

export type Place = typeof inOneTransaction

/** The lock ends with the transaction and so with a killed process. */
export const inOneTransaction = <A, R>(
  kind: Kind,
  work: (history: ReadonlyArray<Applied>) => Effect.Effect<A, SqlFault | SqlError.SqlError, R>
) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(Effect.andThen(takeLock(kind, true), underLock(kind, work)))
  ).pipe(
    Effect.provideService(SqlClient.BeginTransaction, "begin isolation level read committed"),
    // If the connection is lost the rollback fails too, and the client turns one of the two errors into a defect.
    Effect.catchDefect((defect) =>
      defect instanceof SqlFault || defect instanceof Locked || SqlError.isSqlError(defect)
        ? Effect.fail(defect)
        : Effect.die(defect)
    ),
    patiently
  )

/** The lock ends with the connection, which is kept for this work, and so with a killed process as well. */
export const inOneSession: Place = (kind, work) =>
  Effect.scoped(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const connection = yield* sql.reserve
      const here = Effect.provideService(sql.transactionService, [connection, 0])
      yield* Effect.addFinalizer(() =>
        Effect.all([sql`select pg_advisory_unlock_all()`, sql`reset all`.unprepared]).pipe(here, Effect.ignore)
      )
      return yield* patiently(takeLock(kind, false)).pipe(Effect.andThen(underLock(kind, work)), here)
    })
  )
