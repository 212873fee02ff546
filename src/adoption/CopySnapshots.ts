import { Effect, Schema, Struct } from "effect"
import { SqlClient } from "effect/sql"
import { BattlenetSnapshot, Ranking, WarcraftlogsSnapshot } from "../characters/Character.ts"
import { quoted, type Tables } from "./Catalog.ts"
import { aside } from "./OldTables.ts"
import { conversions, count, rowsOf } from "./Copy.ts"

/** The rows are copied before the migrations that complete them. */
const { all_stars: _, ...ranking } = Ranking.fields
const Warcraftlogs = WarcraftlogsSnapshot.mapFields(
  Struct.omit(["all_stars", "difficulty", "size", "partition", "rankings_fetched_at", "gear_fetched_at"])
).mapFields((fields) => ({ ...fields, rankings: Schema.Array(Schema.Struct(ranking)) }))
const Battlenet = BattlenetSnapshot.mapFields(Struct.omit(["class", "race", "identity"]))

const readable: ReadonlyMap<string, (row: unknown) => boolean> = new Map([
  ["character_warcraftlogs_snapshots", Schema.is(Warcraftlogs)],
  ["character_battlenet_snapshots", Schema.is(Battlenet)]
])

interface Row {
  readonly id: string
  readonly snapshot: unknown
}

/** Removes snapshots that the service could not return: the database does not check the form of their JSON. */
const removeUnreadable = Effect.fnUntraced(function* (table: string, isReadable: (row: unknown) => boolean) {
  const sql = yield* SqlClient.SqlClient
  let after = "00000000-0000-0000-0000-000000000000"
  for (;;) {
    const page = yield* sql<Row>`
      select character_id::text as id, to_jsonb(s) - 'character_id' as snapshot from ${sql(table)} s
      where character_id > ${after}::text::uuid order by s.character_id limit 500`
    const last = page.at(-1)
    if (last === undefined) return
    const unreadable = page.filter(({ snapshot }) => !isReadable(snapshot)).map(({ id }) => id)
    if (unreadable.length > 0) yield* sql`delete from ${sql(table)} where character_id in ${sql.in(unreadable)}`
    after = last.id
  }
})

/** Copies the newest valid snapshot of each character. The others will come with the next refresh. */
export const copySnapshots = Effect.fnUntraced(function* (table: string, source: string, ours: Tables, theirs: Tables) {
  const sql = yield* SqlClient.SqlClient
  const columns = [...(ours.get(table)?.values() ?? [])]
  const pairs = columns.map((column) => [column, theirs.get(source)?.get(column.name)] as const)
  const misfits = (yield* conversions(pairs)).map(({ fails }) => fails)
  const fits = misfits.length === 0 ? "true" : `(${misfits.join(" or ")}) is not true`
  // Without the offset PostgreSQL might convert a value before checking that it fits.
  yield* sql.unsafe(`
    insert into ${quoted(table)} select distinct on (character_id) * from ${rowsOf(source, pairs, `${fits} offset 0`)}
    where character_id in (select id from characters) order by character_id, fetched_at desc`).unprepared
  yield* removeUnreadable(table, readable.get(table)!)
  const [kept, all] = [yield* count(quoted(table)), yield* count(`${aside}.${quoted(source)}`)]
  yield* Effect.logInfo(`Copied ${table} (${kept} of ${all} rows of ${source} fit)`)
})
