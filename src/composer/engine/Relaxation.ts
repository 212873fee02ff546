import type { Basis, Highs } from "highs"
import { cutsOf } from "./Cuts.ts"
import { pairsOf } from "./Features.ts"
import type { Kinds } from "./Kinds.ts"
import { Linear, patternColumn } from "./Linear.ts"
import type { Group, Model } from "./Model.ts"
import type { Bounds } from "./Part.ts"
import type { Patterns } from "./Patterns.ts"
import { type Narrowed, Pricing, scale } from "./Pricing.ts"
import type { Problem } from "./Problem.ts"
import type { Row } from "./Rows.ts"

/** What the relaxation says of a part. */
export interface Relaxed {
  /** No plan of the part is worth more: checked in integers, see `Pricing`. */
  readonly bound: number
  /** The bound that the same prices of rows make when what seats are worth has changed, and who may have them. */
  readonly boundNow: (columns: Narrowed["columns"]) => number
  /** By column of the model. */
  readonly values: Float64Array
  readonly groups: ReadonlyArray<Group>
  /** Where the simplex method ended: that of a smaller part begins there. */
  readonly basis: Basis
  /** What one more in a row is worth, in points. */
  readonly priceOf: (row: number) => number
}

type AllBounds = ReadonlyMap<number, Bounds>

/** What bounds are others than before; the model's own are those of whatever has none. */
const changes = (before: AllBounds, after: AllBounds, own: ReadonlyArray<Row>) => {
  const boundsIn = (all: AllBounds, at: number): Bounds => all.get(at) ?? [own[at]!.lower, own[at]!.upper]
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((at) => {
    const [one, other] = [boundsIn(before, at), boundsIn(after, at)]
    return one[0] === other[0] && one[1] === other[1] ? [] : [[at, other] as const]
  })
}

/** Rounds of cuts in one part. */
const cutRounds = 3

export class Relaxation {
  readonly #problem: Problem
  readonly #kinds: Kinds
  readonly #model: Model
  readonly #patterns: Patterns
  readonly #linear: Linear
  readonly #pricing: Pricing
  /** Which column a pattern of a cell has, by cell and pattern in one number. */
  readonly #pool = new Map<number, number>()
  #part: Narrowed = { columns: new Map(), rows: new Map(), worth: new Map(), mostOf: () => 0 }
  /** Where the last one ended: what is solved from there goes on with what the solver has. */
  #basis: Basis | undefined
  /** Of the simplex method, so far. */
  iterations = 0

  constructor(highs: Highs, problem: Problem, kinds: Kinds, model: Model, patterns: Patterns) {
    this.#problem = problem
    this.#kinds = kinds
    this.#model = model
    this.#patterns = patterns
    this.#linear = new Linear(highs, model)
    this.#pricing = new Pricing(problem, kinds, model, patterns)
  }

  /** Gives patterns a column; answers how many had none. */
  seed(some: ReadonlyArray<readonly [cell: number, pattern: number]>) {
    this.#grow()
    const fresh = some.filter(([cell, pattern]) => {
      const key = cell * this.#patterns.count + pattern
      if (this.#pool.has(key) || !this.#pricing.fits(cell, pattern)) return false
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
    for (const [column, [lower, upper]] of changes(this.#part.columns, next.columns, columns))
      native.changeColBounds(column, lower, upper)
    for (const [row, [lower, upper]] of changes(this.#part.rows, next.rows, rows))
      native.changeRowBounds(row, lower, upper)
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
   * The best of the part with fractions allowed, all patterns looked at. Its bound does not rest on the solver, but on
   * what the prices say (see `Pricing`). So it may stop early: when the bound is low enough, or when it is told to.
   */
  solve(part: Narrowed, from: Basis | undefined, enough: number, stop: () => boolean): Relaxed {
    const { native } = this.#linear
    const { rows, columns } = this.#model
    const { count } = this.#patterns
    this.#grow()
    this.#narrow(part)
    if (from !== undefined && from !== this.#basis) this.#begin(from)
    let rounds = 0
    for (;;) {
      native.run()
      this.iterations += Number(native.info.get("simplex_iteration_count"))
      const { colValue, rowDual } = native.getSolution()
      // Any prices bound the value: where a solver that failed tells none, 0 does.
      const priceOf = (row: number) => (Number.isFinite(rowDual[row]) ? Math.round(rowDual[row]! * scale) : 0)
      const prices = Float64Array.from(rows, (_, row) => priceOf(row))
      const { bound, boundNow } = this.#pricing.bound(this.#part, prices)
      const better = bound <= enough || stop() ? [] : this.#pricing.better(prices)
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
      const basis = native.getBasis()
      this.#basis = basis
      return {
        bound,
        boundNow,
        values: colValue.subarray(0, columns.length),
        groups,
        basis,
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

  /** What the prices of the last one say. */
  priced() {
    return this.#pricing.priced()
  }

  dispose() {
    this.#linear.native.dispose()
  }
}
