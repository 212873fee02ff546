import type { LoggedKill, SheetAsked } from "./Sheet.ts"

/** Damage is what Warcraft Logs compares unless it is asked for healing. */
export const metricOf = ({ role }: Pick<SheetAsked, "role">) => (role === "heal" ? "hps" : "dps")

/** A character's data except the equipment, which only fights have. */
const sheetFragment = (metric: "dps" | "hps") => `
fragment ${metric} on Character {
  id
  canonicalID
  name
  classID
  hidden
  server { name slug }
  zoneRankings(zoneID: $zoneID, metric: ${metric})
  recentReports(limit: 5) {
    data {
      code
      startTime
      endTime
      fights(killType: Kills) { id startTime endTime friendlyPlayers }
    }
  }
}`

/** The characters by the aliases c0, c1 … */
export const sheetsQuery = (asked: ReadonlyArray<SheetAsked>) => {
  const metrics = asked.map(metricOf)
  const declared = asked.map((_, at) => `, $n${at}: String, $s${at}: String, $r${at}: String`).join("")
  const aliases = metrics.map(
    (metric, at) => `c${at}: character(name: $n${at}, serverSlug: $s${at}, serverRegion: $r${at}) { ...${metric} }`
  )
  return `
query Sheets($zoneID: Int${declared}) {
  characterData {
    ${aliases.join("\n    ")}
  }
  rateLimitData { limitPerHour pointsSpentThisHour pointsResetIn }
}${[...new Set(metrics)].map(sheetFragment).join("")}`
}

export const sheetsVariables = (asked: ReadonlyArray<SheetAsked>, zoneID: number | undefined) => ({
  // Without it the query means the newest zone.
  ...(zoneID === undefined ? {} : { zoneID }),
  ...Object.fromEntries(
    asked.flatMap(({ name, realm, region }, at) => [
      [`n${at}`, name.normalize("NFC").trim()],
      [`s${at}`, realm.slug],
      [`r${at}`, region.toLowerCase()]
    ])
  )
})

/** The players of a report, and their equipment at the start of the given fight. */
export const fightQuery = `
query Fight($code: String, $fight: Int, $startTime: Float, $endTime: Float) {
  reportData {
    report(code: $code) {
      masterData { actors(type: "Player") { id name type server } }
      events(dataType: CombatantInfo, fightIDs: [$fight], startTime: $startTime, endTime: $endTime, limit: 100) {
        data
      }
    }
  }
  rateLimitData { limitPerHour pointsSpentThisHour pointsResetIn }
}`

export const fightVariables = ({ code, fight, startTime, endTime }: Omit<LoggedKill, "players">) => ({
  code,
  fight,
  startTime,
  endTime: endTime + 1
})
