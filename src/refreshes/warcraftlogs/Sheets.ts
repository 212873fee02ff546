import { Option, Schema } from "effect"
import { gameVersions, wordsOf } from "../../game/GameVersions.ts"
import { characterKey, realmSlug } from "../../game/Realm.ts"
import { type WarcraftlogsWords, warcraftlogsWordsOf } from "../../game/WarcraftlogsWords.ts"
import { Int32, listOf, orNull, Text } from "../../infra/upstream/Lenient.ts"
import { pathSegment } from "../../infra/upstream/PathSegment.ts"
import { metricOf } from "./Queries.ts"
import { noRankings, readRankings } from "./Rankings.ts"
import type { LoggedKill, Sheet, SheetAsked, SheetFault, WclRankings } from "./Sheet.ts"

export const sentences = {
  unknown: "Warcraft Logs does not know this character.",
  hidden: "This character's logs are hidden on Warcraft Logs, so no parses are kept here.",
  unread: "Warcraft Logs gave no answer for this character this time.",
  rankings: "The rankings could not be read from Warcraft Logs this time.",
  renamed: "Warcraft Logs knows this character under a newer name or realm; these are the parses of the old one.",
  gear: "The equipment could not be read from Warcraft Logs this time.",
  noGear: "Warcraft Logs shows no equipment for this character in the latest kills."
}

const otherClass = (theirs: string, ours: string) =>
  `Warcraft Logs has this character as ${/^[aeiou]/i.test(theirs) ? "an" : "a"} ${theirs}, not ${/^[aeiou]/i.test(ours) ? "an" : "a"} ${ours}.`

const Fight = Schema.Struct({
  id: Int32,
  /** Milliseconds since the start of the report. */
  startTime: Schema.Finite,
  endTime: Schema.Finite,
  /** Ids of actors in this report; null if not given. */
  friendlyPlayers: orNull(Schema.Array(Schema.Int))
})

const RecentReports = Schema.Struct({
  data: listOf(
    Schema.Struct({ code: Text, startTime: Schema.Finite, endTime: orNull(Schema.Finite), fights: listOf(Fight) })
  )
})

/** Milliseconds. A log that is still being written grows every few minutes; raids end within hours. */
const quiet = 6 * 3_600_000

/** The kills of some reports, newest first. The newest report may have none. */
const newestKills = (reports: typeof RecentReports.Type, now: number): ReadonlyArray<LoggedKill> =>
  reports.data
    .flatMap(({ code, startTime, endTime: end, fights }) =>
      fights.map(({ id, startTime: begins, endTime, friendlyPlayers }) => ({
        code,
        fight: id,
        at: startTime + endTime,
        finished: end !== null && now - end > quiet,
        startTime: begins,
        endTime,
        players: friendlyPlayers
      }))
    )
    .toSorted((a, b) => b.at - a.at)

const Character = Schema.Struct({
  id: orNull(Schema.Int),
  canonicalID: orNull(Schema.Int),
  name: orNull(Text),
  classID: orNull(Schema.Int),
  hidden: orNull(Schema.Boolean),
  server: orNull(Schema.Struct({ name: Schema.String, slug: Schema.String })),
  zoneRankings: orNull(Schema.Unknown),
  recentReports: orNull(RecentReports)
})

const decodeAliases = Schema.decodeUnknownOption(
  Schema.Struct({ characterData: Schema.Record(Schema.String, Schema.Unknown) })
)
const decodeCharacter = Schema.decodeUnknownOption(Schema.NullOr(Character))

const bare = (found: Partial<WclRankings> & Pick<WclRankings, "error">): WclRankings => ({
  ...noRankings,
  fault: null,
  erases: false,
  partial: false,
  ...found
})

const sheetOf = (asked: SheetAsked, found: WclRankings): Sheet => ({
  character: asked.character,
  name: asked.name,
  servers: [asked.server],
  found,
  reports: []
})

const gone = (asked: SheetAsked, fault: "unknown" | "hidden") =>
  sheetOf(asked, bare({ fault, rankings: [], erases: true, error: sentences[fault] }))

/** Of a name or realm that can be none, which needs no question. */
export const unknownSheet = (asked: SheetAsked) => gone(asked, "unknown")

/** When there is no answer for one character of several: what is stored of it stays. */
export const unreadSheet = (asked: SheetAsked) =>
  sheetOf(asked, bare({ fault: "unread", partial: true, error: sentences.unread }))

/** Texts that can be no name or realm need no question. */
export const isImpossible = ({ name, server }: { readonly name: string; readonly server: string }) =>
  [name, realmSlug(server)].some((part) => pathSegment(part.trim()) === undefined)

const wordsByVersion = new Map([...gameVersions.keys()].map((version) => [version, warcraftlogsWordsOf(version)]))

/** What else was told of an answer. */
export interface Told {
  /** Where there were errors, as paths into the data; null for an error that does not say. */
  readonly errors: ReadonlyArray<ReadonlyArray<unknown> | null>
  readonly now: number
  readonly zoneId: number | undefined
  readonly skipGear: boolean
  /** When a character's own is not known. */
  readonly version: string
}

/** Why there is no sheet: a fixed phrase. */
type NoSheet = "query refused" | "realm not resolved" | "not understood"

const read = (asked: SheetAsked, raw: unknown, doubtful: boolean, told: Told): Sheet | NoSheet => {
  const decoded = Option.getOrUndefined(decodeCharacter(raw ?? null))
  if (decoded === undefined) return "not understood"
  if (decoded === null) {
    if (doubtful) return "query refused"
    return asked.realm.guessed ? "realm not resolved" : gone(asked, "unknown")
  }
  const version =
    asked.game_version !== null && wordsByVersion.has(asked.game_version) ? asked.game_version : told.version
  const words: WarcraftlogsWords = wordsByVersion.get(version)!
  const className = decoded.classID === null ? undefined : words.classOf(decoded.classID)
  const metric = metricOf(asked)
  const missing = doubtful && decoded.zoneRankings === null
  const rankings = missing
    ? undefined
    : readRankings(decoded.zoneRankings, { metric, zoneId: told.zoneId, className, words })
  if (decoded.hidden === true || rankings === "hidden") return gone(asked, "hidden")
  const typed = asked.class === null ? undefined : wordsOf(version).classOf(asked.class)?.name
  const isOther = className !== undefined && typed !== undefined && className !== typed
  const isRenamed =
    (decoded.canonicalID !== null && decoded.id !== null && decoded.canonicalID !== decoded.id) ||
    (decoded.name !== null && characterKey(decoded.name) !== characterKey(asked.name))
  const errors = [
    rankings === undefined ? sentences.rankings : null,
    isRenamed ? sentences.renamed : null,
    isOther ? otherClass(className, typed) : null
  ].filter((each) => each !== null)
  const fault: SheetFault | null =
    rankings === undefined ? "unread" : isRenamed ? "renamed" : isOther ? "other_class" : null
  return {
    ...sheetOf(
      asked,
      bare({
        ...rankings,
        fault,
        partial: rankings === undefined,
        error: errors.length > 0 ? errors.join(" ") : null
      })
    ),
    servers: [asked.server, decoded.server?.name, decoded.server?.slug].filter((each) => each !== undefined),
    reports: told.skipGear ? [] : newestKills(decoded.recentReports ?? { data: [] }, told.now)
  }
}

/** The sheets of an answer, in the order asked; undefined if it has an unexpected form. */
export const readSheets = (
  asked: ReadonlyArray<SheetAsked>,
  data: unknown,
  told: Told
): ReadonlyArray<Sheet | NoSheet> | undefined => {
  const aliases = Option.getOrUndefined(decodeAliases(data))?.characterData
  // An error that does not say where it is may be anywhere.
  const anywhere = told.errors.some((path) => path?.[0] !== "characterData" || typeof path[1] !== "string")
  return (
    aliases &&
    asked.map((one, at) => {
      const doubtful = anywhere || told.errors.some((path) => path?.[1] === `c${at}`)
      return read(one, aliases[`c${at}`], doubtful, told)
    })
  )
}
