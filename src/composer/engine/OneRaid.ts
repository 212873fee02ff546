import type { Basis, Highs } from "highs"
import type { Found } from "./Follow.ts"
import { kindsOf } from "./Kinds.ts"
import type { Master, Prices, RaidPlan } from "./Master.ts"
import { patternsOf } from "./Patterns.ts"
import { type Problem, seatedWorth, type Seats } from "./Problem.ts"
import { type Division, type Prover, proverOf } from "./Prove.ts"

/** A raid by itself, or some that are alike in all that is asked of them. */
export interface OneRaid {
  /** Which of the raids that differ it is. */
  readonly own: number
  readonly raids: ReadonlyArray<number>
  /** Its candidates, as all raids know them: who is locked to another is none. */
  readonly candidates: ReadonlyArray<number>
  readonly prover: Prover
  readonly division: Division
  /** Where its relaxation ended when nothing was decided. */
  root: Basis | undefined
}

export const oneRaidOf = (highs: Highs, problem: Problem, raids: ReadonlyArray<number>, own: number): OneRaid => {
  const raid = raids[0]!
  const locks = problem.locks.filter((lock) => lock.raid === raid)
  const candidates = [...problem.candidates.keys()].filter((candidate) =>
    problem.locks.every((lock) => lock.candidate !== candidate || lock.raid === raid)
  )
  const alone: Problem = {
    ...problem,
    raids: [problem.raids[raid]!],
    sameHour: [],
    candidates: candidates.map((candidate) => problem.candidates[candidate]!),
    locks: locks.map((lock) => ({ ...lock, raid: 0, candidate: candidates.indexOf(lock.candidate) }))
  }
  const kinds = kindsOf(alone)
  const prover = proverOf(highs, alone, kinds, patternsOf(alone, kinds))
  return { own, raids, candidates, prover, division: { parts: [], problem: alone }, root: undefined }
}

/** What it is when its members pay; whoever is out of the question pays more than anybody has. */
export const pricedOf = (
  { candidates, raids, prover }: OneRaid,
  master: Master,
  prices: Prices,
  out: ReadonlySet<number> = new Set()
): Problem => ({
  ...prover.problem,
  candidates: prover.problem.candidates.map((one, at) => ({
    ...one,
    price: out.has(candidates[at]!) ? 1e6 : master.priceOf(prices, candidates[at]!, raids[0]!)
  }))
})

/** Has its relaxation reckon with what its members pay. */
export const charge = ({ model, relaxation }: Prover, priced: Problem) =>
  priced.candidates.forEach((one, at) => relaxation.setCost(model.seat(at, 0), seatedWorth(priced, one)))

/** Seats as the raid by itself knows them. */
export const seatsIn = ({ candidates }: OneRaid, groups: Seats[number]): Seats => [
  groups.map((group) => group.map((candidate) => candidates.indexOf(candidate)))
]

/** What was found at some prices, as all raids know it. */
export const planAt = ({ own, candidates }: OneRaid, master: Master, prices: Prices, found: Found): RaidPlan => {
  const groups = found.seats[0]!.map((group) => group.map((at) => candidates[at]!))
  return { own, groups, value: found.value + master.paid(prices, { own, groups }) }
}
