import type { Choice } from "./Choices.ts"
import type { MostOf } from "./Cuts.ts"
import type { Kinds } from "./Kinds.ts"
import type { Model } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize, type Problem } from "./Problem.ts"
import type { Column } from "./Rows.ts"

/** A part of all plans: bounds and coefficients in place of the model's. */
export interface Narrowed {
  readonly columns: ReadonlyMap<number, readonly [lower: number, upper: number]>
  readonly rows: ReadonlyMap<number, readonly [lower: number, upper: number]>
  /** By choice, what it is worth to each kind at most. */
  readonly worth: ReadonlyMap<Choice, Int32Array>
  readonly mostOf: MostOf
}

/** Prices are whole parts of a point, so many to one: what the solver rounds makes a bound weaker, never wrong. */
export const scale = 2 ** 20
/** Patterns that a round adds to a cell. */
const perRound = 40

/** What is to be had at most of a column that is worth so much above its price. */
const mostOf = (reward: number, lower: number, upper: number) => reward * (reward > 0 ? upper : lower)

/** What prices say. */
export interface Priced {
  /** By row. */
  readonly prices: Float64Array
  /** By column: what it is worth above its price. */
  readonly rewards: Float64Array
}

/** A bound that was `total` when seats were worth so much above their prices. */
const boundNow = (total: number, seats: ReadonlyArray<Column>, rewards: Float64Array, decided: Narrowed["columns"]) => {
  const before = seats.map(({ cost }) => cost)
  return (columns: Narrowed["columns"]) => {
    let now = total
    seats.forEach((own, seat) => {
      const reward = rewards[seat]! + (own.cost - before[seat]!) * scale
      const [lower, upper] = columns.get(seat) ?? [own.lower, own.upper]
      const [lowerThen, upperThen] = decided.get(seat) ?? [own.lower, own.upper]
      now += mostOf(reward, lower, upper) - mostOf(rewards[seat]!, lowerThen, upperThen)
    })
    return Math.floor(now / scale)
  }
}

/**
 * What prices of the rows say, whoever made them: no plan is worth more than the rows' bounds at these prices and, of each
 * column and of the best pattern of each group, what it is worth above its price. That is added up in integers.
 */
export class Pricing {
  readonly #problem: Problem
  readonly #kinds: Kinds
  readonly #model: Model
  readonly #patterns: Patterns
  readonly #fits: ReadonlyArray<Uint8Array>
  /** By cell, what remains of each pattern above the prices of its members. */
  readonly #remains: ReadonlyArray<Float64Array>
  /** Of each pattern, the prices of its members together. */
  readonly #members: Float64Array
  /** Rows and coefficients of the model's columns, one column after the other. */
  readonly #starts: Int32Array
  readonly #rows: Int32Array
  readonly #values: Float64Array
  #prices = new Float64Array()
  #rewards = new Float64Array()

  constructor(problem: Problem, kinds: Kinds, model: Model, patterns: Patterns) {
    this.#problem = problem
    this.#kinds = kinds
    this.#model = model
    this.#patterns = patterns
    this.#members = new Float64Array(patterns.count)
    this.#remains = model.cells.map(() => new Float64Array(patterns.count))
    this.#fits = model.cells.map(({ need }) =>
      Uint8Array.from({ length: patterns.count }, (_, pattern) => {
        for (const [type, count] of need) {
          let own = 0
          for (let seat = 0; seat < groupSize; seat++)
            if (patterns.members[pattern * groupSize + seat] === type) own += 1
          if (own < count) return 0
        }
        return 1
      })
    )
    this.#starts = new Int32Array(model.columns.length + 1)
    model.columns.forEach(({ rows }, column) => (this.#starts[column + 1] = this.#starts[column]! + rows.length))
    this.#rows = Int32Array.from(model.columns.flatMap(({ rows }) => rows))
    this.#values = Float64Array.from(model.columns.flatMap(({ values }) => values))
  }

  /** Whether a pattern has everybody who must be in a cell. */
  fits(cell: number, pattern: number) {
    return this.#fits[cell]![pattern] === 1
  }

  /** The bound that prices make, in points; those that only a rounding has are set to 0. */
  bound(part: Narrowed, prices: Float64Array<ArrayBuffer>) {
    const { rows, columns, cells, seat, seats } = this.#model
    const ofCells = new Set(cells.map(({ row }) => row))
    let total = 0
    rows.forEach((one, row) => {
      if (prices[row] === 0 || ofCells.has(row)) return
      const [lower, upper] = part.rows.get(row) ?? [one.lower, one.upper]
      const bound = prices[row]! > 0 ? upper : lower
      if (Number.isFinite(bound)) total += prices[row]! * bound
      else prices[row] = 0
    })
    const rewards = new Float64Array(columns.length)
    for (let column = 0; column < columns.length; column++) {
      let reward = columns[column]!.cost * scale
      for (let at = this.#starts[column]!; at < this.#starts[column + 1]!; at++)
        reward -= this.#values[at]! * prices[this.#rows[at]!]!
      rewards[column] = reward
    }
    for (const [{ row, raid, worth }, own] of part.worth) {
      const price = prices[row]!
      if (price !== 0)
        this.#kinds.of.forEach((kind, candidate) => {
          rewards[seat(candidate, raid)]! += (own[kind]! - worth[kind]!) * price
        })
    }
    for (let column = 0; column < columns.length; column++)
      total += mostOf(rewards[column]!, columns[column]!.lower, columns[column]!.upper)
    for (const [column, [lower, upper]] of part.columns) {
      const own = columns[column]!
      total += mostOf(rewards[column]!, lower, upper) - mostOf(rewards[column]!, own.lower, own.upper)
    }
    cells.forEach(({ groups }, cell) => (total += groups * this.#priceOfGroup(cell, prices)))
    this.#rewards = rewards
    this.#prices = prices
    return {
      bound: Math.floor(total / scale),
      boundNow: boundNow(total, columns.slice(0, seats), rewards.slice(0, seats), part.columns)
    }
  }

  /** What the last prices say. */
  priced(): Priced {
    return { prices: this.#prices, rewards: this.#rewards }
  }

  /** The patterns that are worth most above the last prices, if they are worth more than a hundredth of a point. */
  better(prices: Float64Array) {
    return this.#model.cells.flatMap(({ row }, cell) => {
      const remains = this.#remains[cell]!
      const enough = prices[row]! + 0.01 * scale
      const better: Array<number> = []
      for (let pattern = 0; pattern < remains.length; pattern++) if (remains[pattern]! > enough) better.push(pattern)
      return better
        .toSorted((one, other) => remains[other]! - remains[one]!)
        .slice(0, perRound)
        .map((pattern) => [cell, pattern] as const)
    })
  }

  /** What remains of the pattern of which most remains. */
  #priceOfGroup(cell: number, prices: Float64Array) {
    const { cells, link, balance, features } = this.#model
    const { members, without, last, value, types, count } = this.#patterns
    const { raid } = cells[cell]!
    const remains = this.#remains[cell]!
    const paid = this.#members
    const priceOf = Float64Array.from({ length: types + 1 }, (_, type) =>
      type === types ? 0 : prices[link(type, raid)]!
    )
    remains[0] = value[0]! * scale
    for (let pattern = 1; pattern < count; pattern++) {
      const own = paid[without[pattern]!]! + priceOf[last[pattern]!]!
      paid[pattern] = own
      remains[pattern] = value[pattern]! * scale + own
    }
    const inBalance = balance.length === 0 ? 0 : prices[balance[raid]!]!
    if (inBalance !== 0)
      for (let pattern = 0; pattern < count; pattern++) {
        let free = 0
        for (let seat = 0; seat < groupSize; seat++) if (members[pattern * groupSize + seat] === types) free += 1
        remains[pattern]! -= inBalance * (value[pattern]! - this.#problem.weights.empty * free)
      }
    for (const { raid: own, row, has } of features) {
      const price = prices[row]!
      if (own !== raid || price === 0) continue
      for (let pattern = 0; pattern < count; pattern++) remains[pattern]! -= price * has[pattern]!
    }
    const fits = this.#fits[cell]!
    let most = -Infinity
    for (let pattern = 0; pattern < count; pattern++) {
      if (fits[pattern] === 0) remains[pattern] = -Infinity
      else if (remains[pattern]! > most) most = remains[pattern]!
    }
    return most
  }
}
