import type { Basis, Highs } from "highs"
import type { Choice } from "./Choices.ts"
import { cutsOf, type MostOf } from "./Cuts.ts"
import { pairsOf } from "./Features.ts"
import type { Kinds } from "./Kinds.ts"
import { Linear, patternColumn } from "./Linear.ts"
import type { Group, Model } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize, type Problem } from "./Problem.ts"

/** A part of all plans: bounds and coefficients in place of the model's. */
export interface Narrowed {
  readonly columns: ReadonlyMap<number, readonly [lower: number, upper: number]>
  readonly rows: ReadonlyMap<number, readonly [lower: number, upper: number]>
  /** By choice, what it is worth to each kind at most. */
  readonly worth: ReadonlyMap<Choice, Int32Array>
  readonly mostOf: MostOf
}

/** What the relaxation says of a part. */
export interface Relaxed {
  /** No plan of the part is worth more: checked in integers, see `Relaxation.solve`. */
  readonly bound: number
  /** By column of the model. */
  readonly values: Float64Array
  readonly groups: ReadonlyArray<Group>
  /** Where the simplex method ended: that of a smaller part begins there. */
  readonly basis: Basis
  /** What one more in a row is worth, in points. */
  readonly priceOf: (row: number) => number
}

/** Prices are whole parts of a point, so many to one: what the solver rounds makes a bound weaker, never wrong. */
const scale = 2 ** 20
/** Patterns that a round adds to a cell. */
const perRound = 40
/** Rounds of cuts in one part. */
const cutRounds = 3

export class Relaxation {
  readonly #problem: Problem
  readonly #kinds: Kinds
  readonly #model: Model
  readonly #patterns: Patterns
  readonly #linear: Linear
  readonly #fits: ReadonlyArray<Uint8Array>
  /** Which column a pattern of a cell has, by cell and pattern in one number. */
  readonly #pool = new Map<number, number>()
  /** By cell, what remains of each pattern above the prices of its members. */
  readonly #remains: ReadonlyArray<Float64Array>
  /** Of each pattern, the prices of its members together. */
  readonly #members: Float64Array
  #part: Narrowed = { columns: new Map(), rows: new Map(), worth: new Map(), mostOf: () => 0 }
  /** Of the simplex method, so far. */
  iterations = 0

  constructor(highs: Highs, problem: Problem, kinds: Kinds, model: Model, patterns: Patterns) {
    this.#problem = problem
    this.#kinds = kinds
    this.#model = model
    this.#patterns = patterns
    this.#linear = new Linear(highs, model)
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
  }

  /** Gives patterns a column; answers how many had none. */
  seed(some: ReadonlyArray<readonly [cell: number, pattern: number]>) {
    this.#grow()
    const fresh = some.filter(([cell, pattern]) => {
      const key = cell * this.#patterns.count + pattern
      if (this.#pool.has(key) || this.#fits[cell]![pattern] === 0) return false
      this.#pool.set(key, -1)
      return true
    })
    fresh.forEach(([cell, pattern], at) =>
      this.#pool.set(cell * this.#patterns.count + pattern, this.#linear.columns + at)
    )
    this.#linear.add(
      fresh.map(([cell, pattern]) => patternColumn(this.#problem, this.#model, this.#patterns, cell, pattern))
    )
    return fresh.length
  }

  /** What a seat is worth has changed. */
  setCost(column: number, cost: number) {
    this.#model.columns[column]!.cost = cost
    this.#linear.native.changeColCost(column, cost)
  }

  /** Rows of features that are new. */
  #grow() {
    const { rows, features, cells } = this.#model
    const { count } = this.#patterns
    for (const { raid, row, has } of features) {
      if (row < this.#linear.rows) continue
      const used = [...this.#pool].filter(
        ([key]) => cells[Math.floor(key / count)]!.raid === raid && has[key % count] !== 0
      )
      this.#linear.addRow(
        rows[row]!,
        used.map(([key, column]) => [column, has[key % count]!])
      )
    }
  }

  #narrow(part: Narrowed) {
    const { rows, columns, choices, features, seat } = this.#model
    const cuts = features.filter(({ types }) => types.length > 0)
    const bounds = cuts.map(({ raid, types, row }) => [row, [0, Math.floor(part.mostOf(raid, types) / 2)]] as const)
    const next = { ...part, rows: new Map([...part.rows, ...bounds]) }
    const { native } = this.#linear
    for (const column of new Set([...this.#part.columns.keys(), ...next.columns.keys()])) {
      const [lower, upper] = next.columns.get(column) ?? [columns[column]!.lower, columns[column]!.upper]
      native.changeColBounds(column, lower, upper)
    }
    for (const row of new Set([...this.#part.rows.keys(), ...next.rows.keys()])) {
      const [lower, upper] = next.rows.get(row) ?? [rows[row]!.lower, rows[row]!.upper]
      native.changeRowBounds(row, lower, upper)
    }
    for (const choice of choices) {
      const [before, after] = [this.#part.worth.get(choice) ?? choice.worth, next.worth.get(choice) ?? choice.worth]
      if (before === after) continue
      this.#kinds.of.forEach((kind, candidate) => {
        if (before[kind] !== after[kind])
          native.changeCoefficient(choice.row, seat(candidate, choice.raid), -after[kind]!)
      })
    }
    this.#part = next
  }

  /** What is new since then is not in use. */
  #begin({ colStatus, rowStatus }: Basis) {
    const columns = new Int32Array(this.#linear.columns)
    columns.set(colStatus)
    const rows = new Int32Array(this.#linear.rows).fill(1)
    rows.set(rowStatus)
    this.#linear.native.setBasis({ colStatus: columns, rowStatus: rows })
  }

  /**
   * The best of the part with fractions allowed, all patterns looked at. Its bound does not rest on the solver: whatever
   * the prices of the rows are, no plan is worth more than the rows' bounds at these prices and, of each column, what it
   * is worth above its price. That is added up in integers. So it may stop early, too: when the bound is low enough, or
   * when it is told to.
   */
  solve(part: Narrowed, from: Basis | undefined, enough: number, stop: () => boolean): Relaxed {
    const { native } = this.#linear
    const { rows, columns } = this.#model
    const { count } = this.#patterns
    this.#grow()
    this.#narrow(part)
    if (from !== undefined) this.#begin(from)
    let rounds = 0
    for (;;) {
      native.run()
      this.iterations += Number(native.info.get("simplex_iteration_count"))
      const { colValue, rowDual } = native.getSolution()
      // Any prices bound the value: where a solver that failed tells none, 0 does.
      const priceOf = (row: number) => (Number.isFinite(rowDual[row]) ? Math.round(rowDual[row]! * scale) : 0)
      const prices = Float64Array.from(rows, (_, row) => priceOf(row))
      const bound = this.#check(prices)
      const better = bound <= enough || stop() ? [] : this.#betterAt(prices)
      if (this.seed(better) > 0) continue
      const groups = [...this.#pool].flatMap(([key, column]): ReadonlyArray<Group> => {
        const value = colValue[column] ?? 0
        return value < 1e-6 ? [] : [{ cell: Math.floor(key / count), pattern: key % count, value }]
      })
      if (better.length === 0 && bound > enough && rounds < cutRounds && this.#cut(groups)) {
        rounds += 1
        this.#grow()
        this.#narrow(part)
        continue
      }
      const priceOfRow = (row: number) => prices[row]! / scale
      return {
        bound,
        values: colValue.subarray(0, columns.length),
        groups,
        basis: native.getBasis(),
        priceOf: priceOfRow
      }
    }
  }

  /** Gives cuts rows; answers whether any had none. */
  #cut(groups: ReadonlyArray<Group>) {
    const { rows } = this.#model
    const before = rows.length
    for (const { raid, types } of cutsOf(this.#model, this.#patterns, groups, this.#part.mostOf))
      pairsOf(this.#model, this.#patterns, raid, types)
    return rows.length > before
  }

  /** The patterns that are worth most above their prices, if they are worth more than a hundredth of a point. */
  #betterAt(prices: Float64Array) {
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

  /** The bound that prices make. */
  #check(prices: Float64Array) {
    const { rows, columns, cells, seat } = this.#model
    const ofCells = new Set(cells.map(({ row }) => row))
    let total = 0
    rows.forEach((one, row) => {
      if (prices[row] === 0 || ofCells.has(row)) return
      const [lower, upper] = this.#part.rows.get(row) ?? [one.lower, one.upper]
      const bound = prices[row]! > 0 ? upper : lower
      // A price that only a rounding has: the row does not hold there.
      if (Number.isFinite(bound)) total += prices[row]! * bound
      else prices[row] = 0
    })
    const rewards = columns.map(({ cost, rows, values }) => {
      let reward = cost * scale
      rows.forEach((row, at) => (reward -= values[at]! * prices[row]!))
      return reward
    })
    for (const [{ row, raid, worth }, own] of this.#part.worth)
      this.#kinds.of.forEach((kind, candidate) => {
        rewards[seat(candidate, raid)]! += (own[kind]! - worth[kind]!) * prices[row]!
      })
    rewards.forEach((reward, column) => {
      const [lower, upper] = this.#part.columns.get(column) ?? [columns[column]!.lower, columns[column]!.upper]
      total += reward * (reward > 0 ? upper : lower)
    })
    cells.forEach(({ groups }, cell) => (total += groups * this.#priceOfGroup(cell, prices)))
    return Math.floor(total / scale)
  }

  /** What remains of the pattern of which most remains. */
  #priceOfGroup(cell: number, prices: Float64Array) {
    const { cells, link, balance, features } = this.#model
    const { members, without, last, value, types, count } = this.#patterns
    const { raid } = cells[cell]!
    const remains = this.#remains[cell]!
    const priceOf = Float64Array.from({ length: types + 1 }, (_, type) =>
      type === types ? 0 : prices[link(type, raid)]!
    )
    for (let pattern = 1; pattern < count; pattern++)
      this.#members[pattern] = this.#members[without[pattern]!]! + priceOf[last[pattern]!]!
    for (let pattern = 0; pattern < count; pattern++)
      remains[pattern] = value[pattern]! * scale + this.#members[pattern]!
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

  dispose() {
    this.#linear.native.dispose()
  }
}
