import type { Highs, Model as Native } from "highs"
import { addRows } from "./Linear.ts"
import type { Problem, Seats } from "./Problem.ts"

/** Members of one raid, in groups, and what that raid is worth before anybody pays for a seat. */
export interface RaidPlan {
  /** Which of the raids that differ it is a plan for. */
  readonly own: number
  readonly groups: Seats[number]
  readonly value: number
}

/** By row of the master: what a place in it costs, in whole points. There is one place in each. */
export type Prices = Float64Array

/** Chooses among plans of raids those that go together: a linear program, the prices of which say what is missing. */
export class Master {
  readonly #problem: Problem
  readonly #owns: ReadonlyArray<ReadonlyArray<number>>
  readonly #native: Native
  readonly #known = new Map<string, number>()
  /** By raid, by player: rows by which a player sits in one of two raids. */
  readonly #hours: ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>>
  readonly #rows: number
  readonly #constants: Highs["constants"]
  /** One for some members of a raid, the best that is known. */
  readonly plans: Array<RaidPlan> = []
  /** How often one was new, or better. */
  news = 0

  constructor(highs: Highs, problem: Problem, owns: ReadonlyArray<ReadonlyArray<number>>) {
    const { candidates, raids, sameHour, players } = problem
    this.#problem = problem
    this.#owns = owns
    this.#constants = highs.constants
    this.#native = highs.createModel()
    this.#native.options.set({ output_flag: false, mip_max_nodes: 300 })
    this.#native.changeObjectiveSense(highs.constants.objectiveSense.maximize)
    const hour = (pair: number, player: number) => candidates.length + pair * players + player
    this.#hours = raids.map((_, raid) =>
      Array.from({ length: players }, (_, player) =>
        sameHour.flatMap((pair, at) => (pair.includes(raid) ? [hour(at, player)] : []))
      )
    )
    const once = candidates.length + sameHour.length * players
    this.#rows = once + owns.length
    addRows(highs, this.#native, [
      ...Array.from({ length: once }, () => ({ lower: -Infinity, upper: 1 })),
      ...owns.map(({ length }) => ({ lower: length, upper: length }))
    ])
  }

  add(plan: RaidPlan) {
    const { candidates } = this.#problem
    const raid = this.#owns[plan.own]![0]!
    const members = plan.groups.flat().toSorted((one, other) => one - other)
    const name = `${plan.own}: ${members.join()}`
    const known = this.#known.get(name)
    if (known !== undefined && this.plans[known]!.value >= plan.value) return
    this.news += 1
    if (known !== undefined) {
      this.plans[known] = plan
      this.#native.changeColCost(known, plan.value)
      return
    }
    this.#known.set(name, this.plans.push(plan) - 1)
    const indices = [
      ...members,
      ...new Set(members.flatMap((one) => this.#hours[raid]![candidates[one]!.player]!)),
      this.#rows - this.#owns.length + plan.own
    ]
    this.#native.addCol(plan.value, 0, Infinity, { indices, values: indices.map(() => 1) })
  }

  /** What the relaxed choice says that rows are worth, in whole points: any prices bound what a plan is worth. */
  prices(): Prices {
    this.#native.run()
    const { rowDual } = this.#native.getSolution()
    return rowDual.slice(0, this.#rows - this.#owns.length).map((price) => Math.max(0, Math.round(price)))
  }

  /** Prices of candidates alone. */
  pricesOf(of: (candidate: number) => number): Prices {
    const { candidates } = this.#problem
    return Float64Array.from({ length: this.#rows - this.#owns.length }, (_, row) =>
      row < candidates.length ? Math.max(0, Math.round(of(row))) : 0
    )
  }

  /** What a seat in a raid costs. */
  priceOf(prices: Prices, candidate: number, raid: number) {
    const { player } = this.#problem.candidates[candidate]!
    return this.#hours[raid]![player]!.reduce((all, row) => all + prices[row]!, prices[candidate]!)
  }

  /** Plans that the relaxed choice takes, or takes some of. */
  used() {
    this.#native.run()
    const { colValue } = this.#native.getSolution()
    return this.plans.filter((_, at) => colValue[at]! > 1e-6)
  }

  /** What all in a plan of a raid pay. */
  paid(prices: Prices, { own, groups }: Pick<RaidPlan, "own" | "groups">) {
    const raid = this.#owns[own]![0]!
    return groups.flat().reduce((all, candidate) => all + this.priceOf(prices, candidate, raid), 0)
  }

  /** How often each plan is taken when none is taken in part; a solver that fails finds nothing, and that is all. */
  #whole() {
    const { integer } = this.#constants.variableType
    this.#native.changeColsIntegrality(
      { kind: "range", from: 0, to: this.plans.length - 1 },
      this.plans.map(() => integer)
    )
    try {
      this.#native.run()
      return this.#native.getSolution().colValue
    } catch {
      return undefined
    }
  }

  /** Those that are worth most together; undefined if none were found in time. */
  best(): Seats | undefined {
    this.#native.run()
    const basis = this.#native.getBasis()
    const colValue = this.#whole()
    this.#native.clearIntegrality()
    this.#native.setBasis(basis)
    if (colValue === undefined) return undefined
    const chosen = this.#owns.map((_, own) =>
      this.plans.flatMap((plan, at) =>
        plan.own === own ? Array.from({ length: Math.round(colValue[at]!) }, () => plan.groups) : []
      )
    )
    const seats = this.#problem.raids.map((_, raid) => {
      const own = this.#owns.findIndex((raids) => raids.includes(raid))
      return chosen[own]![this.#owns[own]!.indexOf(raid)]
    })
    return seats.every((groups) => groups !== undefined) ? seats : undefined
  }

  /** What they are worth together when fractions of plans may be chosen. */
  worth() {
    this.#native.run()
    return Number(this.#native.info.get("objective_function_value"))
  }

  dispose() {
    this.#native.dispose()
  }
}
