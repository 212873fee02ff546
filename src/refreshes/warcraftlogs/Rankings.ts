import { Option, Schema } from "effect"
import type { WarcraftlogsSnapshot } from "../../characters/Character.ts"
import { Int32, listOf, orNull, Text } from "../../infra/upstream/Lenient.ts"

/** The rankings part of a snapshot. */
export type RankingsPart = Pick<
  WarcraftlogsSnapshot,
  "rankings" | "zone_id" | "metric" | "best_performance_average" | "median_performance_average" | "total_kills"
>

/** The values if nothing is known. */
export const noRankings = {
  rankings: undefined,
  zone_id: null,
  metric: null,
  best_performance_average: null,
  median_performance_average: null,
  total_kills: null
}

const Row = Schema.Struct({
  encounter: Schema.Struct({ id: Int32, name: orNull(Text) }),
  rankPercent: orNull(Schema.Finite),
  medianPercent: orNull(Schema.Finite),
  totalKills: orNull(Int32),
  fastestKill: orNull(Schema.Finite),
  bestAmount: orNull(Schema.Finite),
  spec: orNull(Text),
  bestSpec: orNull(Text)
})

/** `zoneRankings` is an untyped JSON scalar in the schema; this is the observed form. */
const ZoneRankings = Schema.Struct({
  error: orNull(Schema.String),
  zone: orNull(Int32),
  metric: orNull(Schema.Literals(["dps", "hps"])),
  bestPerformanceAverage: orNull(Schema.Finite),
  medianPerformanceAverage: orNull(Schema.Finite),
  rankings: listOf(Row)
})

const decode = Schema.decodeUnknownOption(ZoneRankings)

/** Hidden logs are reported as a permission error with status 200. */
const hiddenWords = /permission|private|hidden/i

const toRanking = (row: typeof Row.Type) => ({
  encounter_id: row.encounter.id,
  encounter_name: row.encounter.name ?? "",
  rank_percent: row.rankPercent,
  median_percent: row.medianPercent,
  total_kills: row.totalKills ?? 0,
  fastest_kill_ms: row.fastestKill === null ? null : Math.round(row.fastestKill),
  best_amount: row.bestAmount,
  spec: row.spec ?? row.bestSpec
})

/**
 * Reads `zoneRankings`. Encounters without a kill keep their row of zeros and nulls. `hidden` if the owner hides the
 * logs, undefined if the value cannot be read.
 */
export const readRankings = (
  zoneRankings: unknown,
  asked: { readonly metric: "dps" | "hps"; readonly zoneId: number | undefined }
): RankingsPart | "hidden" | undefined => {
  const nothing = { ...noRankings, rankings: [], zone_id: asked.zoneId ?? null, metric: asked.metric, total_kills: 0 }
  if (zoneRankings === null) return nothing
  const found = Option.getOrUndefined(decode(zoneRankings))
  if (found === undefined) return undefined
  if (found.error !== null) return hiddenWords.test(found.error) ? "hidden" : undefined
  const rankings = found.rankings.map(toRanking)
  return {
    rankings,
    zone_id: found.zone ?? nothing.zone_id,
    metric: found.metric ?? asked.metric,
    best_performance_average: found.bestPerformanceAverage,
    median_performance_average: found.medianPerformanceAverage,
    total_kills: Math.min(
      rankings.reduce((sum, { total_kills }) => sum + total_kills, 0),
      2 ** 31 - 1
    )
  }
}
