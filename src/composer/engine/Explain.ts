import type { Covered, Place } from "../../rulesets/Coverage.ts"
import type { Parts, Problem, Seats } from "./Problem.ts"
import { coverage, score } from "./Score.ts"

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

const without = (seats: Seats, candidate: number): Seats =>
  seats.map((groups) => groups.map((group) => group.filter((one) => one !== candidate)))

const alone = ({ raids }: Problem, seats: Seats, raid: number): Seats =>
  raids.map((_, at) => (at === raid ? seats[at]! : []))

export const whyOf = (problem: Problem, seats: Seats): ReadonlyArray<Why> => {
  const { value } = score(problem, seats)
  return seats.flatMap((groups, raid) => {
    // Other raids have no part in it.
    const own = alone(problem, seats, raid)
    const { covered, groups: parties } = coverage(problem, own)[raid]!
    return groups.flatMap((members, group) =>
      members.map((candidate, slot): Why => {
        const rest = without(own, candidate)
        const left = coverage(problem, rest)[raid]!
        const isHere = (place: Place) => place.group === group && place.slot === slot
        const all = [...covered, ...parties[group]!.covered]
        const leftOf = worths([...left.covered, ...left.groups[group]!.covered])
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

const worths = (covered: ReadonlyArray<Covered>) => new Map(covered.map(({ effect, value }) => [effect, value]))

/** What one has more or less of than another, of a raid or of a group. */
const changes = (before: ReadonlyArray<Covered>, after: ReadonlyArray<Covered>) => {
  const [from, to] = [worths(before), worths(after)]
  return [...new Set([...from.keys(), ...to.keys()])]
    .map((effect) => ({ effect, from: from.get(effect) ?? 0, to: to.get(effect) ?? 0 }))
    .filter((change) => change.from !== change.to)
}

export const compare = (problem: Problem, from: Seats, to: Seats): Compared => {
  const later = coverage(problem, to)
  const effects = coverage(problem, from).flatMap((before, raid) => {
    const after = later[raid]!
    return [
      ...changes(before.covered, after.covered).map((change) => ({ raid, group: null, ...change })),
      ...before.groups.flatMap(({ covered }, group) =>
        changes(covered, after.groups[group]!.covered).map((change) => ({ raid, group, ...change }))
      )
    ]
  })
  return { from: score(problem, from), to: score(problem, to), effects }
}
