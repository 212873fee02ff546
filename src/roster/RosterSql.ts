import { identitySql } from "../characters/SnapshotSql.ts"
import { jsonObject } from "../infra/SqlJson.ts"
import { BattlenetSummary, Entry, Player, WarcraftlogsSummary } from "./Roster.ts"

/** Words are compared as people write them: `BloodElf` and `blood elf` are one. */
const differs = (what: string, theirs: string, ours: string) => {
  const bare = (word: string) => `lower(regexp_replace(${word}, '[\\s''’_-]+', '', 'g'))`
  return `case when ${theirs} <> ${ours} and ${bare(theirs)} <> ${bare(ours)} then '${what}' end`
}

/** The SQL of an entry as it is shown, from a row `e` of the entries and what `entryJoins` joins to it. */
export const entryJson = jsonObject(Entry.fields, "e", {
  entry_id: "e.id",
  id: "c.id",
  name: "c.name",
  region: "c.region",
  server: "c.server",
  race: "c.race",
  summary: `(select row_to_json(r) from (select
    case when w.character_id is not null then ${jsonObject(WarcraftlogsSummary.fields, "w")} end as warcraftlogs,
    case when b.character_id is not null then ${jsonObject(BattlenetSummary.fields, "b", {
      identity: identitySql("b", "greatest(c.updated_at, e.updated_at)"),
      differs: `array_remove(array[${differs("class", "b.class", "e.class")}, ${differs("race", "b.race", "c.race")}], null)`
    })} end as battlenet) r)`
})

/** The entry's character, from that table or one like it, with its snapshots. */
export const entryJoins = (characters = "characters") => `
  join ${characters} c on c.id = e.character_id
  left join character_warcraftlogs_snapshots w on w.character_id = c.id
  left join character_battlenet_snapshots b on b.character_id = c.id`

/** The SQL of a list of entries: mains first. */
export const entriesJson = `json_agg(${entryJson} order by e.rank desc, c.name_key collate "C", e.id)`

const discord = `(
  select discord_user(i, d) from discord_identities i
  join discord_profiles d on d.discord_identity_id = i.id where i.user_id = p.user_id)`

const playerWith = (characters: string) =>
  jsonObject(Player.fields, "p", { discord, characters: `coalesce(${characters}, '[]')` })

/** The SQL of a player with their characters, from a row `p` of the players. */
export const playerJson = playerWith(
  `(select ${entriesJson} from roster_entries e ${entryJoins()} where e.player_id = p.id)`
)

/** The same for many: each row `p` is joined to `h`, which has the player's entries. */
export const playersJson = playerWith("h.characters")
