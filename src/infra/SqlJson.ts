import { Effect, type Schema } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { Tagged } from "../http/ETag.ts"
import { isTimestamp } from "../http/Timestamp.ts"
import { read } from "./Sql.ts"

type Fields = Readonly<Record<string, Schema.Top>>

/**
 * The SQL that makes the JSON of one row: an object with every field of a schema, each from the column of that name in
 * the table that the statement calls `table`, or from the expression given for it. `json_build_object` would put spaces
 * round each of them.
 */
export const jsonObject = (fields: Fields, table: string, expressions: Readonly<Record<string, string>> = {}) => {
  const columns = Object.entries(fields).map(([name, schema]) => {
    const column = isTimestamp(schema) ? `rfc3339(${table}.${name})` : `${table}.${name}`
    return `${expressions[name] ?? column} as "${name}"`
  })
  return `(select row_to_json(r) from (select ${columns.join(", ")}) r)`
}

/** The SQL of a list of rows: `[]` when there are none. */
export const jsonArray = (row: string, order: string) => `coalesce(json_agg(${row} order by ${order}), '[]')`

/** The SQL of a text that changes with every change of the rows aggregated: their count, and when each was changed. */
export const versionOf = (...times: ReadonlyArray<string>) =>
  `count(*) || '.' || coalesce(sum(${times.map((time) => `coalesce(extract(epoch from ${time}), 0)`).join(" + ")}), 0)`

interface TaggedParts {
  /** A select of one row, or of none when the resource is not there for the caller: what `tag` and `body` call `asked`. */
  readonly asked: Statement.Fragment
  /** A select of one text: see `versionOf`. */
  readonly tag: Statement.Fragment
  /** A select of the JSON; it is not run for a caller who has it. */
  readonly body: Statement.Fragment
  /** The tags that the caller has, separated by spaces. */
  readonly known: string
}

/** Reads JSON with its tag in one statement; undefined when the resource is not there for the caller. */
export const readTagged = <A>(sql: SqlClient.SqlClient, { asked, tag, body, known }: TaggedParts) =>
  sql<Tagged<A>>`
    with asked as (${asked}), version as materialized (select asked.*, (${tag}) as tag from asked)
    select tag, case when tag <> all (string_to_array(${known}, ' ')) then (
      select convert_to(json::text, 'UTF8') from (${body}) made(json)
    ) end as body
    from version as asked`.pipe(
    read,
    Effect.map((rows) => rows[0])
  )
