import { Option, Schema } from "effect"
import { GearItem } from "../../characters/Character.ts"
import { Int32, listOf, orNull, Text } from "../../infra/upstream/Lenient.ts"
import { characterKey, realmSlug } from "../../game/Realm.ts"
import type { Sought } from "./Sheet.ts"

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

/** What is used of one fight of a report, as it is cached. */
export const FightData = Schema.Struct({
  /** The players of the whole report. */
  actors: Schema.Array(Schema.Struct({ id: Schema.Int, name: Schema.String, server: Schema.NullOr(Schema.String) })),
  /** By the actor's id in the report; only of those who wore any. */
  gear: Schema.Record(Schema.String, Schema.Array(GearItem))
})
export type FightData = typeof FightData.Type

// WCL writes "Living Flame" or "LivingFlame", depending on where the log came from.
const bareRealm = (realm: string) => realmSlug(realm).replaceAll("-", "")

/** The player's actor id in a report. Names repeat across realms, and pets can have a player's name. */
const actorId = (actors: FightData["actors"], { name, servers }: Sought) => {
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

/** Undefined if the response has an unexpected form. */
export const readFight = (data: unknown): FightData | undefined => {
  const decoded = Option.getOrUndefined(decodeReport(data))
  if (decoded === undefined) return undefined
  const report = decoded.reportData.report
  const gear: Record<string, ReadonlyArray<GearItem>> = {}
  for (const event of report?.events?.data ?? []) {
    if (!isWanted(event) || gear[event.sourceID] !== undefined) continue
    const worn = readGear(event.gear)
    if (worn.length > 0) gear[event.sourceID] = worn
  }
  const actors = report?.masterData?.actors ?? []
  return { actors: actors.map(({ id, name, server }) => ({ id, name, server })), gear }
}

/** A character's data from one fight of a report. */
interface FightFound {
  /** The character's actor id in this report; undefined if it is not in the report or cannot be read. */
  readonly actor: number | undefined
  /** Undefined if the fight has none. */
  readonly gear: ReadonlyArray<GearItem> | undefined
}

export const findIn = ({ actors, gear }: FightData, sought: Sought): FightFound => {
  const actor = actorId(actors, sought)
  return { actor, gear: actor === undefined ? undefined : gear[actor] }
}
