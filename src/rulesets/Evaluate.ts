import type { Faction, RaidRole } from "../game/Game.ts"
import { compile, type Seat } from "./Compiled.ts"
import type { Coverage, RaidCoverage } from "./Coverage.ts"
import { type Member, solve, valueOf } from "./Parts.ts"
import type { Overrides, Ruleset } from "./Ruleset.ts"
import { warningsOf } from "./Warnings.ts"

/** How many of a role a raid should have. */
export type Targets = Readonly<Partial<Record<RaidRole, readonly [min: number, max: number]>>>

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

/**
 * What a seating gives its raids: pure, exact and deterministic. Values are in points, a hundredth of a percent of one
 * spec's output each; those of a guild go in place of the ruleset's, by effect.
 */
export const coverageOf = (ruleset: Ruleset, overrides: Overrides, seating: Seating): Coverage => {
  const compiled = compile(ruleset, overrides, seating.faction)
  const raids = seating.raids.map((raid): RaidCoverage => {
    const groups = membersOf(raid).map((members) => {
      const part = solve(compiled, ["party"], members)
      return { value: valueOf(part), ...part }
    })
    const everybody = membersOf(raid).flat()
    const part = solve(compiled, ["raid", "assigned", "target"], everybody)
    const roles = { tank: 0, heal: 0, melee: 0, ranged: 0 }
    for (const { seat } of everybody) roles[seat.role] += 1
    const value = valueOf(part) + groups.reduce((all, { value }) => all + value, 0)
    return { value, roles, ...part, groups }
  })
  const value = raids.reduce((all, { value }) => all + value, 0)
  return { ruleset: ruleset.id, value, raids, warnings: warningsOf(compiled, seating, raids) }
}
