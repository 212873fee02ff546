import { Effect } from "effect"
import type { Faction } from "../game/Game.ts"
import type { Seat } from "../rulesets/Compiled.ts"
import { coverageOf } from "../rulesets/Evaluate.ts"
import type { Overrides } from "../rulesets/Ruleset.ts"
import { findRuleset } from "../rulesets/GuildRulesets.ts"

type SeatedCharacter = Pick<Seat, "class" | "spec" | "role" | "race" | "player">

/** What the coverage of a plan is told from. */
export interface SeatedPlan {
  readonly ruleset: string
  readonly faction: Faction
  /** The guild's own values. */
  readonly overrides: Overrides
  readonly raids: ReadonlyArray<{
    readonly size: number
    readonly starts_at: string | null
    readonly groups: ReadonlyArray<ReadonlyArray<SeatedCharacter | null>>
  }>
}

/** What the seats of a plan give its raids, by the plan's ruleset with the guild's values. Benches give nothing. */
export const coverageOfPlan = Effect.fnUntraced(function* ({ ruleset: id, faction, overrides, raids }: SeatedPlan) {
  const { ruleset } = yield* findRuleset(id)
  const seats = raids.map(({ size, starts_at, groups }) => ({
    size,
    starts_at,
    targets: null,
    groups: groups.map((group) => group.map((seat) => seat && { ...seat, brings: [], lacks: [] }))
  }))
  return coverageOf(ruleset, overrides, { faction, raids: seats })
})
