import type { Highs } from "highs"
import { type Found, followerOf, type Hint } from "./Follow.ts"
import { Master, type Prices } from "./Master.ts"
import { charge, oneRaidOf, type OneRaid, planAt, pricedOf } from "./OneRaid.ts"
import { narrowedOf, undecided } from "./Part.ts"
import { type Caller, differing, type Problem } from "./Problem.ts"
import { type Proved, prove, type Prover, workOf } from "./Prove.ts"
import { paidBy, RaidSearch } from "./RaidSearch.ts"
import { score } from "./Score.ts"

/** Small raids are soon proved by themselves, and there the relaxation of all is worth most too much. */
export const isByRaid = ({ raids, weights }: Problem) =>
  raids.length > 2 && weights.balance === 0 && raids.every(({ size }) => size <= 10)

/** Steps of an annealing within a proof of one raid. */
const moves = 5000
/** How exactly raids are proved at first, as a share of the value. */
const coarse = 0.01
/** Parts of one raid that are looked at before the next one's: none is without a bound for long. */
const turn = 400

const sum = (all: ReadonlyArray<number>) => all.reduce((one, other) => one + other, 0)

/** Prices, and what each of the raids is at these. */
interface Priced {
  readonly prices: Prices
  readonly problems: ReadonlyArray<Problem>
  /** What was new, and better, when the prices were made. */
  readonly known: number
}

/**
 * Bounds raids together by each for itself. If seats have prices, which nobody need pay twice, no plan is worth more than
 * all prices and what each raid is worth at most after its members have paid. Prices are those of the best choice among
 * the plans of single raids that are known, with fractions allowed (column generation): annealing looks for plans that
 * are worth more than that until it finds none, then each raid is proved, at first not to the point. What the known plans
 * make together are plans of all raids.
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
  const owns = differing(problem)
  const provers = new Map<string, Prover>()
  const raids = owns.map((some, own) => oneRaidOf(highs, problem, some, own, provers))
  const master = new Master(highs, problem, owns)
  const root = relaxation.solve(narrowedOf(model, patterns, undecided), undefined, -Infinity, caller.cancelled)
  const center = master.pricesOf((candidate) => root.priceOf(model.once[candidate]!))
  const search = new RaidSearch(master, raids, center, random, caller)
  let best = start
  let bound = root.bound
  /** What was new, and better, when plans were last combined. */
  let combined = 0
  const spent = () => relaxation.iterations + sum([...provers.values()].map(workOf))

  const tell = (isNew: boolean) =>
    caller.tell({
      stage: isNew ? "proving" : "relaxing",
      value: best.value,
      seats: isNew ? best.seats : null,
      bound: Math.max(bound, best.value)
    })
  const improve = (found: Found) => {
    if (found.value <= best.value) return
    best = found
    tell(true)
  }

  /** Prices at which hardly any plan is worth more than what is known of. */
  const reprice = (): Priced => {
    search.fill()
    const prices = master.prices()
    return { prices, problems: raids.map((one) => pricedOf(one, master, prices)), known: master.news }
  }

  /** Looks for a plan of all raids among what is known of each. */
  const combine = () => {
    search.complete()
    combined = master.news
    const seats = master.best()
    if (seats === undefined) return
    improve({ seats, value: score(problem, seats).value })
    improve(follow((candidate, raid) => (seats[raid]!.some((group) => group.includes(candidate)) ? 1 : 0)))
  }

  /** What a raid is worth at some prices, to so many points; a plan that is worth that much more than known is enough. */
  const proved = (one: OneRaid, { prices, problems }: Priced, gap: number) => {
    const { prover, division, columns } = one
    // Another raid was divided already: what is asked there is asked here.
    const other = raids.find((other) => other.prover === prover && other.division.parts.length > 0)
    if (division.parts.length === 0 && other !== undefined) Object.assign(division, other.division)
    const priced = problems[one.own]!
    charge(prover, priced)
    const { plan, worth } = search.ranked(one, prices)[0]!
    const left = iterations - spent()
    return prove(
      { ...prover, problem: priced },
      { seats: [plan.groups], value: worth },
      followerOf(priced, prover.kinds, prover.patterns, moves, random, caller),
      { nodes: turn, iterations: left, gap, bound: Infinity, value: worth + 2 * gap, columns, division },
      {
        ...caller,
        tell: ({ seats, value }) => {
          if (seats !== null && value !== null) master.add(planAt(one, master, prices, { seats, value }))
        }
      }
    )
  }

  try {
    for (const one of raids)
      for (const raid of one.raids) {
        const groups = start.seats[raid]!
        master.add({ own: one.own, groups, value: score(one.problem, [groups]).value })
      }
    tell(false)
    let priced: Priced | undefined
    /** To how many points raids are proved, together. */
    let target = Math.floor(coarse * Math.abs(best.value))
    let isDone = false
    for (;;) {
      const endedBy = bound <= best.value ? "optimal" : caller.cancelled() ? "cancel" : "work"
      if (endedBy !== "work" || isDone || spent() >= iterations)
        return { ...best, bound: Math.max(bound, best.value), endedBy, iterations: spent() }
      priced ??= reprice()
      const { prices, known } = priced
      const gap = Math.floor(target / problem.raids.length)
      const all: Array<Proved & Pick<OneRaid, "raids">> = []
      let isWrong = false
      for (const one of raids) {
        const known = search.ranked(one, prices)[0]!.worth
        const own = proved(one, priced, gap)
        all.push({ ...own, raids: one.raids })
        // At such prices the others are not worth their time, unless nothing better is known.
        isWrong = bound < root.bound && own.value > known + 2 * gap
        if (isWrong) break
      }
      if (isWrong) {
        priced = undefined
        continue
      }
      const most = paidBy(prices) + sum(all.map(({ raids, bound }) => raids.length * bound))
      const had = paidBy(prices) + sum(all.map(({ raids, value }) => raids.length * value))
      if (most < bound) {
        bound = most
        search.center = prices
        tell(false)
      }
      if (master.news > combined) combine()
      const isExact = all.every(({ bound, value }) => bound - value <= gap)
      const isNew = master.news > known
      const isLast = isExact && gap === 0
      isDone = isLast && !isNew
      // The prices are kept until they are what is most wrong: what was divided can be divided further.
      if (isNew && (isLast || had - master.worth() > most - had)) priced = undefined
      else if (isExact) target = Math.floor(target / 2)
    }
  } finally {
    master.dispose()
    for (const { relaxation } of provers.values()) relaxation.dispose()
  }
}
