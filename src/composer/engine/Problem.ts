import type { Faction } from "../../game/Game.ts"
import type { Seat } from "../../rulesets/Compiled.ts"
import type { Overrides, Ruleset } from "../../rulesets/Ruleset.ts"
import type { Targets } from "../../rulesets/Seating.ts"

/** One who may be seated; candidates, raids and players are told by their index from here on. */
export interface Candidate {
  readonly player: number
  readonly seat: Seat
  readonly main: boolean
  /** How many of the last plans its player waited on a bench of, 0 to 3. */
  readonly debt: number
  /** What a seat of its takes off the value: of none while all raids are composed at once. */
  readonly price?: number
}

/** A candidate who sits in that raid, and in that group of it if one is named. No answer breaks it. */
interface Lock {
  readonly candidate: number
  readonly raid: number
  readonly group: number | null
}

interface Raid {
  /** Seats, in groups of five. */
  readonly size: number
  /** Of a role without one any number is as good. */
  readonly targets: Targets
}

/** Two players, or two raids. */
export type Pair = readonly [number, number]

/**
 * What is to be composed. A character sits at most once, a player at most once in a raid, and at most once in two raids
 * of the same hour.
 */
export interface Problem {
  readonly ruleset: Ruleset
  /** The guild's values, with the wishes for effects worked in. */
  readonly overrides: Overrides
  readonly faction: Faction | null
  readonly raids: ReadonlyArray<Raid>
  readonly players: number
  readonly candidates: ReadonlyArray<Candidate>
  readonly locks: ReadonlyArray<Lock>
  /** Players who want the same raids. */
  readonly together: ReadonlyArray<Pair>
  /** Players who want no raid in common. */
  readonly apart: ReadonlyArray<Pair>
  /** Raids in which one player cannot sit at once. */
  readonly sameHour: ReadonlyArray<Pair>
  readonly weights: Weights
}

/** In points, as in a coverage: a hundredth of a percent of one spec's output. */
export interface Weights {
  /** A main who is seated. */
  readonly main: number
  /** Anybody who is seated, and more for each time of their debt. */
  readonly seated: number
  readonly debt: number
  /** A free seat. */
  readonly empty: number
  /** A head too few or too many of a role in a raid. */
  readonly role: number
  /** A raid in which one of a pair sits without the other, or both of a pair that is to be apart. */
  readonly pair: number
  /** A point that the raid with the most effects has more than the one with the least. */
  readonly balance: number
}

export const weights: Weights = {
  main: 1500,
  seated: 1000,
  debt: 600,
  empty: -10_000,
  role: -15_000,
  pair: -30_000,
  balance: 0
}

/** What a candidate is worth wherever they sit. */
export const seatedWorth = ({ weights }: Pick<Problem, "weights">, { main, debt, price = 0 }: Candidate) =>
  weights.seated + weights.debt * debt + (main ? weights.main : 0) - price

/** By player: their candidates. */
export const byPlayer = ({ players, candidates }: Problem): ReadonlyArray<ReadonlyArray<number>> => {
  const own = Array.from({ length: players }, () => [] as Array<number>)
  candidates.forEach(({ player }, candidate) => own[player]!.push(candidate))
  return own
}

/** Raids that are alike in size, targets, locks and hour can change places; of these each is one. */
export const differing = ({ raids, locks, sameHour }: Problem): ReadonlyArray<ReadonlyArray<number>> => [
  ...Map.groupBy(raids.keys(), (raid) =>
    locks.some((lock) => lock.raid === raid) || sameHour.some((pair) => pair.includes(raid))
      ? `${raid}`
      : JSON.stringify(raids[raid])
  ).values()
]

export const groupSize = 5

/** Candidates by raid and group; the order in a group means nothing. */
export type Seats = ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>>

/** What an answer's value is made of; they add up to it. */
export interface Parts {
  /** Effects in groups and in raids: together what a coverage of the answer says. */
  readonly party: number
  readonly raid: number
  readonly mains: number
  readonly seated: number
  readonly empty: number
  readonly roles: number
  readonly pairs: number
  readonly balance: number
}

export const stages = ["greedy", "annealing", "relaxing", "proving"] as const

export interface Progress {
  readonly stage: (typeof stages)[number]
  /** Null until there is a plan; `seats` comes with each better one. */
  readonly value: number | null
  readonly seats: Seats | null
  /** No plan is worth more; null until one is known. */
  readonly bound: number | null
}

/** `optimal`: the bound is the value. `work`: its budget of work is spent. `time`: so is its time, and another run may answer otherwise. */
export type EndedBy = "optimal" | "work" | "time" | "cancel"

export interface Answer {
  readonly seats: Seats
  readonly value: number
  readonly parts: Parts
  readonly bound: number | null
  /** On what the bound rests: relaxations whose prices were checked in integers, outside the solver. */
  readonly proof: "lp" | null
  readonly endedBy: EndedBy
}

/** What may be spent. All but `seconds` count work, so that the same input has the same answer. */
export interface Budget {
  /** Steps of the annealing that comes first, over all its runs. */
  readonly moves: number
  /** Of the simplex method, over all of the proof. */
  readonly iterations: number
  /** Parts that the proof relaxes. */
  readonly nodes: number
  /** Of the clock, rests of the thread included: a stop for safety. */
  readonly seconds: number
}

/** Who asked. */
export interface Caller {
  readonly tell: (progress: Progress) => void
  /** Looked at often: true ends the work with the best so far. */
  readonly cancelled: () => boolean
}
