import { Effect } from "effect"
import type { SqlClient } from "effect/sql"

/** The columns that contain U+FFFD, which only a careless decoder can have put there, or an escaped NUL. */
export const unclean = Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
  const columns = yield* sql<{ table_name: string; column_name: string }>`
    select table_name, column_name from information_schema.columns
    where table_schema = 'public' and data_type in ('text', 'character varying', 'json', 'jsonb', 'ARRAY')`
  const found = yield* Effect.forEach(columns, ({ table_name, column_name }) =>
    Effect.map(
      sql<{ rows: number }>`select count(*)::int as rows from ${sql(table_name)}
        where ${sql(column_name)}::text ~ ${"\uFFFD|\\\\u0000"}`,
      ([row]) => (row!.rows === 0 ? [] : [`${row!.rows} rows of ${table_name}.${column_name} hold U+FFFD or NUL`])
    )
  )
  return found.flat()
})
