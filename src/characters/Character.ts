import { Schema } from "effect"
import { Faction, RaidRole, Region } from "../game/Game.ts"
import { apiError } from "../http/ApiError.ts"
import { NullableTimestamp, Timestamp } from "../http/Timestamp.ts"

export const CharacterId = Schema.String.check(Schema.isUUID()).pipe(Schema.brand("CharacterId"))
export type CharacterId = typeof CharacterId.Type

const Rank = Schema.Literals(["main", "alt"])

/** In camelCase because the browser app expects it. */
export const GearItem = Schema.Struct({
  id: Schema.Int,
  /** 1 head to 19 tabard. */
  slot: Schema.Int,
  quality: Schema.NullOr(Schema.Int),
  icon: Schema.NullOr(Schema.String),
  itemLevel: Schema.NullOr(Schema.Int),
  permanentEnchant: Schema.NullOr(Schema.Int),
  temporaryEnchant: Schema.NullOr(Schema.Int),
  gems: Schema.NullOr(
    Schema.Array(
      Schema.Struct({
        id: Schema.Int,
        itemLevel: Schema.NullOr(Schema.Int),
        icon: Schema.NullOr(Schema.String)
      })
    )
  )
})
export type GearItem = typeof GearItem.Type

/** The parses of one encounter; percents are from 0 to 100. */
const Ranking = Schema.Struct({
  encounter_id: Schema.Int,
  encounter_name: Schema.String,
  rank_percent: Schema.NullOr(Schema.Finite),
  median_percent: Schema.NullOr(Schema.Finite),
  total_kills: Schema.Int,
  fastest_kill_ms: Schema.NullOr(Schema.Int),
  best_amount: Schema.NullOr(Schema.Finite),
  spec: Schema.NullOr(Schema.String)
})
export type Ranking = typeof Ranking.Type

/** A character's data from Warcraft Logs. `error` is shown to users verbatim. */
export const WarcraftlogsSnapshot = Schema.Struct({
  gear: Schema.Array(GearItem),
  rankings: Schema.Array(Ranking),
  zone_id: Schema.NullOr(Schema.Int),
  metric: Schema.NullOr(Schema.Literals(["dps", "hps"])),
  best_performance_average: Schema.NullOr(Schema.Finite),
  median_performance_average: Schema.NullOr(Schema.Finite),
  total_kills: Schema.NullOr(Schema.Int),
  /** True if some of the data could not be read; that part is then from an earlier refresh. */
  partial: Schema.Boolean,
  error: Schema.NullOr(Schema.String),
  fetched_at: Timestamp
})
export type WarcraftlogsSnapshot = typeof WarcraftlogsSnapshot.Type

/** A character's data from Battle.net. `error` is shown to users verbatim. */
export const BattlenetSnapshot = Schema.Struct({
  avatar_url: Schema.NullOr(Schema.String),
  level: Schema.NullOr(Schema.Int),
  equipped_item_level: Schema.NullOr(Schema.Int),
  active_spec_name: Schema.NullOr(Schema.String),
  faction: Schema.NullOr(Faction),
  error: Schema.NullOr(Schema.String),
  fetched_at: Timestamp
})
export type BattlenetSnapshot = typeof BattlenetSnapshot.Type

const fields = {
  id: CharacterId,
  /** Its owner; null if nobody claims it. */
  user_id: Schema.NullOr(Schema.String),
  name: Schema.String,
  region: Region,
  server: Schema.String,
  class: Schema.String,
  race: Schema.NullOr(Schema.String),
  spec: Schema.String,
  role: RaidRole,
  rank: Rank,
  created_at: Timestamp,
  updated_at: Timestamp,
  deleted_at: NullableTimestamp
}

export const Character = Schema.Struct(fields).annotate({ identifier: "Character" })
export type Character = typeof Character.Type

export const CharacterDetail = Schema.Struct({
  ...fields,
  battlenet: Schema.NullOr(BattlenetSnapshot),
  warcraftlogs: Schema.NullOr(WarcraftlogsSnapshot)
}).annotate({ identifier: "CharacterDetail" })
export type CharacterDetail = typeof CharacterDetail.Type

export class CharacterNotFound extends apiError("character.not_found", 404, "Character was not found.") {}
