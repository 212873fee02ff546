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
  specs: Schema.Array(Spec)
}).annotate({ identifier: "GameClass" })

const Race = Schema.Struct({
  name: Schema.String,
  /** Null for races of both. */
  faction: Schema.NullOr(Faction)
}).annotate({ identifier: "GameRace" })

/** The classes, specs and races of one version of the game. */
export interface GameData {
  readonly label: string
  readonly classes: ReadonlyArray<typeof Class.Type>
  readonly races: ReadonlyArray<typeof Race.Type>
}

const Realm = Schema.Struct({ name: Schema.String, slug: Schema.String }).annotate({ identifier: "GameRealm" })

export const GameVersionDetail = Schema.Struct({
  id: Schema.String,
  label: Schema.String,
  classes: Schema.Array(Class),
  races: Schema.Array(Race),
  /** By region; null when no realm list of this version is at hand. */
  realms: Schema.NullOr(Schema.Record(Schema.String, Schema.Array(Realm)))
}).annotate({ identifier: "GameVersionDetail" })
export type GameVersionDetail = typeof GameVersionDetail.Type

type Role = RaidRole
type SpecRow = readonly [name: string, icon: string, role: Role, ...others: ReadonlyArray<Role>]

/** A class from one line of data. Names without spaces are shown with them: `BeastMastery`. */
export const classOf = (name: string, colour: string, icon: string, ...specs: ReadonlyArray<SpecRow>) => ({
  name,
  colour,
  icon,
  specs: specs.map(([spec, specIcon, ...roles]) => ({
    name: spec,
    label: spec.replace(/(?<=[a-z])(?=[A-Z])/, " "),
    icon: specIcon,
    role: roles[0],
    roles
  }))
})

export const racesOf = (races: Readonly<Record<"alliance" | "horde" | "both", ReadonlyArray<string>>>) =>
  (["alliance", "horde", "both"] as const).flatMap((faction) =>
    races[faction].map((name) => ({ name, faction: faction === "both" ? null : faction }))
  )
