import { Schema } from "effect"
import { field } from "../http/Documented.ts"
import { Faction, RaidRole } from "./Game.ts"

const Spec = Schema.Struct({
  name: field(Schema.String, "As it is stored and sent.", "BeastMastery"),
  label: field(Schema.String, "As people write it.", "Beast Mastery"),
  icon: field(Schema.String, "The name of an icon of the game.", "ability_hunter_beasttaming"),
  role: field(RaidRole, "What it does unless a roster says otherwise.", "ranged"),
  roles: field(Schema.Array(RaidRole), "What it can do.", ["ranged"])
}).annotate({ identifier: "GameSpec", description: "A specialisation of a class." })

const Class = Schema.Struct({
  name: field(Schema.String, "In English.", "Hunter"),
  colour: field(Schema.String, "As the game colours it.", "#aad372"),
  icon: field(Schema.String, "The name of an icon of the game.", "classicon_hunter"),
  battlenet_id: field(Schema.Int, "Its number at Battle.net.", 3),
  warcraftlogs_id: field(Schema.Int, "Its number at Warcraft Logs.", 3),
  specs: Schema.Array(Spec)
}).annotate({ identifier: "GameClass", description: "A class of the game." })

const Race = Schema.Struct({
  name: field(Schema.String, "In English.", "Orc"),
  faction: field(Schema.NullOr(Faction), "Null for races of both.", "horde"),
  battlenet_ids: field(Schema.Array(Schema.Int), "Its numbers at Battle.net.", [2])
}).annotate({ identifier: "GameRace", description: "A race of the game." })

/** The classes, specs and races of one version of the game. */
export interface GameData {
  readonly label: string
  readonly max_level: number
  readonly classes: ReadonlyArray<typeof Class.Type>
  readonly races: ReadonlyArray<typeof Race.Type>
}

const Realm = Schema.Struct({
  name: field(Schema.String, "As the game writes it.", "Spineshatter"),
  slug: field(Schema.String, "As addresses have it.", "spineshatter")
}).annotate({ identifier: "GameRealm", description: "A realm of a region." })

export const GameVersionDetail = Schema.Struct({
  id: field(Schema.String, "As a guild's `game_version`.", "classicann"),
  label: field(Schema.String, "For people.", "TBC Anniversary"),
  max_level: field(Schema.Int, "The highest level of a character.", 70),
  classes: Schema.Array(Class),
  races: Schema.Array(Race),
  /** By region; null when no realm list of this version is at hand. */
  realms: field(
    Schema.NullOr(Schema.Record(Schema.String, Schema.Array(Realm))),
    "By region; null when no realm list of this version is at hand.",
    null
  )
}).annotate({ identifier: "GameVersionDetail", description: "What one version of the game has." })
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
