import type { Basis, Highs } from "highs"
import { isNarrow, solveBand } from "./Band.ts"
import type { Kinds } from "./Kinds.ts"
import { type Model, modelOf } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import { type Budget, type Caller, type EndedBy, groupSize, type Problem, type Proof, type Seats } from "./Problem.ts"
import { Relaxation, stat } from "./Relaxation.ts"
import { type Bounds, type Branching, branchingsOf, pairingsOf, type Decided, gone, Losses, narrowedOf } from "./Branching.ts"
import { score } from "./Score.ts"

/** A part of all plans. */
interface Part extends Decided {
  /** No plan of it is worth more. */
  readonly bound: number
  readonly proof: Proof
  /** How often a band of it was solved. */
  readonly stage: number
  /** The way that led to it. */
  readonly basis?: Basis
  readonly by?: Branching["ways"][number]
}

const sum = (all: ReadonlyArray<number>) => all.reduce((one, other) => one + other, 0)
/** Patterns in the bands of a part, one after the other. */
const bands = [1200, 3000, 7000, 16_000]

/** With so few, whole numbers are quicker than to split once more. */
const narrow = Number(process.env.NW ?? 300)

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
  late: () => boolean,
  polish: (lean: (candidate: number, raid: number) => number) => { readonly seats: Seats; readonly value: number }
): Proved => {
  const model = modelOf(problem, kinds, patterns)
  const relaxation = new Relaxation(highs, problem, kinds, model, patterns)
  relaxation.seed(seedOf(kinds, patterns, model, start.seats))
  let { seats, value } = start
  const open: Array<Part> = [
    { columns: oneOfAlike(problem, model), rows: new Map(), choices: new Map(), bound: Infinity, proof: "lp", stage: 0 }
  ]
  const closed: Array<Part> = []
  const stop = () => caller.cancelled() || late()
  let nodes = 0
  const losses = new Losses()
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
      const narrowed = narrowedOf(model, top)
      const t0 = process.cpuUsage()
      const relaxed = relaxation.solve(narrowed, value, stop, top.basis)
      if (process.env.TR) { const d = process.cpuUsage(t0); console.log('node', nodes, 'rows', top.rows.size, top.columns.size, top.choices.size, 'ms', ((d.user+d.system)/1e3).toFixed(0), 'bound', relaxed.bound, ((relaxed.bound-value)/value*100).toFixed(2), 'open', open.length, 'by', JSON.stringify(top.by, (k, v) => k === 'choice' ? v[1] : v)) }
      if (top.by !== undefined) losses.learn(top.by, Math.max(0, top.bound - Math.max(value, relaxed.bound)))
      const bound = Math.min(top.bound, relaxed.bound)
      if (bound <= value) continue
      if (nodes % Number(process.env.PE ?? 100) === 1) {
        const found = polish((candidate, raid) => relaxed.values[model.seat(candidate, raid)]!)
        if (process.env.TR) console.log('node polish', found.value, value)
        if (found.value > value) {
          value = found.value
          seats = found.seats
          caller.tell({ stage: "annealing", value, seats, bound: Math.max(bound, ...open.map(({ bound }) => bound)) })
        }
      }
      const branch = (values: ArrayLike<number>, bound: number) => {
        let best: Branching | undefined
        let most = -1
        const t2 = performance.now(); const all = [...branchingsOf(model, kinds, top, values)]
        if (all.length === 0 && values === relaxed.values) all.push(...pairingsOf(problem, model, patterns, top, relaxed))
        const known = all.filter(({ excess }) => excess > (bound - value) * Number(process.env.EXC ?? 0.05))
        const heads = all.filter(({ ways }) => !ways[0]!.name.startsWith("seat"))
        stat.branch += performance.now() - t2
        const pool = known.length > 0 ? known : heads.length > 0 ? heads : all
        const looks = Number(process.env.LOOKS ?? 0)
        if (looks > 0 && values === relaxed.values && pool.length > 1) {
          const score = new Map(pool.map((one) => [one, losses.scoreOf(one)]))
          for (const one of pool.toSorted((a, b) => score.get(b)! - score.get(a)!).slice(0, looks)) {
            if (losses.knows(one)) continue
            for (const by of one.ways) {
              const next = gone(model, top, by)
              if (next === undefined) continue
              const about = relaxation.estimate(narrowedOf(model, next))
              losses.learn(by, Math.max(0, bound - Math.max(value, about)))
            }
          }
        }
        for (const one of known.length > 0 ? known : heads.length > 0 ? heads : all) {
          const score = losses.scoreOf(one)
          if (score > most) [best, most] = [one, score]
        }
        for (const by of best?.ways ?? []) {
          const next = gone(model, top, by)
          if (next !== undefined) open.push({ ...top, ...next, bound, proof: values === relaxed.values ? top.proof : "mip", stage: 0, by, basis: relaxed.basis })
        }
        return best !== undefined
      }
      if (top.stage === 0 && !isNarrow(relaxed, value, narrow) && branch(relaxed.values, bound)) continue
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
      const banded = solveBand(highs, problem, kinds, patterns, model, narrowed, relaxed, value, {
        patterns: patternsAtMost,
        nodes: 1000,
        iterations: budget.iterations - relaxation.iterations - iterations,
        stop
      })
      iterations += banded.iterations
      if (process.env.TR) { const d = process.cpuUsage(t0); console.log('node mip', 'ms', ((d.user+d.system)/1e3).toFixed(0), 'lp', bound, 'mip', banded.bound, 'whole', banded.whole, 'seats', banded.seats && score(problem, banded.seats).value) }
      if (banded.seats !== undefined) {
        const found = score(problem, banded.seats).value
        if (found > value) {
          value = found
          seats = banded.seats
          caller.tell({ stage: "proving", value, seats, bound: Math.max(bound, ...open.map(({ bound }) => bound)) })
        }
      }
      const left: Part = { ...top, bound: Math.min(bound, banded.bound), proof: "mip", stage: top.stage + 1 }
      if (banded.whole && banded.values !== undefined && left.bound > value && branch(banded.values, left.bound)) continue
      if (banded.whole && left.bound > value && process.env.TR) { process.env.DBG = '1'; branchingsOf(model, kinds, top, banded.values!); delete process.env.DBG; console.log('lost', left.bound, value, banded.seats && JSON.stringify(score(problem, banded.seats)), 'gains', sum(model.switches.map((s) => banded.values![s.gain]!))) }
      if (banded.whole) closed.push(left)
      else open.push(left)
    }
  } finally {
    relaxation.dispose()
  }
  if (process.env.TR) console.log('STAT', nodes, relaxation.iterations, JSON.stringify(stat), 'rows', model.rows.length, 'cols', model.columns.length, 'pool', relaxation.size)
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
