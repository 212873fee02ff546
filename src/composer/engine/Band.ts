import type { Highs } from "highs"
import type { Kinds } from "./Kinds.ts"
import type { Model } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize, type Problem, type Seats } from "./Problem.ts"
import { addColumns, nativeOf, type Narrowed, patternColumn, type Relaxed, scale, setWorth } from "./Relaxation.ts"

export interface Banded {
  /** No plan of the part is worth more, by the solver's word. */
  readonly bound: number
  /** A plan that the solver found, if any; its worth is to be looked at. */
  readonly seats: Seats | undefined
  /** By column of the model, what it has in that plan. */
  readonly values: Float64Array | undefined
  /** Whether a larger band or more work would tell more. */
  readonly whole: boolean
  /** Of the simplex method. */
  readonly iterations: number
}

export interface Effort {
  /** Patterns in the band. */
  readonly patterns: number
  readonly nodes: number
  readonly iterations: number
  readonly stop: () => boolean
}

/** What a plan worth more than `value` can lose of the bound at most, in points × scale. */
const gapOf = ({ bound }: Relaxed, value: number) => (bound + 1 - value) * scale

/** Whether such a plan can use no more than so many patterns. */
export const isNarrow = (relaxed: Relaxed, value: number, enough: number) => {
  const gap = gapOf(relaxed, value)
  let all = 0
  for (const { each, most } of relaxed.remains)
    for (let pattern = 0; pattern < each.length; pattern++)
      if (most - each[pattern]! <= gap && (all += 1) > enough) return false
  return true
}

/**
 * A plan worth more than `value` uses only what costs the relaxation's bound less than the gap: a band of patterns, small
 * enough for whole numbers. If the band had to be cut, what was cut off bounds the plans that use it.
 */
export const solveBand = (
  highs: Highs,
  problem: Problem,
  kinds: Kinds,
  patterns: Patterns,
  model: Model,
  part: Narrowed,
  relaxed: Relaxed,
  value: number,
  { patterns: most, nodes, iterations: enough, stop }: Effort
): Banded => {
  const gap = gapOf(relaxed, value)
  const within: Array<{ readonly cell: number; readonly pattern: number; readonly loss: number }> = []
  model.cells.forEach((_, cell) => {
    const { each, most } = relaxed.remains[cell]!
    for (let pattern = 0; pattern < each.length; pattern++)
      if (most - each[pattern]! <= gap) within.push({ cell, pattern, loss: most - each[pattern]! })
  })
  within.sort((one, other) => one.loss - other.loss || one.cell - other.cell || one.pattern - other.pattern)
  const chosen = within.slice(0, most)
  const cut = within[most]
  // Who uses a pattern that was cut off loses at least as much.
  const beyond = cut === undefined ? value : Math.floor(relaxed.bound + 1 - cut.loss / scale)

  const native = nativeOf(highs, model, true, false)
  try {
    model.columns.forEach(({ lower: least, upper: highest, whole }, column) => {
      let [lower, upper] = part.columns.get(column) ?? [least, highest]
      const loss = relaxed.lossOf(column)
      // A seat or switch that would cost more than the gap is decided.
      if (whole && loss > gap) upper = lower
      else if (whole && -loss > gap) lower = upper
      native.changeColBounds(column, lower, upper)
    })
    for (const [row, [lower, upper]] of part.rows)
      native.changeRowBounds(row, lower, Number.isFinite(upper) ? upper : highs.infinity)
    setWorth(native, model, kinds, new Map(), part.worth)
    const first = model.columns.length
    addColumns(
      native,
      model.rows.length,
      chosen.map(({ cell, pattern }) => patternColumn(problem, model, patterns, cell, pattern))
    )
    // Only plans that are worth more are of interest.
    const costs = [...model.columns.map(({ cost }) => cost), ...chosen.map(({ pattern }) => patterns.value[pattern]!)]
    const worth = costs.flatMap((cost, column) => (cost === 0 ? [] : [column]))
    native.addRow(value + 1, highs.infinity, { indices: worth, values: worth.map((column) => costs[column]!) })
    chosen.forEach((_, at) => native.changeColIntegrality(first + at, highs.constants.variableType.integer))
    native.options.set({
      mip_heuristic_effort: 0,
      mip_heuristic_run_feasibility_jump: false,
      mip_detect_symmetry: false,
      mip_abs_gap: 0.99,
      mip_rel_gap: 0,
      mip_max_nodes: nodes
    })
    const { modelStatus } = native.run({
      [highs.constants.callbackType.mipInterrupt]: (event) => {
        if (stop() || Number(event.data.mip_total_lp_iterations ?? 0) > enough) event.interrupt()
      }
    })
    const { optimal, infeasible } = highs.constants.modelStatus
    const iterations = Number(native.info.get("simplex_iteration_count"))
    if (modelStatus === infeasible)
      return { bound: Math.max(value, beyond), seats: undefined, values: undefined, whole: cut === undefined, iterations }
    const dual = Number(native.info.get("mip_dual_bound"))
    const bound = Number.isFinite(dual) && Math.abs(dual) < 1e20 ? Math.floor(dual + 1e-6) : relaxed.bound
    const found = native.info.get("primal_solution_status") === 2
    const values = found ? native.getSolution().colValue : undefined
    return {
      bound: Math.min(relaxed.bound, Math.max(value, beyond, bound)),
      seats: values && seatsOf(problem, kinds, patterns, model, values, chosen),
      values,
      whole: modelStatus === optimal && cut === undefined,
      iterations
    }
  } finally {
    native.dispose()
  }
}

/** Who sits where, from seats by raid and patterns by cell; those of a type are the same to a group. */
const seatsOf = (
  { candidates, raids, locks }: Problem,
  kinds: Kinds,
  { typeOf, types, members }: Patterns,
  { columns, cells, seat }: Model,
  values: Float64Array,
  chosen: ReadonlyArray<{ readonly cell: number; readonly pattern: number }>
): Seats =>
  raids.map(({ size }, raid) => {
    const waiting = Map.groupBy(
      [...candidates.keys()].filter((candidate) => values[seat(candidate, raid)]! > 0.5),
      (candidate) => typeOf[kinds.of[candidate]!]!
    )
    const groups: Array<ReadonlyArray<number> | undefined> = Array.from({ length: size / groupSize })
    const named = (candidate: number) => locks.find((lock) => lock.candidate === candidate && lock.group !== null)
    const take = (pattern: number, group: number | null) => {
      const own: Array<number> = []
      for (let at = 0; at < groupSize; at++) {
        const type = members[pattern * groupSize + at]!
        if (type === types) continue
        const some = waiting.get(type)!
        const locked = some.findIndex((candidate) => group !== null && named(candidate)?.group === group)
        const anybody = some.findIndex((candidate) => named(candidate) === undefined)
        own.push(...some.splice(locked >= 0 ? locked : Math.max(0, anybody), 1))
      }
      return own
    }
    const order = [...chosen.keys()].toSorted(
      (one, other) => (cells[chosen[one]!.cell]!.group ?? 99) - (cells[chosen[other]!.cell]!.group ?? 99)
    )
    for (const at of order) {
      const { cell, pattern } = chosen[at]!
      if (cells[cell]!.raid !== raid) continue
      const { group } = cells[cell]!
      for (let n = Math.round(values[columns.length + at]!); n > 0; n--)
        groups[
          group ??
            groups.findIndex(
              (one, index) => one === undefined && !cells.some((c) => c.raid === raid && c.group === index)
            )
        ] = take(pattern, group)
    }
    return groups.map((group) => group ?? [])
  })
