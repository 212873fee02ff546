import { jsonObject } from "../infra/SqlJson.ts"
import { BattlenetSnapshot, WarcraftlogsSnapshot } from "./Character.ts"

/** The SQL of what became of a character's identity at Battle.net, from a row of its snapshots. An edit after it accepts it. */
export const identitySql = (table: string, edited: string) => `case
  when ${table}.gone_since <= now() - interval '30 days' then 'gone'
  when ${table}.replaced_at > ${edited} then 'replaced' end`

/** When the character of a row of snapshots was last edited. */
export const characterEdited = (table: string) =>
  `(select x.updated_at from characters x where x.id = ${table}.character_id)`

/** The SQL of a snapshot as it is shown, from a row of its table. */
export const battlenetJson = (table: string) =>
  jsonObject(BattlenetSnapshot.fields, table, { identity: identitySql(table, characterEdited(table)) })

/** Parses that a release before this one stored lack the newest keys. */
export const warcraftlogsJson = (table: string) =>
  jsonObject(WarcraftlogsSnapshot.fields, table, {
    rankings: `case when jsonb_typeof(${table}.rankings) <> 'array' then ${table}.rankings else (
      select coalesce(jsonb_agg('{"all_stars": null}' || r order by n), '[]')
      from jsonb_array_elements(${table}.rankings) with ordinality of(r, n)) end`
  })
