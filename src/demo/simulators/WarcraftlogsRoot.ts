import { combatantInfos } from "./CombatantInfo.ts"
import { rankingsOf } from "./Rankings.ts"
import { localName, realmOf } from "./Realms.ts"
import type { Fight, Report } from "./Reports.ts"
import { Reports } from "./Reports.ts"
import { factsOf } from "./Talents.ts"
import { sameName, type SimCharacter, type World } from "./World.ts"
import { openZone } from "./Zones.ts"

/** What the resolvers of a request need in addition to their arguments. */
export interface Budget {
  /** Charges points to this request. */
  readonly spend: (points: number) => void
  readonly rateLimitData: () => {
    readonly limitPerHour: number
    readonly pointsSpentThisHour: number
    readonly pointsResetIn: number
  }
}

interface FightFilter {
  readonly fightIDs?: ReadonlyArray<number> | null
  readonly encounterID?: number | null
  readonly killType?: "All" | "Encounters" | "Kills" | "Trash" | "Wipes" | null
}

const chosenFights = (report: Report, { fightIDs, encounterID, killType }: FightFilter) =>
  report.fights.filter(
    ({ id, encounterID: boss, kill }) =>
      (fightIDs?.includes(id) ?? true) &&
      (encounterID ?? boss) === boss &&
      (killType === "Kills" ? kill : killType === "Wipes" ? !kill : killType !== "Trash")
  )

interface EventsArguments extends FightFilter {
  readonly dataType?: string | null
  readonly startTime?: number | null
  readonly endTime?: number | null
  readonly sourceID?: number | null
  readonly limit?: number | null
}

/** Without `endTime` the window is empty, because all events come after the start of the report. */
const eventsOf = (report: Report, asked: EventsArguments) => {
  const { dataType, sourceID } = asked
  const [startTime, endTime, limit] = [asked.startTime ?? 0, asked.endTime ?? 0, asked.limit ?? 300]
  if (limit < 1 || limit > 10_000) throw new Error("The limit must be between 1 and 10000.")
  const events = chosenFights(report, asked)
    .flatMap((fight: Fight) => (dataType === "CombatantInfo" ? combatantInfos(report, fight) : []))
    .filter(({ timestamp }) => timestamp >= startTime && timestamp < endTime)
    .filter((event) => (sourceID ?? event.sourceID) === event.sourceID)
  return { data: events.slice(0, limit), nextPageTimestamp: events[limit]?.timestamp ?? null }
}

/** Application tokens see little more of an archived report than that it exists. */
const reportView = (report: Report, { spend }: Budget) => ({
  code: report.code,
  title: report.title,
  startTime: report.startTime,
  endTime: report.endTime,
  visibility: "public",
  revision: 1,
  segments: 1,
  zone: report.zone,
  archiveStatus: {
    isArchived: report.archived,
    isAccessible: !report.archived,
    archiveDate: report.archived ? Math.round(report.endTime / 1000) : null
  },
  fights: (asked: FightFilter) =>
    report.archived
      ? null
      : chosenFights(report, asked).map((fight) => ({ ...fight, bossPercentage: fight.kill ? 0 : 37.5 })),
  masterData: () => {
    spend(1)
    if (report.archived) return null
    return {
      logVersion: 17,
      gameVersion: 3,
      lang: "en",
      actors: ({ type, subType }: { readonly type?: string | null; readonly subType?: string | null }) =>
        report.actors.filter(
          (actor) => (type ?? actor.type) === actor.type && (subType ?? actor.subType) === actor.subType
        )
    }
  },
  events: (asked: EventsArguments) => {
    spend(2)
    return report.archived ? null : eventsOf(report, asked)
  }
})

const regions = {
  us: { id: 1, name: "United States", slug: "US", compactName: "US" },
  eu: { id: 2, name: "Europe", slug: "EU", compactName: "EU" },
  kr: { id: 3, name: "Korea", slug: "KR", compactName: "KR" },
  tw: { id: 4, name: "Taiwan", slug: "TW", compactName: "TW" },
  cn: { id: 5, name: "China", slug: "CN", compactName: "CN" }
}

const serverView = ({ region, realm }: SimCharacter) => {
  const server = realmOf(region, realm)
  const name = localName(server)
  return { id: server.id, name, slug: server.slug, normalizedName: name.replace(/[' ]/g, ""), region: regions[region] }
}

const permission = "You do not have permission to see this character's rankings."

interface RankingsArguments {
  readonly zoneID?: number | null
  readonly metric?: string | null
}

const zoneRankings = (character: SimCharacter, newest: number, { zoneID, metric }: RankingsArguments) => {
  if (character.wcl === "failing") throw new Error("Internal server error")
  if (character.wcl === "hidden") return { error: permission }
  if (character.wcl === "no-rankings") return null
  const zone = openZone(zoneID ?? newest, newest)
  if (zone === undefined) return { error: "Invalid zone specified." }
  return rankingsOf(character, zone, metric === null || metric === undefined || metric === "default" ? "dps" : metric)
}

interface CharacterArguments {
  readonly name?: string | null
  readonly serverSlug?: string | null
  readonly serverRegion?: string | null
}

interface Page {
  readonly limit: number
  readonly page: number
}

const pageOf = <A, B>(all: ReadonlyArray<A>, { limit, page }: Page, view: (one: A) => B) => {
  if (limit < 1 || limit > 100) throw new Error("The limit must be between 1 and 100.")
  const first = (page - 1) * limit
  const shown = all.slice(first, first + limit)
  return {
    data: shown.map(view),
    total: all.length,
    per_page: limit,
    current_page: page,
    from: shown.length === 0 ? null : first + 1,
    to: shown.length === 0 ? null : first + shown.length,
    last_page: Math.max(1, Math.ceil(all.length / limit)),
    has_more_pages: first + limit < all.length
  }
}

/** Fails a whole request, not only the field. */
export class Refused extends Error {}

/** The root value for a world: graphql's default resolver calls its functions with the query's arguments. */
export class WarcraftlogsRoot {
  private readonly world: World
  private readonly newest: number
  private readonly raidSize: number | undefined
  private reports: Reports
  private version: number

  constructor(world: World, newest: number, raidSize: number | undefined) {
    this.world = world
    this.newest = newest
    this.raidSize = raidSize
    this.reports = new Reports(world, raidSize)
    this.version = world.version
  }

  private currentReports() {
    if (this.version !== this.world.version) {
      this.reports = new Reports(this.world, this.raidSize)
      this.version = this.world.version
    }
    return this.reports
  }

  private characterView(character: SimCharacter, budget: Budget) {
    const id = this.world.wclId(character)
    return {
      id,
      canonicalID: character.wcl === "renamed" ? id + 1 : id,
      name: character.name,
      classID: factsOf(character.class).wclId,
      level: character.level ?? 70,
      guildRank: character.guild?.rank ?? 0,
      hidden: character.wcl === "hidden",
      server: serverView(character),
      gameData: null,
      recentReports: (page: Page) => {
        budget.spend(1)
        return pageOf(this.currentReports().of(character), page, (report) => reportView(report, budget))
      },
      zoneRankings: (asked: RankingsArguments) => {
        budget.spend(2)
        return zoneRankings(character, this.newest, asked)
      }
    }
  }

  private character({ name, serverSlug, serverRegion }: CharacterArguments, budget: Budget) {
    budget.spend(1)
    if (!name || !serverSlug || !serverRegion) {
      throw new Error("You must specify either a character id, or a name, serverSlug and serverRegion.")
    }
    const found = this.world.find(serverRegion, serverSlug, name)
    if (found?.wcl === "refused") throw new Refused("Internal server error")
    return found === undefined || found.wcl === "unknown" ? null : this.characterView(found, budget)
  }

  private guild({ name, serverSlug, serverRegion }: CharacterArguments, budget: Budget) {
    budget.spend(1)
    if (!name || !serverSlug || !serverRegion) {
      throw new Error("You must specify either a guild id, or a name, serverSlug and serverRegion.")
    }
    const members = this.world.guild(serverRegion, serverSlug, (one) => one !== "" && sameName(one) === sameName(name))
    const [first] = members
    if (first === undefined) return null
    return {
      id: 700_000 + members.length,
      name: first.guild!.name,
      server: serverView(first),
      members: (page: Page) => {
        budget.spend(1)
        return pageOf(members, page, (character) => this.characterView(character, budget))
      }
    }
  }

  private report(code: string | null | undefined, budget: Budget) {
    budget.spend(1)
    const report = this.currentReports().find(code ?? "")
    if (report === undefined) throw new Error("This report does not exist.")
    return reportView(report, budget)
  }

  /** The root value for one request. */
  value(budget: Budget) {
    return {
      characterData: { character: (asked: CharacterArguments) => this.character(asked, budget) },
      reportData: {
        report: ({ code }: { readonly code?: string | null }) => this.report(code, budget)
      },
      guildData: { guild: (asked: CharacterArguments) => this.guild(asked, budget) },
      rateLimitData: budget.rateLimitData
    }
  }
}
