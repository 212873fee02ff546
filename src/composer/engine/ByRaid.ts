import type { Highs } from "highs"
import { type Found, followerOf, type Hint } from "./Follow.ts"
import { kindsOf } from "./Kinds.ts"
import { narrowedOf, undecided } from "./Part.ts"
import { patternsOf } from "./Patterns.ts"
import { type Caller, type Problem, seatedWorth, type Seats } from "./Problem.ts"
import { type Proved, prove, type Prover, proverOf } from "./Prove.ts"

/** Small raids are soon proved by themselves, and there the relaxation of all is worth most too much. */
export const isByRaid = ({ raids, weights }: Problem) =>
  raids.length > 2 && weights.balance === 0 && raids.every(({ size }) => size <= 10)

/** A raid by itself, or some that are alike in all that is asked of them. */
interface Own {
  readonly raids: ReadonlyArray<number>
  readonly prover: Prover
  /** Its candidates, as all raids know them: who is locked to another is none. */
  readonly candidates: ReadonlyArray<number>
  last: Seats
}

/** Steps of the annealing, for one raid. */
const moves = 5000
/** Parts of one raid that a round looks at, at most. */
const parts = 400
/** Each time the bound has not sunk in so many rounds, steps are half as long. */
const patience = 3
const longest = 0.5
const shortest = 0.02

const sum = (all: ReadonlyArray<number>) => all.reduce((one, other) => one + other, 0)

const ownOf = (highs: Highs, problem: Problem, raids: ReadonlyArray<number>, seats: Seats): Own => {
  const raid = raids[0]!
  const locks = problem.locks.filter((lock) => lock.raid === raid)
  const candidates = [...problem.candidates.keys()].filter((candidate) =>
    problem.locks.every((lock) => lock.candidate !== candidate || lock.raid === raid)
  )
  const own: Problem = {
    ...problem,
    raids: [problem.raids[raid]!],
    sameHour: [],
    candidates: candidates.map((candidate) => problem.candidates[candidate]!),
    locks: locks.map((lock) => ({ ...lock, raid: 0, candidate: candidates.indexOf(lock.candidate) }))
  }
  const kinds = kindsOf(own)
  const last = [seats[raid]!.map((group) => group.map((candidate) => candidates.indexOf(candidate)))]
  return { raids, candidates, last, prover: proverOf(highs, own, kinds, patternsOf(own, kinds)) }
}

/**
 * Bounds raids together by each for itself. If seats have prices, which nobody need pay twice, no plan is worth more than
 * all prices and what each raid is worth at most after its members have paid. Prices rise for whom several raids want
 * and fall for whom none wants, as subgradients say, until the bound sinks no more. The raids' own plans are hints.
 */
export const boundByRaid = (
  highs: Highs,
  { problem, patterns, model, relaxation }: Prover,
  start: Found,
  follow: (hint: Hint) => Found,
  iterations: number,
  random: () => number,
  caller: Caller
): Proved & { readonly iterations: number } => {
  const alike = Map.groupBy(problem.raids.keys(), (raid) =>
    problem.locks.some((lock) => lock.raid === raid) ? `${raid}` : JSON.stringify(problem.raids[raid])
  )
  const owns = [...alike.values()].map((raids) => ownOf(highs, problem, raids, start.seats))
  const root = relaxation.solve(narrowedOf(model, patterns, undecided), undefined, -Infinity, caller.cancelled)
  let prices = model.once.map((row) => Math.max(0, Math.round(root.priceOf(row))))
  let best = start
  let bound = root.bound
  let length = longest
  let idle = 0
  const spent = () => relaxation.iterations + sum(owns.map(({ prover }) => prover.relaxation.iterations))
  const shares = problem.candidates.map(() => problem.raids.map(() => 0))

  const round = (own: Own) => {
    const { prover, candidates } = own
    const priced = candidates.map((candidate) => ({ ...problem.candidates[candidate]!, price: prices[candidate]! }))
    const now: Prover = { ...prover, problem: { ...prover.problem, candidates: priced } }
    priced.forEach((one, at) => prover.relaxation.setCost(prover.model.seat(at, 0), seatedWorth(problem, one)))
    const search = followerOf(now.problem, prover.kinds, prover.patterns, moves, random, caller)
    const begin = search((candidate) => (own.last[0]!.some((group) => group.includes(candidate)) ? 1 : 0))
    const gap = (bound - best.value) / (20 * problem.raids.length)
    const proved = prove(
      now,
      begin,
      search,
      { nodes: parts, iterations: Infinity, gap, bound: Infinity },
      { ...caller, tell: () => {} }
    )
    own.last = proved.seats
    return proved.bound
  }

  try {
    for (;;) {
      const endedBy = bound <= best.value ? "optimal" : caller.cancelled() ? "cancel" : "work"
      if (endedBy !== "work" || length < shortest || spent() >= iterations)
        return { ...best, bound: Math.max(bound, best.value), endedBy, iterations: spent() }
      const now = sum(prices) + sum(owns.map((own) => own.raids.length * round(own)))
      idle = now < bound ? 0 : idle + 1
      bound = Math.min(bound, now)
      const wanted = problem.candidates.map(() => 0)
      for (const own of shares) own.forEach((share, raid) => (own[raid] = share / 2))
      for (const { last, raids, candidates } of owns)
        for (const at of last.flat(2)) {
          const candidate = candidates[at]!
          wanted[candidate]! += raids.length
          for (const raid of raids) shares[candidate]![raid]! += 0.5 / raids.length
        }
      const found = follow((candidate, raid) => shares[candidate]![raid]!)
      const isBetter = found.value > best.value
      if (isBetter) best = found
      caller.tell({
        stage: isBetter ? "proving" : "relaxing",
        value: best.value,
        seats: isBetter ? best.seats : null,
        bound: Math.max(bound, best.value)
      })
      if (idle >= patience) {
        length /= 2
        idle = 0
      }
      const slope = wanted.map((times, candidate) => (times === 0 && prices[candidate] === 0 ? 0 : times - 1))
      const step = (length * (now - best.value)) / Math.max(1, sum(slope.map((one) => one * one)))
      prices = prices.map((price, candidate) => Math.max(0, Math.round(price + step * slope[candidate]!)))
    }
  } finally {
    for (const { prover } of owns) prover.relaxation.dispose()
  }
}
