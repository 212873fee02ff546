import { RaidRole } from "../../game/Game.ts"
import { coverageOf } from "../../rulesets/Evaluate.ts"
import type { Parts, Problem, Seats } from "./Problem.ts"

const sum = (all: ReadonlyArray<number>) => all.reduce((one, other) => one + other, 0)

/** The coverage of a plan, as everybody sees it. */
export const coverage = ({ ruleset, overrides, faction, raids, candidates }: Problem, seats: Seats) =>
  coverageOf(ruleset, overrides, {
    faction,
    raids: raids.map(({ size, targets }, raid) => ({
      size,
      starts_at: null,
      targets,
      groups: seats[raid]!.map((group) => group.map((candidate) => candidates[candidate]!.seat))
    }))
  }).raids

/** What a plan is worth, by the coverage that everybody sees: nothing here is shared with the search and the proof. */
export const score = (problem: Problem, seats: Seats): { readonly value: number; readonly parts: Parts } => {
  const { raids, candidates, together, apart, weights } = problem
  const covered = coverage(problem, seats)
  const inRaids = seats.map((groups) => groups.flat().map((candidate) => candidates[candidate]!))
  const all = inRaids.flat()
  const party = sum(covered.flatMap(({ groups }) => groups.map(({ value }) => value)))
  const roles = covered.map(({ roles }, raid) =>
    sum(
      RaidRole.literals.map((role) => {
        const { min, max } = raids[raid]!.targets[role] ?? { min: 0, max: Infinity }
        return Math.max(0, min - roles[role], roles[role] - max)
      })
    )
  )
  const broken = inRaids.map((members) => {
    const sits = (player: number) => members.some((one) => one.player === player)
    return (
      together.filter(([one, other]) => sits(one) !== sits(other)).length +
      apart.filter(([one, other]) => sits(one) && sits(other)).length
    )
  })
  const effects = covered.map(({ value }) => value)
  const parts = {
    party,
    raid: sum(effects) - party,
    mains: weights.main * all.filter(({ main }) => main).length,
    seated: sum(all.map(({ debt, price = 0 }) => weights.seated + weights.debt * debt - price)),
    empty: weights.empty * (sum(raids.map(({ size }) => size)) - all.length),
    roles: weights.role * sum(roles),
    pairs: weights.pair * sum(broken),
    balance: weights.balance === 0 ? 0 : -weights.balance * (Math.max(...effects) - Math.min(...effects))
  }
  return { value: sum(Object.values(parts)), parts }
}
