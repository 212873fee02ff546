import { Option, Schema } from "effect"
import type { WarcraftlogsWords } from "../../game/WarcraftlogsWords.ts"
import { Int32, listOf, orNull, Text } from "../../infra/upstream/Lenient.ts"
import type { RankingsPart } from "./Sheet.ts"

/** The values if nothing is known. */
export const noRankings = {
  rankings: undefined,
  all_stars: [],
  zone_id: null,
  metric: null,
  difficulty: null,
  size: null,
  partition: null,
  best_performance_average: null,
  median_performance_average: null,
  total_kills: null
} satisfies RankingsPart

/** Numbers that are not final yet come as text: `~4321`; those that are missing as `-`. */
const numberOf = (value: unknown) => {
  const number = typeof value === "string" && /^~?\d+(\.\d+)?$/.test(value) ? Number(value.replace("~", "")) : value
  return typeof number === "number" && Number.isFinite(number) ? number : null
}

const intOf = (value: unknown) => {
  const number = numberOf(value)
  return number !== null && Number.isInteger(number) && number >= 0 && number < 2 ** 31 ? number : null
}

const Stars = Schema.Record(Schema.String, Schema.Unknown)

const toStars = (stars: typeof Stars.Type) => ({
  points: numberOf(stars["points"]),
  possible_points: numberOf(stars["possiblePoints"]),
  rank: intOf(stars["rank"]),
  region_rank: intOf(stars["regionRank"]),
  server_rank: intOf(stars["serverRank"]),
  rank_percent: numberOf(stars["rankPercent"]),
  total: intOf(stars["total"])
})

const Row = Schema.Struct({
  encounter: Schema.Struct({ id: Int32, name: orNull(Text) }),
  rankPercent: orNull(Schema.Finite),
  medianPercent: orNull(Schema.Finite),
  totalKills: orNull(Int32),
  fastestKill: orNull(Schema.Finite),
  bestAmount: orNull(Schema.Finite),
  spec: orNull(Text),
  bestSpec: orNull(Text),
  allStars: orNull(Stars)
})

/** `zoneRankings` is an untyped JSON scalar in the schema; this is the observed form. */
const ZoneRankings = Schema.Struct({
  error: orNull(Schema.String),
  zone: orNull(Int32),
  metric: orNull(Schema.Literals(["dps", "hps"])),
  difficulty: orNull(Int32),
  size: orNull(Int32),
  partition: orNull(Int32),
  bestPerformanceAverage: orNull(Schema.Finite),
  medianPerformanceAverage: orNull(Schema.Finite),
  allStars: listOf(Stars),
  rankings: listOf(Row)
})

const decode = Schema.decodeUnknownOption(ZoneRankings)
const decodeText = Schema.decodeUnknownOption(Text)

/** Hidden logs are reported as a permission error with status 200. */
const hiddenWords = /permission|private|hidden/i

interface Asked {
  readonly metric: "dps" | "hps"
  readonly zoneId: number | undefined
  /** The class as Warcraft Logs has it, and the words of the game. */
  readonly className: string | undefined
  readonly words: WarcraftlogsWords
}

/**
 * Reads `zoneRankings`. Encounters without a kill keep their row of zeros and nulls. `hidden` if the owner hides the
 * logs, undefined if the value cannot be read.
 */
export const readRankings = (
  zoneRankings: unknown,
  { metric, zoneId, className, words }: Asked
): RankingsPart | "hidden" | undefined => {
  const nothing = { ...noRankings, rankings: [], zone_id: zoneId ?? null, metric, total_kills: 0 }
  if (zoneRankings === null) return nothing
  const found = Option.getOrUndefined(decode(zoneRankings))
  if (found === undefined) return undefined
  if (found.error !== null) return hiddenWords.test(found.error) ? "hidden" : undefined
  const spec = (word: string | null) => (word === null ? null : words.specOf(className, word))
  const rankings = found.rankings.map((row) => {
    const kills = row.totalKills ?? 0
    return {
      encounter_id: row.encounter.id,
      encounter_name: row.encounter.name ?? "",
      rank_percent: row.rankPercent,
      median_percent: row.medianPercent,
      total_kills: kills,
      // Never killed is told as 0 ms.
      fastest_kill_ms: row.fastestKill === null || kills === 0 ? null : Math.round(row.fastestKill),
      best_amount: row.bestAmount,
      spec: spec(row.spec ?? row.bestSpec),
      all_stars: row.allStars === null ? null : toStars(row.allStars)
    }
  })
  return {
    rankings,
    all_stars: found.allStars.map((stars) => ({
      spec: spec(Option.getOrNull(decodeText(stars["spec"]))),
      partition: intOf(stars["partition"]),
      ...toStars(stars)
    })),
    zone_id: found.zone ?? nothing.zone_id,
    metric: found.metric ?? metric,
    difficulty: found.difficulty,
    size: found.size,
    partition: found.partition,
    best_performance_average: found.bestPerformanceAverage,
    median_performance_average: found.medianPerformanceAverage,
    total_kills: Math.min(
      rankings.reduce((sum, { total_kills }) => sum + total_kills, 0),
      2 ** 31 - 1
    )
  }
}
