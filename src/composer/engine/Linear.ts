import type { Highs, Model as Native } from "highs"
import type { Model } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize, type Problem } from "./Problem.ts"
import type { Column, Row } from "./Rows.ts"

/** What a row lacks has a price that no plan pays, so that there is always an answer, and with it a bound. */
const missing = 1e6

const missedOf = ({ lower, upper, isLoose = false }: Row, row: number): ReadonlyArray<Column> => {
  if (isLoose) return []
  const missed = (value: number) => ({ cost: -missing, lower: 0, upper: 1e4, rows: [row], values: [value] })
  return [...(Number.isFinite(upper) ? [missed(-1)] : []), ...(Number.isFinite(lower) ? [missed(1)] : [])]
}

const addColumns = (native: Native, rows: number, columns: ReadonlyArray<Column>) => {
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

/** Rows without coefficients. */
export const addRows = (highs: Highs, native: Native, rows: ReadonlyArray<Row>) => {
  const infinite = (bound: number) => (Number.isFinite(bound) ? bound : Math.sign(bound) * highs.infinity)
  native.addRows({
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
}

/** The solver with a model that grows, and how large it is by now. */
export class Linear {
  readonly native: Native
  columns = 0
  rows = 0

  constructor(highs: Highs, { rows, columns }: Model) {
    this.native = highs.createModel()
    // Edges are priced by Devex: it begins at any basis without work. The method is chosen by what the basis lacks: after
    // new columns it is the primal one.
    this.native.options.set({ output_flag: false, simplex_dual_edge_weight_strategy: 1, simplex_strategy: 0 })
    this.native.changeObjectiveSense(highs.constants.objectiveSense.maximize)
    addRows(highs, this.native, rows)
    this.rows = rows.length
    this.add(columns)
    this.add(rows.flatMap(missedOf))
  }

  add(columns: ReadonlyArray<Column>) {
    if (columns.length > 0) addColumns(this.native, this.rows, columns)
    this.columns += columns.length
  }

  /** A row of some columns and their coefficients. */
  addRow(row: Row, entries: ReadonlyArray<readonly [column: number, value: number]>) {
    const indices = entries.map(([column]) => column)
    this.native.addRow(row.lower, row.upper, { indices, values: entries.map(([, value]) => value) })
    this.rows += 1
    this.add(missedOf(row, this.rows - 1))
  }
}

/** The column of a pattern in a cell. */
export const patternColumn = (
  { weights }: Problem,
  { cells, link, balance, features }: Model,
  { members, value, types }: Patterns,
  cell: number,
  pattern: number
): Column => {
  const { raid, row, groups } = cells[cell]!
  const counts = new Map<number, number>()
  let free = 0
  for (let seat = 0; seat < groupSize; seat++) {
    const type = members[pattern * groupSize + seat]!
    if (type === types) free += 1
    else counts.set(type, (counts.get(type) ?? 0) + 1)
  }
  const effects = value[pattern]! - weights.empty * free
  const entries = [
    [row, 1] as const,
    ...[...counts].map(([type, count]) => [link(type, raid), -count] as const),
    ...(balance.length === 0 || effects === 0 ? [] : [[balance[raid]!, effects] as const]),
    ...features
      .filter((feature) => feature.raid === raid && feature.has[pattern] !== 0)
      .map(({ row, has }) => [row, has[pattern]!] as const)
  ]
  return {
    cost: value[pattern]!,
    lower: 0,
    upper: groups,
    rows: entries.map(([row]) => row),
    values: entries.map(([, value]) => value)
  }
}
