import type { Faction, RaidRole } from "../game/Game.ts"
import type { Seat } from "./Compiled.ts"
import type { Member } from "./Parts.ts"

/** How many of a role a raid should have. */
export type Targets = Readonly<Partial<Record<RaidRole, { readonly min: number; readonly max: number }>>>

export interface SeatedRaid {
  /** Seats of the raid; null takes those of its groups. */
  readonly size: number | null
  /** RFC 3339; null if that is open. */
  readonly starts_at: string | null
  /** In place of the ruleset's for that size; a role without one is not looked at. Null keeps the ruleset's. */
  readonly targets: Targets | null
  /** Groups of at most five. Who waits on a bench is no part of it. */
  readonly groups: ReadonlyArray<ReadonlyArray<Seat | null>>
}

/** Raids that are seated together. Every class and spec must be of the ruleset's game version. */
export interface Seating {
  /** Effects of the other faction are left out; null when unknown. */
  readonly faction: Faction | null
  readonly raids: ReadonlyArray<SeatedRaid>
}

export const membersOf = ({ groups }: SeatedRaid): ReadonlyArray<ReadonlyArray<Member>> =>
  groups.map((seats, group) => seats.flatMap((seat, slot) => (seat === null ? [] : [{ group, slot, seat }])))
