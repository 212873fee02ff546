import type { Highs } from "highs"
import { solveBand, widthOf } from "./Band.ts"
import type { Kinds } from "./Kinds.ts"
import type { Switch } from "./Effects.ts"
import { type Model, modelOf } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import { type Budget, type Caller, type EndedBy, groupSize, type Problem, type Proof, type Seats } from "./Problem.ts"
import { type Narrowed, Relaxation, type Relaxed } from "./Relaxation.ts"
import { score } from "./Score.ts"

/** A part of all plans: some switches are decided. */
interface Part extends Narrowed {
  /** No plan of it is worth more. */
  readonly bound: number
  readonly proof: Proof
  /** How often a band of it was solved. */
  readonly stage: number
}

/** Patterns in the bands of a part, one after the other. */
const bands = [1200, 3000, 7000, 16_000]

/** With so few, whole numbers are quicker than to split once more. */
const narrow = 300

interface Branching {
  readonly one: Switch
  /** What it is counted for beyond what it can be. */
  readonly excess: number
}

const sum = (all: ReadonlyArray<number>) => all.reduce((one, other) => one + other, 0)

/** The switch whose fraction makes the relaxation worth the most too much. */
const branchingOf = (model: Model, { values }: Relaxed) => {
  let most: Branching | undefined
  for (const one of model.switches) {
    const gain = values[one.gain]!
    const there = sum(one.givers.map((giver) => values[model.seat(giver, one.raid)]!)) - (one.count - 1)
    if (gain < 1 || there < 1e-6 || there > 1 - 1e-6) continue
    const excess = gain * (1 - there)
    if (most === undefined || excess > most.excess) most = { one, excess }
  }
  return most
}

type Bounds = readonly [lower: number, upper: number]

/** A part in two: with enough givers of the switch, and with too few. */
const split = (model: Model, part: Part, { one: { row, count, givers } }: Branching): ReadonlyArray<Part> => {
  const [lower, upper] = part.rows.get(row) ?? [model.rows[row]!.lower, model.rows[row]!.upper]
  const most = Math.min(upper, givers.length)
  const halves: ReadonlyArray<Bounds> = [
    [Math.max(lower, count), most],
    [lower, Math.min(most, count - 1)]
  ]
  return halves
    .filter(([lower, upper]) => lower <= upper)
    .map(([lower, upper]) => {
      const decided = model.switches.flatMap(
        ({ row: own, sure, on, count }): ReadonlyArray<readonly [number, Bounds]> => {
          if (own !== row || !sure) return []
          if (count <= lower) return [[on, [1, 1]]]
          return count > upper ? [[on, [0, 0]]] : []
        }
      )
      return {
        ...part,
        rows: new Map([...part.rows, [row, [lower, upper]]]),
        columns: new Map([...part.columns, ...decided])
      }
    })
}

/** Raids alike in size, targets, locks and hour can change places: some of the ways in which they do are left out. */
const oneOfAlike = ({ raids, locks, sameHour, candidates }: Problem, model: Model) => {
  const columns = new Map<number, Bounds>()
  const taken = new Set(locks.map(({ candidate }) => candidate))
  const names = raids.map((raid, index) =>
    locks.some((lock) => lock.raid === index) || sameHour.some((pair) => pair.includes(index))
      ? `${index}`
      : JSON.stringify(raid)
  )
  for (const alike of Map.groupBy(raids.keys(), (raid) => names[raid]!).values()) {
    // The first of these is in the first raid if anywhere, the second in the first two, and so on.
    for (const raid of alike.keys()) {
      if (raid + 1 >= alike.length) break
      const first = [...candidates.keys()].find((one) => candidates[one]!.main && !taken.has(one))
      if (first === undefined) break
      taken.add(first)
      for (const later of alike.slice(raid + 1)) columns.set(model.seat(first, later), [0, 0])
    }
  }
  return columns
}

export interface Proved {
  readonly seats: Seats
  readonly value: number
  readonly bound: number
  readonly proof: Proof
  readonly endedBy: EndedBy
}

/**
 * Bounds what any plan can be worth, by parts: each is relaxed, the one with the highest bound is split where its
 * relaxation is worth too much, and the bound of all is the highest that is left.
 */
export const prove = (
  highs: Highs,
  problem: Problem,
  kinds: Kinds,
  patterns: Patterns,
  start: { readonly seats: Seats; readonly value: number },
  budget: Budget,
  caller: Caller,
  late: () => boolean
): Proved => {
  const model = modelOf(problem, kinds, patterns)
  const relaxation = new Relaxation(highs, problem, model, patterns)
  relaxation.seed(seedOf(kinds, patterns, model, start.seats))
  let { seats, value } = start
  const open: Array<Part> = [
    { columns: oneOfAlike(problem, model), rows: new Map(), bound: Infinity, proof: "lp", stage: 0 }
  ]
  const closed: Array<Part> = []
  const stop = () => caller.cancelled() || late()
  let nodes = 0
  let iterations = 0
  const ended = (): EndedBy | undefined => {
    if (caller.cancelled()) return "cancel"
    if (late()) return "time"
    return nodes >= budget.nodes || relaxation.iterations + iterations >= budget.iterations ? "work" : undefined
  }
  let why: EndedBy | undefined
  let told = Infinity
  try {
    for (;;) {
      const top = open.reduce((most, part) => (most === undefined || part.bound > most.bound ? part : most), open[0])
      if (top === undefined || top.bound <= value) {
        why = "optimal"
        break
      }
      if (top.bound < told) {
        told = top.bound
        caller.tell({ stage: "relaxing", value, seats: null, bound: top.bound })
      }
      why = ended()
      if (why !== undefined) break
      open.splice(open.indexOf(top), 1)
      nodes += 1
      const relaxed = relaxation.solve(top, value, stop)
      const bound = Math.min(top.bound, relaxed.bound)
      if (bound <= value) continue
      const branching = top.stage > 0 ? undefined : branchingOf(model, relaxed)
      if (branching !== undefined && widthOf(model, relaxed, value) > narrow) {
        open.push(...split(model, { ...top, bound }, branching))
        continue
      }
      // Whole numbers take long: first those parts are looked at that may be worth more.
      if (open.some((part) => part.bound > bound)) {
        open.push({ ...top, bound })
        continue
      }
      const patternsAtMost = bands[top.stage]
      if (patternsAtMost === undefined) {
        closed.push(top)
        continue
      }
      const banded = solveBand(highs, problem, kinds, patterns, model, top, relaxed, value, {
        patterns: patternsAtMost,
        nodes: 1000,
        iterations: budget.iterations - relaxation.iterations - iterations,
        stop
      })
      iterations += banded.iterations
      if (banded.seats !== undefined) {
        const found = score(problem, banded.seats).value
        if (found > value) {
          value = found
          seats = banded.seats
          caller.tell({ stage: "proving", value, seats, bound: Math.max(bound, ...open.map(({ bound }) => bound)) })
        }
      }
      const left: Part = { ...top, bound: Math.min(bound, banded.bound), proof: "mip", stage: top.stage + 1 }
      if (banded.whole) closed.push(left)
      else open.push(left)
    }
  } finally {
    relaxation.dispose()
  }
  const parts = [...open, ...closed]
  const bound = Math.max(value, ...parts.map((part) => part.bound))
  const proof = parts.some((part) => part.proof === "mip") ? "mip" : "lp"
  return { seats, value, bound, proof, endedBy: why === "optimal" && bound > value ? "work" : why }
}

/** The patterns of a plan, so that the first relaxation has an answer, and an empty group. */
const seedOf = (kinds: Kinds, patterns: Patterns, model: Model, seats: Seats) => {
  const indexes = new Map<string, number>()
  for (let pattern = 0; pattern < patterns.count; pattern++)
    indexes.set(patterns.members.subarray(pattern * groupSize, (pattern + 1) * groupSize).join(), pattern)
  return model.cells.flatMap(({ raid, group }, cell) => {
    const own = seats[raid]!.filter((_, index) => group === null || index === group)
    const used = own.map((members) => {
      const types = members.map((candidate) => patterns.typeOf[kinds.of[candidate]!]!)
      while (types.length < groupSize) types.push(patterns.types)
      return [cell, indexes.get(types.toSorted((a, b) => a - b).join())!] as const
    })
    return [[cell, 0] as const, ...used]
  })
}
