import type { SimCharacter } from "./World.ts"
import { hash, share } from "./World.ts"
import type { Encounter, Zone } from "./Zones.ts"

const round = (value: number, digits: number) => Number(value.toFixed(digits))

/** A character's skill from 0 to 1: high in the metric of their role, low in the other. */
const talent = ({ name, role }: SimCharacter, metric: string) => {
  const native = (role === "heal") === (metric === "hps")
  return (native ? 35 + 60 * share("talent", name) : 2 + 18 * share("talent", name)) / 100
}

const neverKilled = (encounter: Encounter) => ({
  encounter,
  rankPercent: null,
  medianPercent: null,
  lockedIn: false,
  totalKills: 0,
  fastestKill: 0,
  allStars: null,
  spec: null,
  bestSpec: null,
  bestAmount: 0
})

const stars = (rankPercent: number, seed: number) => {
  const total = 5000 + (seed % 13_000)
  const rank = Math.max(1, Math.round(total * (1 - rankPercent / 100)))
  const points = { points: round(rankPercent * 1.05, 2), possiblePoints: 120, partition: 1 }
  // Ranks that are not final yet are sent as text.
  return seed % 4 === 0
    ? {
        ...points,
        rank: `~${rank}`,
        regionRank: `~${Math.ceil(rank / 2)}`,
        serverRank: `~${Math.ceil(rank / 9)}`,
        rankPercent: "-",
        total: 0
      }
    : {
        ...points,
        rank,
        regionRank: Math.ceil(rank / 2),
        serverRank: Math.ceil(rank / 9),
        rankPercent: round(rankPercent, 4),
        total
      }
}

const row = (character: SimCharacter, encounter: Encounter, metric: string) => {
  const of = (what: string) => share(what, character.name, encounter.id, metric)
  const skill = talent(character, metric)
  const rankPercent = round(Math.min(99.9, 100 * skill * (0.6 + 0.6 * of("rank"))), 4)
  const seed = hash("stars", character.name, encounter.id)
  return {
    encounter,
    rankPercent,
    medianPercent: round(rankPercent * (0.5 + 0.45 * of("median")), 4),
    lockedIn: seed % 4 !== 0,
    totalKills: 1 + (hash("kills", character.name, encounter.id) % 8),
    fastestKill: 100_000 + (hash("fastest", character.name, encounter.id) % 300_000),
    allStars: stars(rankPercent, seed),
    spec: character.spec,
    bestSpec: character.spec,
    bestAmount: round(400 + 2200 * skill * (0.7 + 0.6 * of("amount")), 6)
  }
}

/** Each character lacks a kill on about one boss in six, but never on the first. */
const missed = ({ name }: SimCharacter, encounter: Encounter, index: number) =>
  index > 0 && hash("missed", name, encounter.id) % 6 === 0

const average = (values: ReadonlyArray<number>) =>
  values.length === 0 ? null : round(values.reduce((sum, value) => sum + value, 0) / values.length, 5)

/** The JSON in `zoneRankings` for a character with visible logs. */
export const rankingsOf = (character: SimCharacter, zone: Zone, metric: string) => {
  const kills = zone.encounters.flatMap((encounter, index) =>
    character.wcl === "no-kills" || missed(character, encounter, index) ? [] : [row(character, encounter, metric)]
  )
  const best = average(kills.map(({ rankPercent }) => rankPercent))
  return {
    bestPerformanceAverage: best,
    medianPerformanceAverage: average(kills.map(({ medianPercent }) => medianPercent)),
    difficulty: 3,
    metric,
    partition: 1,
    zone: zone.id,
    size: zone.size,
    allStars:
      best === null
        ? []
        : [
            {
              partition: 1,
              spec: character.spec,
              points: round(best * zone.encounters.length * 1.05, 2),
              possiblePoints: zone.encounters.length * 120,
              rank: 1 + (hash("allStars", character.name) % 15_000),
              regionRank: 1 + (hash("allStars", character.name) % 2500),
              serverRank: 1 + (hash("allStars", character.name) % 900),
              rankPercent: best,
              total: 17_411
            }
          ],
    rankings: zone.encounters.map(
      (encounter) => kills.find((kill) => kill.encounter === encounter) ?? neverKilled(encounter)
    )
  }
}
