import { jsonObject } from "../infra/SqlJson.ts"
import { BattlenetSummary, Entry, Player, WarcraftlogsSummary } from "./Roster.ts"

const summaryOf = (table: string, fields: Parameters<typeof jsonObject>[0]) =>
  `(select ${jsonObject(fields, "s")} from ${table} s where s.character_id = c.id)`

const summary = `(select row_to_json(r) from (select
  ${summaryOf("character_warcraftlogs_snapshots", WarcraftlogsSummary.fields)} as warcraftlogs,
  ${summaryOf("character_battlenet_snapshots", BattlenetSummary.fields)} as battlenet) r)`

/** The SQL of an entry as it is shown, from a row `e` of the entries and a row `c` of the characters. */
export const entryJson = jsonObject(Entry.fields, "e", {
  entry_id: "e.id",
  id: "c.id",
  name: "c.name",
  region: "c.region",
  server: "c.server",
  race: "c.race",
  summary
})

const characters = `coalesce((
  select json_agg(${entryJson} order by e.rank desc, c.name_key collate "C", e.id)
  from roster_entries e join characters c on c.id = e.character_id where e.player_id = p.id), '[]')`

const discord = `(
  select discord_user(i, d) from discord_identities i
  join discord_profiles d on d.discord_identity_id = i.id where i.user_id = p.user_id)`

/** The SQL of a player with their characters, from a row `p` of the players. */
export const playerJson = jsonObject(Player.fields, "p", { discord, characters })
