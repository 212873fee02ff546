import type { Place } from "../../rulesets/Coverage.ts"
import { coverageOf } from "../../rulesets/Evaluate.ts"
import type { Parts, Problem, Seats } from "./Problem.ts"
import { score } from "./Score.ts"

/** An effect and what it is worth, in points. */
interface Given {
  readonly effect: string
  readonly value: number
}

/** Why somebody sits there. */
export interface Why {
  readonly candidate: number
  /** Effects that the others have from it alone, or more of. */
  readonly gives: ReadonlyArray<Given>
  /** Effects that it has from others. */
  readonly receives: ReadonlyArray<Given>
  /** What the whole would lose if the seat were free. */
  readonly loss: number
}

const coverage = ({ ruleset, overrides, faction, raids, candidates }: Problem, seats: Seats) =>
  coverageOf(ruleset, overrides, {
    faction,
    raids: raids.map(({ size, targets }, raid) => ({
      size,
      starts_at: null,
      targets,
      groups: seats[raid]!.map((group) => group.map((candidate) => candidates[candidate]!.seat))
    }))
  })

/** By effect, what a raid and one of its groups have of it. */
const worths = (problem: Problem, seats: Seats, raid: number, group: number | null) => {
  const covered = coverage(problem, seats).raids[raid]!
  const some = group === null ? covered.covered : covered.groups[group]!.covered
  return new Map(some.map(({ effect, value }) => [effect, value]))
}

const without = (seats: Seats, candidate: number): Seats =>
  seats.map((groups) => groups.map((group) => group.filter((one) => one !== candidate)))

const alone = ({ raids }: Problem, seats: Seats, raid: number): Seats =>
  raids.map((_, at) => (at === raid ? seats[at]! : []))

export const whyOf = (problem: Problem, seats: Seats): ReadonlyArray<Why> => {
  const { value } = score(problem, seats)
  return seats.flatMap((groups, raid) => {
    // Other raids have no part in it.
    const own = alone(problem, seats, raid)
    const { covered, groups: parties } = coverage(problem, own).raids[raid]!
    return groups.flatMap((members, group) =>
      members.map((candidate, slot): Why => {
        const rest = without(own, candidate)
        const left = coverage(problem, rest).raids[raid]!
        const isHere = (place: Place) => place.group === group && place.slot === slot
        const all = [...covered, ...parties[group]!.covered]
        const leftOf = new Map(
          [...left.covered, ...left.groups[group]!.covered].map(({ effect, value }) => [effect, value])
        )
        // What is lost is what it gave and what it had; of an effect that it gives itself, that counts as given.
        const lost = all
          .map(({ effect, value, by }) => ({
            effect,
            value: value - (leftOf.get(effect) ?? 0),
            gives: by.some(isHere)
          }))
          .filter(({ value }) => value > 0)
        const told = (gives: boolean) =>
          lost
            .filter((one) => one.gives === gives)
            .toSorted((one, other) => other.value - one.value)
            .map(({ effect, value }) => ({ effect, value }))
        return {
          candidate,
          gives: told(true),
          receives: told(false),
          loss: value - score(problem, without(seats, candidate)).value
        }
      })
    )
  })
}

/** What lies between two answers: their values, and effects that a raid or a group has more or less of. */
export interface Compared {
  readonly from: { readonly value: number; readonly parts: Parts }
  readonly to: { readonly value: number; readonly parts: Parts }
  readonly effects: ReadonlyArray<{
    readonly raid: number
    /** Null is the whole raid. */
    readonly group: number | null
    readonly effect: string
    readonly from: number
    readonly to: number
  }>
}

export const compare = (problem: Problem, from: Seats, to: Seats): Compared => ({
  from: score(problem, from),
  to: score(problem, to),
  effects: problem.raids.flatMap(({ size }, raid) =>
    [null, ...Array.from({ length: size / 5 }, (_, group) => group)].flatMap((group) => {
      const [before, after] = [worths(problem, from, raid, group), worths(problem, to, raid, group)]
      return [...new Set([...before.keys(), ...after.keys()])].flatMap((effect) => {
        const change = { raid, group, effect, from: before.get(effect) ?? 0, to: after.get(effect) ?? 0 }
        return change.from === change.to ? [] : [change]
      })
    })
  )
})
