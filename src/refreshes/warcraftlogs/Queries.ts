/** A character's data except the equipment, which only fights have. Without `metric` the rankings are for damage. */
export const characterQuery = (metric: "dps" | "hps") => `
query Character($name: String, $serverSlug: String, $serverRegion: String, $zoneID: Int) {
  characterData {
    character(name: $name, serverSlug: $serverSlug, serverRegion: $serverRegion) {
      hidden
      server { name slug }
      zoneRankings(zoneID: $zoneID, metric: ${metric})
      recentReports(limit: 5) {
        data {
          code
          startTime
          fights(killType: Kills) { id startTime endTime friendlyPlayers }
        }
      }
    }
  }
  rateLimitData { limitPerHour pointsSpentThisHour pointsResetIn }
}`

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
