import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type Column, type Demands, demandsOf, quoted, type Tables } from "./Catalog.ts"
import { aside, promised } from "./OldTables.ts"

type Pair = readonly [ours: Column, theirs: Column | undefined]

/** An old column's value converted to our type, or our column's default. */
const valueOf = ([ours, theirs]: Pair) => {
  const name = quoted(ours.name)
  const value =
    theirs === undefined ? `null::${ours.type}` : theirs.type === ours.type ? name : `${name}::text::${ours.type}`
  return ours.required && ours.default !== null ? `coalesce(${value}, ${ours.default})` : value
}

/** The rows of an old table with the columns of ours. */
export const rowsOf = (table: string, pairs: ReadonlyArray<Pair>, condition = "true") =>
  `(select ${pairs.map((pair) => `${valueOf(pair)} as ${quoted(pair[0].name)}`).join(", ")}
    from ${aside}.${quoted(table)} where ${condition}) as row`

/** A function that tries to convert a text to a type: only the server knows which texts a type accepts. */
const converts = (type: string) => `pg_temp.${quoted(`converts to ${type}`)}`

/** For each column whose type may refuse an old value, the condition that finds such rows. Text accepts any value. */
export const conversions = Effect.fnUntraced(function* (pairs: ReadonlyArray<Pair>) {
  const sql = yield* SqlClient.SqlClient
  const doubtful = pairs.filter(([ours, theirs]) => theirs && theirs.type !== ours.type && ours.type !== "text")
  for (const type of new Set(doubtful.map(([{ type }]) => type)))
    yield* sql.unsafe(`
      create or replace function ${converts(type)}(value text) returns boolean strict language plpgsql as
      $$ begin perform value::${type}; return true; exception when others then return false; end $$`).unprepared
  return doubtful.map(([{ name, type }]) => ({ name, type, fails: `not ${converts(type)}(${quoted(name)}::text)` }))
})

export const count = Effect.fnUntraced(function* (from: string, condition = "true") {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql.unsafe<{ n: number }>(`select count(*)::int as n from ${from} where ${condition}`).unprepared
  return row?.n ?? 0
})

/** Each requirement of our table, in words, with the number of rows that do not meet it. */
const refusals = (rows: string, columns: ReadonlyArray<Column>, { checks, references, uniques }: Demands) => [
  ...columns
    .filter(({ required }) => required)
    .map(({ name }) => ({ what: `${name} is null`, refused: count(rows, `${quoted(name)} is null`) })),
  ...checks.map(({ name, holds }) => ({
    what: `${name} is violated, ${holds}`,
    refused: count(rows, `not (${holds})`)
  })),
  ...references.map(({ column, parent, key }) => ({
    what: `${column} is not in ${parent}`,
    refused: count(
      rows,
      `row.${quoted(column)} is not null
        and not exists (select from ${parent} parent where parent.${quoted(key)} = row.${quoted(column)})`
    )
  })),
  ...uniques.map(({ keys, predicate }) => {
    const known = [predicate ?? "true", ...keys.map((key) => `(${key}) is not null`)].join(" and ")
    const alike = `(select count(*) over (partition by ${keys.join(", ")}) as n from ${rows} where ${known}) alike`
    const where = predicate === null ? "" : ` where ${predicate}`
    return { what: `not unique: ${keys.join(", ")}${where}`, refused: count(alike, "n > 1") }
  })
]

const inWords = (what: string, n: number) => `${what} (${n} ${n === 1 ? "row" : "rows"})`

/**
 * Copies an old table into ours of the same name, and returns the faults that prevent it. If an old value does not fit
 * a column that not every installation has, that column is not copied. `done` are the tables copied so far; a table
 * that references any other is not copied.
 */
export const copy = Effect.fnUntraced(function* (table: string, ours: Tables, theirs: Tables, done: Set<string>) {
  const sql = yield* SqlClient.SqlClient
  const columns = [...(ours.get(table)?.values() ?? [])]
  let pairs = columns.map((column): Pair => [column, theirs.get(table)?.get(column.name)])
  const faults: Array<string> = []
  for (const { name, type, fails } of yield* conversions(pairs)) {
    const refused = yield* count(`${aside}.${quoted(table)}`, fails)
    if (refused === 0) continue
    const fault = inWords(`${table}: ${name} is not a valid ${type}`, refused)
    if (promised.get(table)?.includes(name)) faults.push(fault)
    else yield* Effect.logInfo(`${fault}; the column is not copied`)
    pairs = pairs.map(([column, old]): Pair => [column, column.name === name ? undefined : old])
  }
  if (faults.length > 0) return faults
  const demands = yield* demandsOf(table)
  const references = demands.references.filter(({ parent }) => done.has(parent))
  for (const { what, refused } of refusals(rowsOf(table, pairs), columns, { ...demands, references })) {
    const n = yield* refused
    if (n > 0) faults.push(inWords(`${table}: ${what}`, n))
  }
  if (faults.length > 0 || references.length < demands.references.length) return faults
  yield* sql.unsafe(`insert into ${quoted(table)} select * from ${rowsOf(table, pairs)}`).unprepared
  done.add(table)
  yield* Effect.logInfo(inWords(`Copied ${table}`, yield* count(quoted(table))))
  return faults
})
