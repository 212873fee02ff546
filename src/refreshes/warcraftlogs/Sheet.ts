import type { CharacterId, WarcraftlogsSnapshot } from "../../characters/Character.ts"
import type { RaidRole } from "../../game/Game.ts"
import type { RealmSlug } from "../../game/Realm.ts"

/** A character to ask Warcraft Logs about. */
export interface SheetAsked {
  readonly character: CharacterId
  readonly name: string
  /** Name or slug of the realm, as people wrote it. */
  readonly server: string
  /** From `BnetClient.realm`. */
  readonly realm: RealmSlug
  readonly region: string
  /** Of the guild, for the words of its game; the configured one when null. */
  readonly game_version: string | null
  /** As people wrote it; null when it is not to be compared. */
  readonly class: string | null
  /** Decides the metric: healing for `heal`, damage otherwise. */
  readonly role: RaidRole | null
}

/** The rankings part of a snapshot. */
export type RankingsPart = Pick<
  WarcraftlogsSnapshot,
  | "all_stars"
  | "zone_id"
  | "metric"
  | "difficulty"
  | "size"
  | "partition"
  | "best_performance_average"
  | "median_performance_average"
  | "total_kills"
> & {
  /** Undefined if they could not be read this time: what is stored then stays, with the fields beside it. */
  readonly rankings: WarcraftlogsSnapshot["rankings"] | undefined
}

/** What is wrong with a character at Warcraft Logs; `error` is the sentence of it. */
export type SheetFault = "hidden" | "unknown" | "renamed" | "other_class" | "unread"

/** What one answer tells about a character, but for the equipment, which only fights have. */
export interface WclRankings extends RankingsPart {
  readonly fault: SheetFault | null
  /** Logs that are hidden, or nobody's: stored parses and gear go. */
  readonly erases: boolean
  readonly partial: boolean
  readonly error: string | null
}

/** A boss kill in a report that lists the character. */
export interface LoggedKill {
  readonly code: string
  /** Its number in the report. */
  readonly fight: number
  /** When it ended, in milliseconds of the Unix clock. */
  readonly at: number
  /** The report has not grown for hours, so its fights will not change. */
  readonly finished: boolean
  /** Milliseconds since the start of the report. */
  readonly startTime: number
  readonly endTime: number
  /** Ids of the actors in it; null when Warcraft Logs did not say. */
  readonly players: ReadonlyArray<number> | null
}

/** Whom to find in a report. */
export interface Sought {
  readonly name: string
  /** The realm as requested, and Warcraft Logs' name and slug for it: a slug often cannot be derived from the name. */
  readonly servers: ReadonlyArray<string>
}

export interface Sheet extends Sought {
  readonly character: CharacterId
  readonly found: WclRankings
  /** Newest first; none when the gear is not wanted. */
  readonly reports: ReadonlyArray<LoggedKill>
}
