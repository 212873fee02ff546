import { Option, Schema } from "effect"
import type { GearItem } from "../../characters/Character.ts"
import { Int32, listOf, orNull, Text } from "../../infra/upstream/Lenient.ts"
import { characterKey, realmSlug } from "../../game/Realm.ts"

const Fight = Schema.Struct({
  id: Int32,
  /** Milliseconds since the start of the report. */
  startTime: Schema.Finite,
  endTime: Schema.Finite,
  /** Ids of actors in this report; null if not given. */
  friendlyPlayers: orNull(Schema.Array(Schema.Int))
})

export const RecentReports = Schema.Struct({
  data: listOf(Schema.Struct({ code: Text, startTime: Schema.Finite, fights: listOf(Fight) }))
})

export interface Kill {
  readonly code: string
  readonly fight: typeof Fight.Type
}

/** The kills of some reports, newest first. The newest report may have none. */
export const newestKills = (reports: typeof RecentReports.Type): ReadonlyArray<Kill> =>
  reports.data
    .flatMap(({ code, startTime, fights }) => fights.map((fight) => ({ code, fight, at: startTime + fight.endTime })))
    .toSorted((a, b) => b.at - a.at)

const Actor = Schema.Struct({ id: Schema.Int, name: Text, type: Schema.Literal("Player"), server: orNull(Text) })

const Report = Schema.Struct({
  masterData: orNull(Schema.Struct({ actors: listOf(Actor) })),
  events: orNull(Schema.Struct({ data: listOf(Schema.Unknown) }))
})

const decodeReport = Schema.decodeUnknownOption(
  Schema.Struct({ reportData: Schema.Struct({ report: Schema.NullOr(Report) }) })
)

const isWanted = Schema.is(
  Schema.Struct({ type: Schema.Literal("combatantinfo"), sourceID: Schema.Int, gear: Schema.Array(Schema.Unknown) })
)

// WCL writes "Living Flame" or "LivingFlame", depending on where the log came from.
const bareRealm = (realm: string) => realmSlug(realm).replaceAll("-", "")

/** The character to find in a report. */
export interface Sought {
  readonly name: string
  /** The realm as requested, and WCL's name and slug for it: a slug often cannot be derived from the name. */
  readonly servers: ReadonlyArray<string>
}

/** The player's actor id in a report. Names repeat across realms, and pets can have a player's name. */
const actorId = (actors: ReadonlyArray<typeof Actor.Type>, { name, servers }: Sought) => {
  const realms = new Set(servers.map(bareRealm))
  const sameName = actors.filter((actor) => characterKey(actor.name) === characterKey(name))
  const exact = sameName.find((actor) => actor.server !== null && realms.has(bareRealm(actor.server)))
  if (exact !== undefined) return exact.id
  const [only, ...others] = sameName
  return only?.server === null && others.length === 0 ? only.id : undefined
}

const orNothing = { id: orNull(Int32), itemLevel: orNull(Int32), icon: orNull(Text) }

const Item = Schema.Struct({
  ...orNothing,
  quality: orNull(Int32),
  permanentEnchant: orNull(Int32),
  temporaryEnchant: orNull(Int32),
  gems: listOf(Schema.Struct({ ...orNothing, id: Int32 }))
})

const decodeItem = Schema.decodeUnknownOption(Item)

/** The index is the slot, so an unreadable item must keep its place. */
const readGear = (items: ReadonlyArray<unknown>): ReadonlyArray<GearItem> =>
  items.slice(0, 19).flatMap((raw, index) => {
    const item = Option.getOrUndefined(decodeItem(raw))
    if (item === undefined || item.id === null || item.id <= 0) return []
    const gems = item.gems.filter((gem) => gem.id > 0)
    return [{ ...item, id: item.id, slot: index + 1, gems: gems.length === 0 ? null : gems }]
  })

/** A character's data from one fight of a report. */
export interface FightFound {
  /** The character's actor id in this report; undefined if it is not in the report or cannot be read. */
  readonly actor: number | undefined
  /** Undefined if the fight has none. */
  readonly gear: ReadonlyArray<GearItem> | undefined
}

/** Undefined if the response has an unexpected form. */
export const readFight = (data: unknown, sought: Sought): FightFound | undefined => {
  const decoded = Option.getOrUndefined(decodeReport(data))
  if (decoded === undefined) return undefined
  const report = decoded.reportData.report
  const actor = actorId(report?.masterData?.actors ?? [], sought)
  const event =
    actor === undefined
      ? undefined
      : report?.events?.data.filter((event) => isWanted(event)).find(({ sourceID }) => sourceID === actor)
  const gear = event === undefined ? [] : readGear(event.gear)
  return { actor, gear: gear.length === 0 ? undefined : gear }
}
