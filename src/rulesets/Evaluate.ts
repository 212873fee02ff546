import { compile } from "./Compiled.ts"
import type { Coverage, RaidCoverage } from "./Coverage.ts"
import { solve, valueOf } from "./Parts.ts"
import type { Overrides, Ruleset } from "./Ruleset.ts"
import { membersOf, type Seating } from "./Seating.ts"
import { warningsOf } from "./Warnings.ts"

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
