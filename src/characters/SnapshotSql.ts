import { jsonObject } from "../infra/SqlJson.ts"
import { BattlenetSnapshot, WarcraftlogsSnapshot } from "./Character.ts"

/** The SQL of what became of a character's identity at Battle.net, from a row of its snapshots. */
export const identitySql = (table: string) => `case
  when ${table}.gone_since <= now() - interval '30 days' then 'gone'
  when ${table}.replaced_at is not null then 'replaced' end`

/** The SQL of a snapshot as it is shown, from a row of its table. */
export const battlenetJson = (table: string) =>
  jsonObject(BattlenetSnapshot.fields, table, { identity: identitySql(table) })

/** Parses that a release before this one stored lack the newest keys. */
export const warcraftlogsJson = (table: string) =>
  jsonObject(WarcraftlogsSnapshot.fields, table, {
    rankings: `case when jsonb_typeof(${table}.rankings) <> 'array' then ${table}.rankings else (
      select coalesce(jsonb_agg('{"all_stars": null}' || r order by n), '[]')
      from jsonb_array_elements(${table}.rankings) with ordinality of(r, n)) end`
  })
