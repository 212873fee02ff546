import type { Faction, RaidRole } from "../game/Game.ts"
import type { GuildRole } from "../guilds/Guild.ts"
import type { RaidFacts } from "../plans/Plan.ts"
import type { Overrides } from "../rulesets/Ruleset.ts"
import type { Targets } from "../rulesets/Seating.ts"
import type { Wishes } from "./CompositionBodies.ts"

/** An entry of the roster, in the specialisation that it has there. */
export interface Offered {
  readonly entry_id: string
  readonly player_id: string
  readonly name: string
  readonly class: string
  readonly spec: string
  readonly role: RaidRole
  readonly race: string | null
  readonly rank: "main" | "alt"
  /** In how many of the guild's last three plans before this one its player was only on benches. */
  readonly debt: number
}

/** A seat of the plan as it is. */
interface SeatBefore {
  readonly entry_id: string
  readonly raid: number
  readonly group: number
}

/** What a composition is made from, as it is read. */
export interface World {
  readonly role: typeof GuildRole.Type
  readonly revision: number
  readonly ruleset: string
  readonly faction: Faction
  readonly overrides: Overrides
  readonly raids: ReadonlyArray<RaidFacts>
  /** The whole roster. */
  readonly entries: ReadonlyArray<Offered & { readonly status: string }>
  /** Who of the roster has a seat. */
  readonly seats: ReadonlyArray<SeatBefore>
  /** What its parent was asked for; null without one. */
  readonly wishes: Wishes | null
}

/** What a composition is valued by, as it is stored: ids, no person's name. */
export interface Facts {
  readonly ruleset: string
  readonly faction: Faction
  readonly overrides: Overrides
  readonly balance: boolean
  readonly raids: ReadonlyArray<RaidFacts & { readonly targets: Targets }>
  readonly offered: ReadonlyArray<Offered>
  /** The plan's seats when it was asked for. */
  readonly before: ReadonlyArray<SeatBefore>
  readonly locks: ReadonlyArray<{ readonly entry_id: string; readonly raid: number; readonly group: number | null }>
  readonly together: ReadonlyArray<ReadonlyArray<string>>
  readonly apart: ReadonlyArray<ReadonlyArray<string>>
}

/** A place of the best plan. */
export interface SeatRow extends Offered {
  readonly raid: number
  /** −1 is the bench. */
  readonly group: number
  readonly slot: number
}
