import { Effect, type Schema } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { Tagged } from "../http/ETag.ts"
import type { JsonText } from "../http/JsonText.ts"
import { isTimestamp } from "../http/Timestamp.ts"
import { sharedRead } from "./Sql.ts"

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
  /**
   * A select of one row, or of none when the resource is not there for the caller, from `ask.id` and the caller's
   * `ask.user_id`: what `tag` and `body` call `asked`.
   */
  readonly asked: Statement.Fragment
  /** A select of one text, in `asked.tag` for the body: see `versionOf`. */
  readonly tag: Statement.Fragment
  /** A select of the JSON, which must not depend on the caller. It is not run for a tag that is known already. */
  readonly body: Statement.Fragment
}

interface Ask {
  /** A UUID. */
  readonly id: string
  readonly user: string
  /** The tags that the caller has, separated by spaces. */
  readonly known: string
}

/** Bytes of JSON that a reader keeps. */
const keptBytes = 4 * 1024 * 1024

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

/**
 * Reads JSON with its tag; undefined when the resource is not there for the caller. The database decides that and the tag
 * each time; JSON of a tag that this process has read before is not made again. Requests that ask at once share a
 * statement.
 */
export const taggedReader = <A>(sql: SqlClient.SqlClient, { asked, tag, body }: TaggedParts) => {
  const kept = makeKept()

  return sharedRead((asks: ReadonlyArray<Ask>) => {
    const had = asks.map(({ id }) => kept.get(id))
    const known = asks.map((ask, index) => `${had[index]?.tag ?? "-"} ${ask.known}`)
    const list = (texts: ReadonlyArray<string>) => sql`string_to_array(${texts.join("\n")}, chr(10))`
    return sql<Tagged<A> & { readonly n: number }>`
      select ask.n::int as n, asked.tag, case when asked.tag <> all (string_to_array(ask.known, ' ')) then (
        select convert_to(json::text, 'UTF8') from (${body}) made(json)
      ) end as body
      from unnest(${list(asks.map(({ id }) => id))}::uuid[], ${list(asks.map(({ user }) => user))}::uuid[], ${list(known)})
        with ordinality ask(id, user_id, known, n)
      cross join lateral (select asked.*, (${tag}) as tag from (${asked}) asked offset 0) asked`.pipe(
      Effect.map((rows) => {
        const answers = asks.map((): Tagged<A> | undefined => undefined)
        for (const { n, tag, body } of rows) {
          const ask = asks[n - 1]!
          // A copy, as the body is a view of all that came from the database at once.
          if (body !== null) kept.put(ask.id, tag, Uint8Array.from(body))
          const isNews = body === null && tag === had[n - 1]?.tag && !ask.known.split(" ").includes(tag)
          answers[n - 1] = { tag, body: isNews ? (had[n - 1]!.body as JsonText<A>) : body }
        }
        return answers
      })
    )
  })
}
