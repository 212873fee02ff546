import { buildSchema } from "graphql"

/** The part of the Warcraft Logs v2 schema that the simulator supports, with all the arguments declared here. */
export const warcraftlogsSchema = buildSchema(`
  scalar JSON

  type Query {
    characterData: CharacterData
    reportData: ReportData
    guildData: GuildData
    rateLimitData: RateLimitData
  }

  type CharacterData {
    character(name: String, serverSlug: String, serverRegion: String): Character
  }

  type GuildData {
    guild(id: Int, name: String, serverSlug: String, serverRegion: String): Guild
  }

  type Guild {
    id: Int!
    name: String!
    server: Server!
    members(limit: Int = 100, page: Int = 1): CharacterPagination!
  }

  type CharacterPagination {
    data: [Character]
    total: Int!
    per_page: Int!
    current_page: Int!
    from: Int
    to: Int
    last_page: Int!
    has_more_pages: Boolean!
  }

  type Character {
    id: Int!
    canonicalID: Int!
    name: String!
    classID: Int!
    level: Int!
    guildRank: Int!
    hidden: Boolean!
    server: Server!
    gameData: JSON
    recentReports(limit: Int = 10, page: Int = 1): ReportPagination
    zoneRankings(zoneID: Int, metric: CharacterPageRankingMetricType): JSON
  }

  type Server {
    id: Int!
    name: String!
    slug: String!
    normalizedName: String!
    region: Region!
  }

  type Region {
    id: Int!
    name: String!
    slug: String!
    compactName: String!
  }

  type Zone {
    id: Int!
    name: String!
    encounters: [Encounter]
  }

  type Encounter {
    id: Int!
    name: String!
  }

  type ReportPagination {
    data: [Report]
    total: Int!
    per_page: Int!
    current_page: Int!
    from: Int
    to: Int
    last_page: Int!
    has_more_pages: Boolean!
  }

  type ReportData {
    report(code: String): Report
  }

  type Report {
    code: String!
    title: String!
    startTime: Float!
    endTime: Float!
    visibility: String!
    revision: Int!
    segments: Int!
    zone: Zone
    archiveStatus: ReportArchiveStatus
    fights(fightIDs: [Int], encounterID: Int, killType: KillType): [ReportFight]
    masterData(translate: Boolean): ReportMasterData
    events(
      dataType: EventDataType
      fightIDs: [Int]
      encounterID: Int
      killType: KillType
      startTime: Float
      endTime: Float
      sourceID: Int
      limit: Int
      translate: Boolean
    ): ReportEventPaginator
  }

  type ReportArchiveStatus {
    isArchived: Boolean!
    isAccessible: Boolean!
    archiveDate: Int
  }

  type ReportFight {
    id: Int!
    name: String!
    encounterID: Int!
    kill: Boolean
    difficulty: Int
    size: Int
    bossPercentage: Float
    startTime: Float!
    endTime: Float!
    friendlyPlayers: [Int]
  }

  type ReportMasterData {
    logVersion: Int!
    gameVersion: Int
    lang: String
    actors(type: String, subType: String): [ReportActor]
  }

  type ReportActor {
    id: Int
    name: String
    type: String
    subType: String
    server: String
    gameID: Float
    petOwner: Int
    icon: String
  }

  type ReportEventPaginator {
    data: JSON
    nextPageTimestamp: Float
  }

  type RateLimitData {
    limitPerHour: Int!
    pointsSpentThisHour: Float!
    pointsResetIn: Int!
  }

  enum KillType { All Encounters Kills Trash Wipes }

  enum CharacterPageRankingMetricType {
    bosscdps bossdps bossndps bossrdps cdps default dps hps ndps playerscore playerspeed rdps tankhps wdps
  }

  enum EventDataType {
    All Buffs Casts CombatantInfo DamageDone DamageTaken Deaths Debuffs Dispels Healing Interrupts Resources Summons Threat
  }
`)
