import { Schema } from "effect"
import { Faction, RaidRole, Region } from "../game/Game.ts"
import { apiError } from "../http/ApiError.ts"
import { field } from "../http/Documented.ts"
import { NullableTimestamp, Timestamp } from "../http/Timestamp.ts"

export const CharacterId = Schema.String.check(Schema.isUUID())
  .annotate({ identifier: "CharacterId", examples: ["0199c3f2-4c1d-7d0a-b6a1-8c2f9f7f3b21"] })
  .pipe(Schema.brand("CharacterId"))
export type CharacterId = typeof CharacterId.Type

const Rank = Schema.Literals(["main", "alt"])

const MaybeInt = Schema.NullOr(Schema.Int)
const MaybeText = Schema.NullOr(Schema.String)
const MaybeNumber = Schema.NullOr(Schema.Finite)

const itemLevel = field(MaybeInt, "Item level.", 128)
const icon = field(MaybeText, "File name of the icon at Warcraft Logs.", "inv_helmet_74.jpg")

const Gem = Schema.Struct({ id: field(Schema.Int, "Item id in the game.", 32196), itemLevel, icon })

/** In camelCase because the browser app expects it. */
export const GearItem = Schema.Struct({
  id: field(Schema.Int, "Item id in the game.", 29076),
  slot: field(Schema.Int, "Where it is worn: 1 is the head, 19 the tabard.", 1),
  quality: field(MaybeInt, "From 0, poor, to 5, legendary.", 4),
  icon,
  itemLevel,
  permanentEnchant: field(MaybeInt, "Id of the enchant in the game.", 3002),
  temporaryEnchant: field(MaybeInt, "Id of the oil, stone or poison in the game.", 2678),
  gems: field(Schema.NullOr(Schema.Array(Gem)), "Never an empty list.")
}).annotate({ identifier: "GearItem", description: "A piece of gear, worn in the newest logged kill." })
export type GearItem = typeof GearItem.Type

const MaybeRank = (what: string, example: number) => field(MaybeInt, `${what}; null when unknown.`, example)

const stars = {
  points: field(MaybeNumber, "All-star points.", 91.3),
  possible_points: field(MaybeNumber, "The most that could be had.", 120),
  rank: MaybeRank("Rank in the world", 4310),
  region_rank: MaybeRank("Rank in the region", 1190),
  server_rank: MaybeRank("Rank on the realm", 84),
  rank_percent: field(MaybeNumber, "The share that is ranked lower, in percent; null when unknown.", 87.4),
  total: field(MaybeInt, "How many are ranked; null when unknown.", 17411)
}

const Stars = Schema.Struct(stars).annotate({
  identifier: "EncounterStars",
  description: "All-star points and ranks of one encounter."
})

export const Ranking = Schema.Struct({
  encounter_id: field(Schema.Int, "Id at Warcraft Logs.", 50652),
  encounter_name: field(Schema.String, "In English.", "Attumen the Huntsman"),
  rank_percent: field(MaybeNumber, "The best parse, in percent: 0 to 100.", 87.4),
  median_percent: field(MaybeNumber, "The median parse, in percent: 0 to 100.", 71.2),
  total_kills: field(Schema.Int, "Logged kills.", 6),
  fastest_kill_ms: field(MaybeInt, "The fastest kill, in milliseconds; null without one.", 141000),
  best_amount: field(MaybeNumber, "The most damage or healing, a second.", 1184.6),
  spec: field(MaybeText, "The specialisation of the best parse, as people write it.", "Beast Mastery"),
  all_stars: field(Schema.NullOr(Stars), "All-star points and ranks of it; null when there are none.")
}).annotate({ identifier: "Ranking", description: "The parses of one encounter." })

const AllStars = Schema.Struct({
  spec: field(MaybeText, "The specialisation, as people write it.", "Arcane"),
  partition: field(MaybeInt, "Number of the period at Warcraft Logs.", 1),
  ...stars
}).annotate({ identifier: "AllStars", description: "All-star points and ranks of one specialisation in the raid." })

const snapshotError = field(MaybeText, "Why the provider's data is missing or old: a sentence to show to people.", null)
const fetchedAt = field(Timestamp, "When the provider was asked.")

export const WarcraftlogsSnapshot = Schema.Struct({
  gear: Schema.Array(GearItem),
  rankings: Schema.Array(Ranking),
  all_stars: field(Schema.Array(AllStars), "Of the whole raid, by specialisation."),
  zone_id: field(MaybeInt, "Id of the raid at Warcraft Logs.", 1047),
  difficulty: field(MaybeInt, "Difficulty of the parses, as Warcraft Logs numbers it.", 3),
  size: field(MaybeInt, "Size of the raid.", 25),
  partition: field(MaybeInt, "Period of the parses, as Warcraft Logs numbers it.", 1),
  metric: field(Schema.NullOr(Schema.Literals(["dps", "hps"])), "What the parses compare: damage or healing.", "dps"),
  best_performance_average: field(MaybeNumber, "Mean of the best parses, in percent.", 84.9),
  median_performance_average: field(MaybeNumber, "Mean of the median parses, in percent.", 70.3),
  total_kills: field(MaybeInt, "Logged kills of all encounters.", 31),
  partial: field(Schema.Boolean, "Some of the data could not be read; that part is from an earlier refresh.", false),
  error: snapshotError,
  fetched_at: fetchedAt,
  rankings_fetched_at: field(NullableTimestamp, "When the parses were last read; null if never."),
  gear_fetched_at: field(NullableTimestamp, "When the gear was last read; null if never.")
}).annotate({ identifier: "WarcraftlogsSnapshot", description: "Parses and gear, as Warcraft Logs last told them." })
export type WarcraftlogsSnapshot = typeof WarcraftlogsSnapshot.Type

export const BattlenetSnapshot = Schema.Struct({
  avatar_url: field(MaybeText, "Picture of the character.", "https://render.worldofwarcraft.com/eu/1.jpg", {
    format: "uri"
  }),
  level: field(MaybeInt, "Level.", 70),
  equipped_item_level: field(MaybeInt, "Mean item level of what is worn.", 126),
  active_spec_name: field(MaybeText, "In English.", "Arcane"),
  faction: field(Schema.NullOr(Faction), "The side of its race.", "horde"),
  class: field(MaybeText, "As Battle.net has it, in English.", "Mage"),
  race: field(MaybeText, "As Battle.net has it, in English.", "Undead"),
  identity: field(
    Schema.NullOr(Schema.Literals(["replaced", "gone"])),
    "`replaced`: another character has the name now. `gone`: unknown to Battle.net for 30 days. Null: neither.",
    null
  ),
  error: snapshotError,
  fetched_at: fetchedAt
}).annotate({ identifier: "BattlenetSnapshot", description: "The profile, as Battle.net last told it." })
export type BattlenetSnapshot = typeof BattlenetSnapshot.Type

const fields = {
  id: CharacterId,
  user_id: field(
    Schema.NullOr(Schema.String),
    "Its owner; null if nobody claims it.",
    "0199c3f0-6f3e-7a57-8f1c-2b7a1f6f0a11",
    {
      format: "uuid"
    }
  ),
  name: field(Schema.String, "Name in the game.", "Cyrandel"),
  region: field(Region, "Region of the realm."),
  server: field(Schema.String, "Name of the realm.", "Spineshatter"),
  class: field(Schema.String, "In English.", "Mage"),
  race: field(Schema.NullOr(Schema.String), "In English; null when unknown.", "Blood Elf"),
  spec: field(Schema.String, "Specialisation, in English.", "Arcane"),
  role: field(RaidRole, "What it does in a raid.", "ranged"),
  rank: field(Rank, "Whether its owner plays it first.", "main"),
  created_at: field(Timestamp, "When it was added."),
  updated_at: field(Timestamp, "When it was last changed."),
  deleted_at: field(NullableTimestamp, "Null: a deleted one is not shown.", null)
}

export const Character = Schema.Struct(fields).annotate({
  identifier: "Character",
  description: "A character of the game."
})
export type Character = typeof Character.Type

export const CharacterDetail = Schema.Struct({
  ...fields,
  battlenet: field(Schema.NullOr(BattlenetSnapshot), "Null until it is refreshed from there."),
  warcraftlogs: field(Schema.NullOr(WarcraftlogsSnapshot), "Null until it is refreshed from there.")
}).annotate({ identifier: "CharacterDetail", description: "A character with what the providers know of it." })
export type CharacterDetail = typeof CharacterDetail.Type

export class CharacterNotFound extends apiError("character.not_found", 404, "Character was not found.") {}

/** Who may look at a character may not always have it refreshed. */
export class RefreshForbidden extends apiError(
  "character.refresh_forbidden",
  403,
  "Only its owner, and officers and admins of a guild whose roster holds it, may refresh this character."
) {}
