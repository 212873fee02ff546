import { Schema } from "effect"
import { Faction, RaidRole } from "./Game.ts"

const Spec = Schema.Struct({
  /** As it is stored and sent. */
  name: Schema.String,
  /** As people write it. */
  label: Schema.String,
  /** The name of an icon of the game. */
  icon: Schema.String,
  /** What it does unless a roster says otherwise. */
  role: RaidRole,
  roles: Schema.Array(RaidRole)
}).annotate({ identifier: "GameSpec" })

const Class = Schema.Struct({
  name: Schema.String,
  /** As the game colours it: `#rrggbb`. */
  colour: Schema.String,
  icon: Schema.String,
  /** The providers number classes each in its own way. */
  battlenet_id: Schema.Int,
  warcraftlogs_id: Schema.Int,
  specs: Schema.Array(Spec)
}).annotate({ identifier: "GameClass" })

const Race = Schema.Struct({
  name: Schema.String,
  /** Null for races of both. */
  faction: Schema.NullOr(Faction),
  battlenet_ids: Schema.Array(Schema.Int)
}).annotate({ identifier: "GameRace" })

/** The classes, specs and races of one version of the game. */
export interface GameData {
  readonly label: string
  readonly max_level: number
  readonly classes: ReadonlyArray<typeof Class.Type>
  readonly races: ReadonlyArray<typeof Race.Type>
}

const Realm = Schema.Struct({ name: Schema.String, slug: Schema.String }).annotate({ identifier: "GameRealm" })

export const GameVersionDetail = Schema.Struct({
  id: Schema.String,
  label: Schema.String,
  max_level: Schema.Int,
  classes: Schema.Array(Class),
  races: Schema.Array(Race),
  /** By region; null when no realm list of this version is at hand. */
  realms: Schema.NullOr(Schema.Record(Schema.String, Schema.Array(Realm)))
}).annotate({ identifier: "GameVersionDetail" })
export type GameVersionDetail = typeof GameVersionDetail.Type

type Role = RaidRole
type SpecRow = readonly [name: string, icon: string, role: Role, ...others: ReadonlyArray<Role>]

/** A class from one line of data. Names without spaces are shown with them: `BeastMastery`. */
export const classOf = (
  name: string,
  colour: string,
  icon: string,
  [battlenet_id, warcraftlogs_id]: readonly [battlenet: number, warcraftlogs: number],
  ...specs: ReadonlyArray<SpecRow>
) => ({
  name,
  colour,
  icon,
  battlenet_id,
  warcraftlogs_id,
  specs: specs.map(([spec, specIcon, ...roles]) => ({
    name: spec,
    label: spec.replace(/(?<=[a-z])(?=[A-Z])/, " "),
    icon: specIcon,
    role: roles[0],
    roles
  }))
})

type Races = Readonly<Record<string, number | ReadonlyArray<number>>>

/** Races with Battle.net's ids, by faction. */
export const racesOf = (races: Readonly<Record<"alliance" | "horde" | "both", Races>>) =>
  (["alliance", "horde", "both"] as const).flatMap((faction) =>
    Object.entries(races[faction]).map(([name, ids]) => ({
      name,
      faction: faction === "both" ? null : faction,
      battlenet_ids: [ids].flat()
    }))
  )
