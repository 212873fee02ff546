import { Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { SqlFault } from "./SqlDirectory.ts"

/** The index of a partitioned table is invalid until all its parts have one, and one that is being built is not yet valid. */
const findInvalid = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ name: string; index: string }>`
    select relname as name, indexrelid::regclass::text as index from pg_index join pg_class on pg_class.oid = indexrelid
    where not indisvalid and relkind = 'i'
      and not exists (select from pg_stat_progress_create_index progress where progress.index_relid = indexrelid)
    order by 2`
})

/**
 * A concurrent build that fails leaves an index that serves no query and slows every change, and `if not exists` then takes
 * it for a good one. So the statement fails, too, when such an index is new or is one that it names.
 */
export const invalidIndexes = Effect.fnUntraced(function* <R>(
  file: string,
  text: string,
  statement: Effect.Effect<unknown, SqlFault, R>
): Effect.fn.Return<void, SqlFault | SqlError.SqlError, R | SqlClient.SqlClient> {
  const before = new Set((yield* findInvalid).map(({ index }) => index))
  const fault = yield* Effect.match(statement, { onFailure: (fault) => fault, onSuccess: () => undefined })
  if (fault?.unreachable === true) return yield* fault
  const left = (yield* findInvalid).filter(({ name, index }) => !before.has(index) || text.includes(name))
  if (left.length === 0) return yield* fault ?? Effect.void
  const drops = left.map(({ index }) => `drop index concurrently ${index}`).join("; ")
  const told = left.map(({ index }) => index).join(", ")
  const said = fault?.reason ?? `${file} did not repair what an earlier attempt had left`
  return yield* SqlFault.because(
    `${said}; the index ${told} is left half-built and unused, so before the next attempt run: ${drops}`
  )
})
