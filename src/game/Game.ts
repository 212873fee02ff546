import { Schema } from "effect"

/** The region of a realm. In Battle.net `cn` is a separate platform. */
export const Region = Schema.Literals(["us", "eu", "kr", "tw", "cn"]).annotate({ examples: ["eu"] })
export type Region = typeof Region.Type

export const Faction = Schema.Literals(["alliance", "horde"]).annotate({ examples: ["horde"] })
export type Faction = typeof Faction.Type

/** Classic Era, and two names for the Anniversary realms. */
export const GameVersion = Schema.Literals(["classic1x", "classic", "classicann"]).annotate({
  examples: ["classicann"]
})

/** What a character does in a raid. */
export const RaidRole = Schema.Literals(["tank", "heal", "melee", "ranged"])
export type RaidRole = typeof RaidRole.Type
