import type { Basis, Highs, Model as Native } from "highs"
import type { Choice } from "./Choices.ts"
import type { Kinds } from "./Kinds.ts"
import type { Model } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize, type Problem } from "./Problem.ts"

/** Bounds in place of the model's. */
export interface Narrowed {
  readonly columns: ReadonlyMap<number, readonly [lower: number, upper: number]>
  readonly rows: ReadonlyMap<number, readonly [lower: number, upper: number]>
  /** By choice: what its options are worth to each kind; those that are not here are as in the model. */
  readonly worth: ReadonlyMap<Choice, Int32Array>
}

/** Puts what choices are worth in a part in place of what they were. */
export const setWorth = (
  native: Native,
  { choices, seat }: Model,
  kinds: Kinds,
  was: Narrowed["worth"],
  is: Narrowed["worth"]
) => {
  for (const choice of choices) {
    const [before, after] = [was.get(choice) ?? choice.worth, is.get(choice) ?? choice.worth]
    if (before === after) continue
    kinds.of.forEach((kind, candidate) => {
      if (before[kind] !== after[kind]) native.changeCoefficient(choice.row, seat(candidate, choice.raid), -after[kind]!)
    })
  }
}

/** What the relaxation says of a part of all plans, checked in integers: see `Relaxation.solve`. */
export interface Relaxed {
  /** No plan of the part is worth more. */
  readonly bound: number
  /** By column of the model. */
  readonly values: Float64Array
  /** Patterns that groups have. */
  readonly groups: ReadonlyArray<{ readonly cell: number; readonly pattern: number; readonly value: number }>
  /** Where it ended: another part may begin there. */
  readonly basis: Basis
  /** By column of the model: how much lower the bound is with one more of it, in points × scale. */
  readonly lossOf: (column: number) => number
  /** By cell, of each pattern: what it is worth, in points × scale, until the next is solved. */
  readonly remains: ReadonlyArray<Remains>
}

/** A pattern less than the most lowers the bound by the difference. */
export interface Remains {
  readonly each: Float64Array
  most: number
}

/** Prices are whole numbers of 1/1024 points: what the solver rounds makes a bound weaker, never wrong. */
export const scale = 1024
const missing = 1e6
const perRound = 40

/** Puts rows and the columns that stand from the start into a solver. */
export const nativeOf = (highs: Highs, { rows, columns }: Model, whole: boolean, missed: boolean): Native => {
  const made = highs.createModel()
  made.options.set({ output_flag: false, ...JSON.parse(process.env.OPT ?? "{}") })
  made.changeObjectiveSense(highs.constants.objectiveSense.maximize)
  const infinite = (bound: number) => (Number.isFinite(bound) ? bound : Math.sign(bound) * highs.infinity)
  made.addRows({
    lower: Float64Array.from(rows, ({ lower }) => infinite(lower)),
    upper: Float64Array.from(rows, ({ upper }) => infinite(upper)),
    matrix: {
      format: "csr",
      numRows: rows.length,
      numCols: 0,
      starts: new Int32Array(rows.length + 1),
      indices: new Int32Array(0),
      values: new Float64Array(0)
    }
  })
  addColumns(made, rows.length, columns)
  if (whole)
    columns.forEach((column, index) => {
      if (column.whole) made.changeColIntegrality(index, highs.constants.variableType.integer)
    })
  // What a row lacks, at a price that no plan pays: so the relaxation always has an answer, and with it a bound.
  if (missed)
    addColumns(
      made,
      rows.length,
      rows.flatMap(({ lower, upper }, row) => [
        ...(Number.isFinite(upper) ? [{ cost: -missing, lower: 0, upper: 1e4, rows: [row], values: [-1] }] : []),
        ...(Number.isFinite(lower) ? [{ cost: -missing, lower: 0, upper: 1e4, rows: [row], values: [1] }] : [])
      ])
    )
  return made
}

interface Entries {
  readonly cost: number
  readonly lower: number
  readonly upper: number
  readonly rows: ReadonlyArray<number>
  readonly values: ReadonlyArray<number>
}

export const addColumns = (native: Native, rows: number, columns: ReadonlyArray<Entries>) => {
  if (columns.length === 0) return
  const starts = new Int32Array(columns.length + 1)
  columns.forEach((column, index) => (starts[index + 1] = starts[index]! + column.rows.length))
  native.addCols({
    cost: Float64Array.from(columns, ({ cost }) => cost),
    lower: Float64Array.from(columns, ({ lower }) => lower),
    upper: Float64Array.from(columns, ({ upper }) => upper),
    matrix: {
      format: "csc",
      numRows: rows,
      numCols: columns.length,
      starts,
      indices: Int32Array.from(columns.flatMap(({ rows }) => rows)),
      values: Float64Array.from(columns.flatMap(({ values }) => values))
    }
  })
}

/** The column of a pattern in a cell. */
export const patternColumn = (
  { weights }: Problem,
  { cells, link, balance, features }: Model,
  { members, value, types }: Patterns,
  cell: number,
  pattern: number
): Entries => {
  const { raid, row, groups } = cells[cell]!
  const own = features.filter((one) => one.raid === raid && one.weight[pattern]! > 0)
  const counts = new Map<number, number>()
  let free = 0
  for (let seat = 0; seat < groupSize; seat++) {
    const type = members[pattern * groupSize + seat]!
    if (type === types) free += 1
    else counts.set(type, (counts.get(type) ?? 0) + 1)
  }
  const effects = value[pattern]! - weights.empty * free
  const inBalance = balance.length === 0 || effects === 0 ? [] : [balance[raid]!]
  return {
    cost: value[pattern]!,
    lower: 0,
    upper: groups,
    rows: [row, ...[...counts.keys()].map((type) => link(type, raid)), ...inBalance, ...own.map(({ row }) => row)],
    values: [
      1,
      ...[...counts.values()].map((count) => -count),
      ...inBalance.map(() => effects),
      ...own.map(({ weight }) => weight[pattern]!)
    ]
  }
}

export const stat = { lp: 0, runs: 0, narrow: 0, solve: 0, branch: 0 }
export class Relaxation {
  readonly #problem: Problem
  readonly #kinds: Kinds
  readonly #model: Model
  readonly #patterns: Patterns
  readonly #native: Native
  readonly #fits: ReadonlyArray<Uint8Array>
  /** Patterns that have a column, by cell and pattern, and which. */
  readonly #pool = new Map<number, number>()
  readonly #remains: ReadonlyArray<Remains>
  #width: number
  #height: number
  #narrowed: Narrowed = { columns: new Map(), rows: new Map(), worth: new Map() }
  iterations = 0

  constructor(highs: Highs, problem: Problem, kinds: Kinds, model: Model, patterns: Patterns) {
    this.#problem = problem
    this.#kinds = kinds
    this.#model = model
    this.#patterns = patterns
    this.#native = nativeOf(highs, this.#model, false, true)
    this.#height = model.rows.length
    this.#remains = model.cells.map(() => ({ each: new Float64Array(patterns.count), most: 0 }))
    const finite = (bound: number) => (Number.isFinite(bound) ? 1 : 0)
    this.#width = model.rows.reduce((all, { lower, upper }) => all + finite(lower) + finite(upper), model.columns.length)
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

  fits(cell: number, pattern: number) {
    return this.#fits[cell]![pattern] === 1
  }

  /** Patterns that are worth a column from the start. */
  seed(some: ReadonlyArray<readonly [cell: number, pattern: number]>) {
    const fresh = some.filter(([cell, pattern]) => {
      const key = cell * this.#patterns.count + pattern
      if (this.#pool.has(key) || !this.fits(cell, pattern)) return false
      this.#pool.set(key, this.#width)
      this.#width += 1
      return true
    })
    addColumns(
      this.#native,
      this.#model.rows.length,
      fresh.map(([cell, pattern]) => patternColumn(this.#problem, this.#model, this.#patterns, cell, pattern))
    )
    return fresh.length
  }

  /** Rows over patterns that are new. */
  #grow() {
    const { rows, features, cells } = this.#model
    for (const { raid, row, weight } of features) {
      if (row < this.#height) continue
      this.#height += 1
      const used = [...this.#pool].filter(
        ([key]) =>
          cells[Math.floor(key / this.#patterns.count)]!.raid === raid && weight[key % this.#patterns.count]! > 0
      )
      this.#native.addRow(rows[row]!.lower, rows[row]!.upper, {
        indices: used.map(([, column]) => column),
        values: used.map(([key]) => weight[key % this.#patterns.count]!)
      })
      const slack = { cost: -missing, lower: 0, upper: 1e4, rows: [row] }
      addColumns(this.#native, this.#height, [
        { ...slack, values: [-1] },
        { ...slack, values: [1] }
      ])
      this.#width += 2
    }
  }

  #narrow(next: Narrowed) {
    this.#grow()
    const { rows, columns } = this.#model
    for (const column of new Set([...this.#narrowed.columns.keys(), ...next.columns.keys()])) {
      const [lower, upper] = next.columns.get(column) ?? [columns[column]!.lower, columns[column]!.upper]
      this.#native.changeColBounds(column, lower, upper)
    }
    for (const row of new Set([...this.#narrowed.rows.keys(), ...next.rows.keys()])) {
      const [lower, upper] = next.rows.get(row) ?? [rows[row]!.lower, rows[row]!.upper]
      this.#native.changeRowBounds(row, lower, Number.isFinite(upper) ? upper : 1e30)
    }
    setWorth(this.#native, this.#model, this.#kinds, this.#narrowed.worth, next.worth)
    this.#narrowed = next
  }

  /** Begins from where another part ended; what is new since then is not in use. */
  #start({ colStatus, rowStatus }: Basis) {
    const columns = new Int32Array(this.#width)
    columns.set(colStatus)
    const rows = new Int32Array(this.#height).fill(1)
    rows.set(rowStatus)
    this.#native.setBasis({ colStatus: columns, rowStatus: rows })
  }

  /** About what the bound of a part is, with the patterns that have a column. */
  estimate(part: Narrowed) {
    this.#narrow(part)
    this.#native.run()
    this.iterations += Number(this.#native.info.get("simplex_iteration_count"))
    return Number(this.#native.info.get("objective_function_value"))
  }

  /**
   * The best of the part with fractions allowed, all patterns looked at. Its bound does not rest on the solver: whatever
   * the prices of the rows are, no plan is worth more than the rows' bounds at these prices and, of each column, what it
   * is worth above its price. That is added up in integers. So it may stop early, too: when the bound is low enough, or
   * when it is told to.
   */
  solve(part: Narrowed, enough: number, stop: () => boolean, from?: Basis): Relaxed {
    const t1 = performance.now()
    this.#narrow(part)
    if (from !== undefined && process.env.NOB === undefined) this.#start(from)
    stat.narrow += performance.now() - t1
    for (;;) {
      const t0 = performance.now()
      this.#native.run()
      stat.lp += performance.now() - t0; stat.runs += 1
      this.iterations += Number(this.#native.info.get("simplex_iteration_count"))
      const { colValue, rowDual } = this.#native.getSolution()
      // Any prices bound the value: where a solver that failed tells none, 0 does.
      const priceOf = (row: number) => (Number.isFinite(rowDual[row]) ? Math.round(rowDual[row]! * scale) : 0)
      const prices = Float64Array.from({ length: this.#model.rows.length }, (_, row) => priceOf(row))
      const checked = this.#check(prices, colValue)
      if (checked.bound <= enough || stop()) return checked
      const fresh = this.#model.cells.flatMap(({ row }, cell) => {
        const { each } = this.#remains[cell]!
        const enough = prices[row]! + 0.01 * scale
        const better: Array<number> = []
        for (let pattern = 0; pattern < each.length; pattern++) if (each[pattern]! > enough) better.push(pattern)
        return better
          .toSorted((one, other) => each[other]! - each[one]!)
          .slice(0, perRound)
          .map((pattern) => [cell, pattern] as const)
      })
      if (this.seed(fresh) === 0) return checked
    }
  }

  #check(prices: Float64Array, values: Float64Array): Relaxed {
    const { rows, columns, cells, seat } = this.#model
    const { count } = this.#patterns
    const boundsOf = (row: number) => this.#narrowed.rows.get(row) ?? [rows[row]!.lower, rows[row]!.upper]
    const limitsOf = (column: number) =>
      this.#narrowed.columns.get(column) ?? [columns[column]!.lower, columns[column]!.upper]
    const ofCells = new Set(cells.map(({ row }) => row))
    let total = 0
    rows.forEach((_, row) => {
      if (prices[row] === 0 || ofCells.has(row)) return
      const [lower, upper] = boundsOf(row)
      const bound = prices[row]! > 0 ? upper : lower
      // A price that only a rounding has: the row does not hold there.
      if (!Number.isFinite(bound) || Math.abs(bound) >= 1e20) prices[row] = 0
      else total += prices[row]! * bound
    })
    const rewards = columns.map(({ cost, rows, values }) => {
      let reward = cost * scale
      rows.forEach((row, at) => (reward -= values[at]! * prices[row]!))
      return reward
    })
    for (const [{ row, raid, worth }, own] of this.#narrowed.worth)
      this.#kinds.of.forEach((kind, candidate) => {
        rewards[seat(candidate, raid)]! += (own[kind]! - worth[kind]!) * prices[row]!
      })
    rewards.forEach((reward, column) => {
      const [lower, upper] = limitsOf(column)
      total += reward * (reward > 0 ? upper : lower)
    })
    cells.forEach(({ groups }, cell) => (total += groups * this.#remain(cell, prices)))
    return {
      bound: Math.floor(total / scale),
      values: values.subarray(0, columns.length),
      groups: [...this.#pool].flatMap(([key, column]) =>
        values[column]! > 1e-6
          ? [{ cell: Math.floor(key / count), pattern: key % count, value: values[column]! }]
          : []
      ),
      basis: this.#native.getBasis(),
      lossOf: (column: number) => -rewards[column]!,
      remains: this.#remains
    }
  }

  /** What remains of each pattern in a cell above the prices of its members; the most of them is the price of a group. */
  #remain(cell: number, prices: Float64Array) {
    const { cells, link, balance, features } = this.#model
    const { members, value, types, count } = this.#patterns
    const { weights } = this.#problem
    const { raid } = cells[cell]!
    const remains = this.#remains[cell]!
    const fits = this.#fits[cell]!
    const priceOf = Float64Array.from({ length: types + 1 }, (_, type) =>
      type === types ? 0 : prices[link(type, raid)]!
    )
    for (let pattern = 0, at = 0; pattern < count; pattern++, at += groupSize) {
      let own = value[pattern]! * scale
      for (let seat = 0; seat < groupSize; seat++) own += priceOf[members[at + seat]!]!
      remains.each[pattern] = own
    }
    const inBalance = balance.length === 0 ? 0 : prices[balance[raid]!]!
    if (inBalance !== 0)
      for (let pattern = 0; pattern < count; pattern++) {
        let free = 0
        for (let seat = 0; seat < groupSize; seat++) if (members[pattern * groupSize + seat] === types) free += 1
        remains.each[pattern]! -= inBalance * (value[pattern]! - weights.empty * free)
      }
    for (const { raid: own, row, weight } of features) {
      const price = prices[row]!
      if (own !== raid || price === 0) continue
      for (let pattern = 0; pattern < count; pattern++) remains.each[pattern]! -= price * weight[pattern]!
    }
    let most = -Infinity
    for (let pattern = 0; pattern < count; pattern++) {
      if (fits[pattern] === 0) remains.each[pattern] = -Infinity
      else if (remains.each[pattern]! > most) most = remains.each[pattern]!
    }
    remains.most = most
    return most
  }

  get size() {
    return this.#pool.size
  }

  dispose() {
    this.#native.dispose()
  }
}
