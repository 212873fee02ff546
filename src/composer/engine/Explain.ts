import { compile } from "../../rulesets/Compiled.ts"
import type { Covered } from "../../rulesets/Coverage.ts"
import { coverageOf } from "../../rulesets/Evaluate.ts"
import type { Problem, Seats } from "./Problem.ts"
import { scoreOf } from "./Score.ts"

export interface SeatEffect {
  readonly effect: string
  readonly value: number
}

/** Why a candidate sits there. */
export interface Reason {
  readonly candidate: number
  readonly gives: ReadonlyArray<SeatEffect>
  readonly receives: ReadonlyArray<SeatEffect>
  /** What the whole loses if the seat is free. */
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
  }).raids

const without = (seats: Seats, candidate: number): Seats =>
  seats.map((groups) => groups.map((group) => group.filter((one) => one !== candidate)))

/** For each seat: the effects that it gives and has of others, and what is lost without it. */
export const whyOf = (problem: Problem, seats: Seats): ReadonlyArray<Reason> => {
  const { candidates, ruleset, overrides, faction } = problem
  const compiled = compile(ruleset, overrides, faction)
  const numbers = new Map(compiled.effects.map(({ id }, at) => [id, at]))
  const { value } = scoreOf(problem, seats)
  return coverage(problem, seats).flatMap((covered, raid) =>
    seats[raid]!.flatMap((members, group) =>
      members.map((candidate, slot): Reason => {
        const { seat } = candidates[candidate]!
        const isHere = (place: { readonly group: number; readonly slot: number }) =>
          place.group === group && place.slot === slot
        const reaches = ({ to }: Covered) =>
          to === null ||
          to.some((given) =>
            given.seat === null
              ? given.class === seat.class && given.tank === (seat.role === "tank")
              : isHere(given.seat)
          )
        const all = [...covered.covered, ...covered.groups[group]!.covered]
        const own = all.filter(({ by }) => by.some(isHere))
        const had = all
          .filter((one) => !own.includes(one) && reaches(one))
          .map(({ effect }) => ({ effect, value: compiled.worth(numbers.get(effect)!, seat) }))
        return {
          candidate,
          gives: own.map(({ effect, value }) => ({ effect, value })),
          receives: had.filter(({ value }) => value > 0),
          loss: value - scoreOf(problem, without(seats, candidate)).value
        }
      })
    )
  )
}

/** What each effect is worth in a raid and its groups. */
const worthIn = (problem: Problem, seats: Seats) =>
  coverage(problem, seats).map(({ covered, groups }) => {
    const worth = new Map<string, number>()
    for (const { effect, value } of [...covered, ...groups.flatMap(({ covered }) => covered)])
      worth.set(effect, (worth.get(effect) ?? 0) + value)
    return worth
  })

/** What one seating has that another has not; the order of groups means nothing. */
export const compare = (problem: Problem, from: Seats, to: Seats) => {
  const [before, after] = [worthIn(problem, from), worthIn(problem, to)]
  const effects = before.flatMap((was, raid) => {
    const is = after[raid]!
    return [...new Set([...was.keys(), ...is.keys()])].map((effect) => ({
      raid,
      effect,
      from: was.get(effect) ?? 0,
      to: is.get(effect) ?? 0
    }))
  })
  const size = (one: { readonly from: number; readonly to: number }) => Math.abs(one.to - one.from)
  return {
    from: scoreOf(problem, from),
    to: scoreOf(problem, to),
    effects: effects.filter((one) => size(one) > 0).toSorted((one, other) => size(other) - size(one))
  }
}
