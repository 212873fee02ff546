import { Option, Schema } from "effect"
import type { GuildMember } from "../../game/GuildMember.ts"
import { Int32, listOf, orNull, Text } from "../../infra/upstream/Lenient.ts"

/** Of which Warcraft Logs allows no more a page. */
const pageSize = 100
/** A guild has no more members than these hold. */
const mostPages = 10

const members = (page: string) => `
      members(limit: ${pageSize}, page: ${page}) {
        data { name classID level guildRank server { slug } }
        last_page
      }`

const query = (pages: string) => `
query Guild($name: String, $serverSlug: String, $serverRegion: String) {
  guildData {
    guild(name: $name, serverSlug: $serverSlug, serverRegion: $serverRegion) {${pages}
    }
  }
  rateLimitData { limitPerHour pointsSpentThisHour pointsResetIn }
}`

export const firstPageQuery = query(`
      p1: ${members("1").trim()}`)

/** All pages behind the first in one request. */
export const otherPagesQuery = (last: number) =>
  query(
    Array.from(
      { length: Math.min(last, mostPages) - 1 },
      (_, at) => `
      p${at + 2}: ${members(String(at + 2)).trim()}`
    ).join("")
  )

const Page = Schema.Struct({
  data: listOf(
    Schema.Struct({
      name: Text,
      classID: orNull(Schema.Int),
      level: orNull(Int32),
      guildRank: orNull(Int32),
      server: orNull(Schema.Struct({ slug: Text }))
    })
  ),
  last_page: orNull(Int32)
})

const decode = Schema.decodeUnknownOption(
  Schema.Struct({ guildData: Schema.Struct({ guild: Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)) }) })
)
const decodePage = Schema.decodeUnknownOption(Page)

/** The members on the pages of an answer, null if there is no such guild; undefined if it has an unexpected form. */
export const readMembers = (
  data: unknown,
  realm: string
): { readonly last: number; readonly members: ReadonlyArray<GuildMember> } | null | undefined => {
  const decoded = Option.getOrUndefined(decode(data))
  if (decoded === undefined) return undefined
  const { guild } = decoded.guildData
  if (guild === null) return null
  const pages = Object.values(guild).map((page) => Option.getOrUndefined(decodePage(page)))
  const found = pages.filter((page) => page !== undefined)
  if (found.length < pages.length) return undefined
  return {
    last: Math.max(1, ...found.map(({ last_page }) => last_page ?? 1)),
    members: found.flatMap(({ data }) =>
      data.map(({ name, classID, level, guildRank, server }) => ({
        name,
        realm: server?.slug ?? realm,
        level,
        rank: guildRank,
        classId: classID,
        raceId: null
      }))
    )
  }
}
