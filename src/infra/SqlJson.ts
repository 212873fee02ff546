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
 * statement, and of one resource its tag and JSON.
 */
export const taggedReader = <A>(sql: SqlClient.SqlClient, { asked, tag, body }: TaggedParts) => {
  const kept = makeKept()

  return sharedRead((asks: ReadonlyArray<Ask>) => {
    const wanted = [...Map.groupBy(asks, ({ id }) => id)].map(([id, some]) => {
      const had = kept.get(id)
      const [first = [], ...others] = some.map(({ known }) => known.split(" "))
      const known = first.filter((text) => others.every((texts) => texts.includes(text)))
      return { id, had, known: [had?.tag ?? "-", ...known].join(" ") }
    })
    const at = new Map(wanted.map(({ id }, index) => [id, index]))
    const list = (texts: ReadonlyArray<string>) => sql`string_to_array(${texts.join("\n")}, chr(10))`
    return sql<Tagged<A> & { readonly n: number }>`
      with allowed as materialized (
        select asked.*, ask.n as ask_n, ask.resource as ask_resource
        from unnest(${list(asks.map(({ id }) => id))}::uuid[], ${list(asks.map(({ user }) => user))}::uuid[],
          ${list(asks.map(({ id }) => String(at.get(id))))}::int[]) with ordinality ask(id, user_id, resource, n)
        cross join lateral (select * from (${asked}) asked offset 0) asked
      ), tagged as materialized (
        select asked.*, (${tag}) as tag
        from (select distinct on (ask_resource) * from allowed order by ask_resource, ask_n) asked
      )
      select allowed.ask_n::int as n, asked.tag, case
        when allowed.ask_n = asked.ask_n
          and asked.tag <> all (string_to_array((${list(wanted.map(({ known }) => known))})[asked.ask_resource + 1], ' '))
        then (select convert_to(json::text, 'UTF8') from (${body}) made(json))
      end as body
      from tagged asked join allowed on allowed.ask_resource = asked.ask_resource`.pipe(
      Effect.map((rows) => {
        const made = new Map<string, JsonText<A>>()
        for (const { n, tag, body } of rows) {
          if (body === null) continue
          const { id } = asks[n - 1]!
          // A copy, as the body is a view of all that came from the database at once.
          const copy = Uint8Array.from(body) as JsonText<A>
          made.set(id, copy)
          kept.put(id, tag, copy)
        }
        const answers = asks.map((): Tagged<A> | undefined => undefined)
        for (const { n, tag } of rows) {
          const { id, known } = asks[n - 1]!
          const news = () => made.get(id) ?? (wanted[at.get(id)!]!.had!.body as JsonText<A>)
          answers[n - 1] = { tag, body: known.split(" ").includes(tag) ? null : news() }
        }
        return answers
      })
    )
  })
}
