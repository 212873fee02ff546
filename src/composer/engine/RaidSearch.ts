import { anneal, place, warm } from "./Anneal.ts"
import { type Draft, draftOf } from "./Draft.ts"
import { seatHinted } from "./Follow.ts"
import type { Master, Prices, RaidPlan } from "./Master.ts"
import { charge, type OneRaid, planAt, pricedOf } from "./OneRaid.ts"
import { narrowedOf, undecided } from "./Part.ts"
import type { Caller, Problem } from "./Problem.ts"

/** Steps of an annealing, twice as many each time that nothing was found at the last prices. */
const moves = 1000
/** So many times in a row nothing may be found. */
const patience = 3
/** How far prices go towards those of the master, from the best so far. */
const stride = 0.6
/** A plan begins with one of so many that are best. */
const begins = 3
/** Prices are rounded: a plan is better only by more points than that. */
const telling = 25
/** How often plans of all raids are made from one of a raid, and the steps of each annealing for it. */
const dives = 10
const diveMoves = 8000
/** A raid begins with a plan that shares no more members than that with those before it. */
const shared = 3

/** Looks for plans of single raids that together are worth most. */
export class RaidSearch {
  readonly #master: Master
  readonly #raids: ReadonlyArray<OneRaid>
  readonly #random: () => number
  readonly #caller: Caller
  /** The prices at which the bound was lowest, as far as one can tell. */
  center: Prices

  constructor(master: Master, raids: ReadonlyArray<OneRaid>, center: Prices, random: () => number, caller: Caller) {
    this.#master = master
    this.#raids = raids
    this.#random = random
    this.#caller = caller
    this.center = center
  }

  /** A raid's plans, those first that are worth most above the prices. */
  ranked({ own }: OneRaid, prices: Prices) {
    return this.#master.plans
      .filter((plan) => plan.own === own)
      .map((plan) => ({ plan, worth: plan.value - this.#master.paid(prices, plan) }))
      .toSorted((one, other) => other.worth - one.worth)
  }

  /** Looks for plans that are worth more than the master's prices until there seem to be none. */
  fill() {
    let least = Infinity
    for (let vain = 0; vain < patience && !this.#caller.cancelled();) {
      const now = this.#master.prices()
      // Prices go back and forth if they are followed all the way: that is left for when nothing was found on the way.
      const prices =
        vain > 0 ? now : now.map((price, row) => Math.round(this.center[row]! + stride * (price - this.center[row]!)))
      let total = paidBy(prices)
      let isFound = false
      for (const one of this.#raids) {
        const enough = this.ranked(one, now)[0]!.worth + telling
        const priced = pricedOf(one, this.#master, prices)
        for (const draft of this.#begins(one, prices, priced, vain > 0)) {
          const plan = this.#anneal(one, prices, priced, draft, moves * 2 ** vain)
          if (plan.value - this.#master.paid(now, plan) > enough) isFound = true
        }
        total += one.raids.length * this.ranked(one, prices)[0]!.worth
      }
      if (total < least) {
        least = total
        this.center = prices
      }
      vain = isFound ? 0 : vain + 1
    }
  }

  /** One of the best plans, and if that was in vain what the relaxation says of who is there. */
  *#begins(one: OneRaid, prices: Prices, priced: Problem, isInVain: boolean): Generator<Draft> {
    const { kinds, patterns, model, relaxation } = one.prover
    const known = this.ranked(one, prices)
    const { plan } = known[Math.floor(this.#random() * Math.min(begins, known.length))]!
    const draft = draftOf(priced, kinds, patterns)
    for (const candidate of plan.groups.flat()) place(draft, candidate, 0)
    yield draft
    if (!isInVain) return
    charge(one.prover, priced)
    const { values, basis } = relaxation.solve(
      narrowedOf(model, patterns, { ...undecided, columns: one.columns }),
      one.root,
      -Infinity,
      () => true
    )
    one.root = basis
    const other = draftOf(priced, kinds, patterns)
    seatHinted(priced, other, (candidate) => values[model.seat(candidate, 0)]!)
    yield other
  }

  #anneal(one: OneRaid, prices: Prices, priced: Problem, draft: Draft, steps: number) {
    const found = anneal(priced, draft, steps, warm, this.#random, this.#caller)
    const plan = planAt(one, this.#master, prices, found)
    this.#master.add(plan)
    return plan
  }

  /** Plans of all raids: each is made from one of a raid that the relaxed choice takes some of. */
  complete() {
    const prices = this.#master.prices()
    const used = this.#master.used()
    for (let n = 0; n < dives && !this.#caller.cancelled(); n++)
      this.#dive(used[Math.floor(this.#random() * used.length)]!, prices)
  }

  /** The fewer raids are still without a plan, the less those pay who are left. */
  #dive(first: RaidPlan, prices: Prices) {
    const taken = new Set(first.groups.flat())
    const left = this.#raids.flatMap((one) => one.raids.slice(one.own === first.own ? 1 : 0).map(() => one))
    const all = left.length
    while (left.length > 0) {
      const one = left.splice(Math.floor(this.#random() * left.length), 1)[0]!
      const paying = prices.map((price) => Math.round((price * left.length) / all))
      const priced = pricedOf(one, this.#master, paying, taken)
      const isOpen = (candidate: number) => !taken.has(candidate)
      const draft = draftOf(priced, one.prover.kinds, one.prover.patterns)
      const known = this.ranked(one, paying).find(
        ({ plan }) => plan.groups.flat().filter((candidate) => !isOpen(candidate)).length <= shared
      )
      const groups = known?.plan.groups.map((group) => group.filter(isOpen)) ?? []
      for (const candidate of groups.flat()) place(draft, candidate, 0)
      const plan = this.#anneal(one, paying, priced, draft, diveMoves)
      if (!plan.groups.flat().every(isOpen)) return
      for (const candidate of plan.groups.flat()) taken.add(candidate)
    }
  }
}

/** What is paid for all places. */
export const paidBy = (prices: Prices) => prices.reduce((one, other) => one + other, 0)
