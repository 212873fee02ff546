import type { Basis, Highs } from "highs"
import type { Found } from "./Follow.ts"
import { kindsOf } from "./Kinds.ts"
import type { Master, Prices, RaidPlan } from "./Master.ts"
import { patternsOf } from "./Patterns.ts"
import type { Bounds } from "./Part.ts"
import { type Problem, seatedWorth } from "./Problem.ts"
import { type Division, type Prover, proverOf } from "./Prove.ts"

/** A raid by itself, or some that are alike in all that is asked of them. Candidates are told as all raids tell them. */
export interface OneRaid {
  /** Which of the raids that differ it is. */
  readonly own: number
  readonly raids: ReadonlyArray<number>
  /** A candidate who is locked to another raid is locked to one that is not there. */
  readonly problem: Problem
  /** Knows of no locks but those to groups: raids that differ in others only have one. */
  readonly prover: Prover
  /** What the locks make of that. */
  readonly columns: ReadonlyMap<number, Bounds>
  readonly division: Division
  /** Where its relaxation ended when nothing was decided. */
  root: Basis | undefined
}

export const oneRaidOf = (
  highs: Highs,
  problem: Problem,
  raids: ReadonlyArray<number>,
  own: number,
  provers: Map<string, Prover>
): OneRaid => {
  const raid = raids[0]!
  const locks = problem.locks.map((lock) => ({ ...lock, raid: lock.raid === raid ? 0 : 1 }))
  const alone: Problem = { ...problem, raids: [problem.raids[raid]!], sameHour: [], locks }
  const toGroups = locks.filter((lock) => lock.raid === 0 && lock.group !== null)
  const name = JSON.stringify([alone.raids, toGroups])
  const known = provers.get(name)
  const free = { ...alone, locks: toGroups }
  const kinds = known?.kinds ?? kindsOf(free)
  const prover = known ?? proverOf(highs, free, kinds, patternsOf(free, kinds))
  provers.set(name, prover)
  const columns = new Map<number, Bounds>(
    locks.map(({ candidate, raid }) => [prover.model.seat(candidate, 0), raid === 0 ? [1, 1] : [0, 0]] as const)
  )
  return { own, raids, problem: alone, prover, columns, division: { parts: [], problem: alone }, root: undefined }
}

/** What it is when its members pay; whoever is out of the question pays more than anybody has. */
export const pricedOf = (
  { raids, problem }: OneRaid,
  master: Master,
  prices: Prices,
  out: ReadonlySet<number> = new Set()
): Problem => ({
  ...problem,
  candidates: problem.candidates.map((one, at) => ({
    ...one,
    price: out.has(at) ? 1e6 : master.priceOf(prices, at, raids[0]!)
  }))
})

/** Has its relaxation reckon with what its members pay. */
export const charge = ({ model, relaxation }: Prover, priced: Problem) =>
  priced.candidates.forEach((one, at) => relaxation.setCost(model.seat(at, 0), seatedWorth(priced, one)))

/** What was found at some prices, before anybody pays. */
export const planAt = ({ own }: OneRaid, master: Master, prices: Prices, { seats, value }: Found): RaidPlan => {
  const groups = seats[0]!
  return { own, groups, value: value + master.paid(prices, { own, groups }) }
}
