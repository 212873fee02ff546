import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export interface Column {
  readonly name: string
  /** As PostgreSQL writes it: `timestamp with time zone`. */
  readonly type: string
  /** Not null. */
  readonly required: boolean
  readonly default: string | null
}

/** Tables by name, each with its columns by name. */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, Column>>

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** The tables of a schema. */
export const tablesOf = Effect.fnUntraced(function* (schema: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<Column & { readonly table: string }>`
    select c.relname as "table", a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
      a.attnotnull as required, pg_get_expr(d.adbin, d.adrelid) as default
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where n.nspname = ${schema} and c.relkind in ('r', 'p')
    order by c.relname, a.attnum`
  const tables = new Map<string, Map<string, Column>>()
  for (const { table, ...column } of rows) {
    const columns = tables.get(table) ?? new Map<string, Column>()
    tables.set(table, columns.set(column.name, column))
  }
  return tables as Tables
})

/** A table's constraints on its rows, besides types and nulls. */
export interface Demands {
  readonly checks: ReadonlyArray<{ readonly name: string; readonly holds: string }>
  /** Foreign keys of one column. */
  readonly references: ReadonlyArray<{ readonly column: string; readonly parent: string; readonly key: string }>
  /** Unique columns or expressions, with the predicate of a partial index. */
  readonly uniques: ReadonlyArray<{ readonly keys: ReadonlyArray<string>; readonly predicate: string | null }>
}

export const demandsOf = Effect.fnUntraced(function* (table: string) {
  const sql = yield* SqlClient.SqlClient
  const checks = yield* sql<Demands["checks"][number]>`
    select conname as name, pg_get_expr(conbin, conrelid) as holds
    from pg_constraint where conrelid = ${table}::text::regclass and contype = 'c' order by conname`
  const references = yield* sql<Demands["references"][number]>`
    select a.attname as column, c.confrelid::regclass::text as parent, k.attname as key
    from pg_constraint c
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    join pg_attribute k on k.attrelid = c.confrelid and k.attnum = c.confkey[1]
    where c.conrelid = ${table}::text::regclass and c.contype = 'f' order by c.conname`
  const uniques = yield* sql<Demands["uniques"][number]>`
    select array(select pg_get_indexdef(indexrelid, k, true) from generate_series(1, indnkeyatts::int) k) as keys,
      pg_get_expr(indpred, indrelid) as predicate
    from pg_index where indrelid = ${table}::text::regclass and indisunique order by indexrelid`
  return { checks, references, uniques } satisfies Demands
})
