import { Effect, type Schema } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { Tagged } from "../http/ETag.ts"
import type { JsonText } from "../http/JsonText.ts"
import { NullableTimestamp, Timestamp } from "../http/Timestamp.ts"
import { read } from "./Sql.ts"

type Fields = Readonly<Record<string, Schema.Top>>

/**
 * The SQL that makes the JSON of one row: an object with every field of a schema, each from the column of that name in
 * the table that the statement calls `table`, or from the expression given for it. `json_build_object` would put spaces
 * round each of them.
 */
export const jsonObject = (fields: Fields, table: string, expressions: Readonly<Record<string, string>> = {}) => {
  const columns = Object.entries(fields).map(([name, schema]) => {
    const isTime = schema === Timestamp || schema === NullableTimestamp
    const column = isTime ? `rfc3339(${table}.${name})` : `${table}.${name}`
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
  /** What the JSON shows, such as `members:` and a guild's id. It must not depend on who asks. */
  readonly name: string
  /** A select of one row, or of none when the resource is not there for the caller: what `tag` and `body` call `asked`. */
  readonly asked: Statement.Fragment
  /** A select of one text: see `versionOf`. */
  readonly tag: Statement.Fragment
  /** A select of the JSON; it is not run for a caller who has it, nor when this process has. */
  readonly body: Statement.Fragment
  /** The tags that the caller has, separated by spaces. */
  readonly known: string
}

/** Bytes of JSON that a process keeps. */
const keptBytes = 16 * 1024 * 1024

const makeKept = () => {
  const kept = new Map<string, { readonly tag: string; readonly body: Uint8Array }>()
  let bytes = 0

  const drop = (name: string) => {
    const found = kept.get(name)
    bytes -= found?.body.length ?? 0
    kept.delete(name)
    return found
  }

  const put = (name: string, tag: string, body: Uint8Array) => {
    drop(name)
    if (body.length > keptBytes / 16) return
    kept.set(name, { tag, body })
    bytes += body.length
    for (const oldest of kept.keys()) {
      if (bytes <= keptBytes) return
      drop(oldest)
    }
  }

  /** What is asked for last is dropped last. */
  const get = (name: string) => {
    const found = drop(name)
    if (found !== undefined) put(name, found.tag, found.body)
    return found
  }

  return { get, put }
}

/** One for each pool, as two may lead to different databases. */
const keptOf = new WeakMap<SqlClient.SqlClient, ReturnType<typeof makeKept>>()

/**
 * Reads JSON with its tag in one statement; undefined when the resource is not there for the caller. The database decides
 * that and the tag each time; JSON of a tag that this process has read before is not made again.
 */
export const readTagged = <A>(sql: SqlClient.SqlClient, { name, asked, tag, body, known }: TaggedParts) => {
  const kept = keptOf.get(sql) ?? makeKept()
  keptOf.set(sql, kept)
  const had = kept.get(name)
  const have = `${known} ${had?.tag ?? ""}`
  return sql<Tagged<A>>`
    with asked as (${asked}), version as materialized (select asked.*, (${tag}) as tag from asked)
    select tag, case when tag <> all (string_to_array(${have}, ' ')) then (
      select convert_to(json::text, 'UTF8') from (${body}) made(json)
    ) end as body
    from version as asked`.pipe(
    read,
    Effect.map(([row]) => {
      // A copy, as the body is a view of all that came from the database at once.
      if (row?.body) kept.put(name, row.tag, Uint8Array.from(row.body))
      const isNews = row?.body === null && row.tag === had?.tag && !known.split(" ").includes(row.tag)
      return isNews ? { ...row, body: had!.body as JsonText<A> } : row
    })
  )
}
