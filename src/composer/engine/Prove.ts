import type { Basis, Highs } from "highs"
import { branchingOf, Losses } from "./Branching.ts"
import type { Kinds } from "./Kinds.ts"
import { type Model, modelOf } from "./Model.ts"
import { type Bounds, type Decided, narrowedOf, type Way, wentOn } from "./Part.ts"
import type { Patterns } from "./Patterns.ts"
import { groupsOf, planOf } from "./Plan.ts"
import type { Budget, Caller, EndedBy, Problem, Seats } from "./Problem.ts"
import { Relaxation, type Relaxed } from "./Relaxation.ts"
import { score } from "./Score.ts"

/** A part of all plans. */
interface Part extends Decided {
  /** No plan of it is worth more. */
  readonly bound: number
  /** The way that led to it, and where the relaxation that it comes from ended. */
  readonly from?: { readonly way: Way; readonly basis: Basis }
}

/** A plan, and what it is worth. */
export interface Found {
  readonly seats: Seats
  readonly value: number
}

/** So often a relaxation leads the search for a better plan. */
const perHint = 60

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

export interface Proved extends Found {
  readonly bound: number
  readonly endedBy: EndedBy
}

/**
 * Bounds what any plan can be worth, by parts: the one with the highest bound is relaxed, asked what makes its relaxation
 * worth too much, and divided by the answers. The bound of all is the highest that is left, and each was checked in
 * integers. What relaxations say of who sits where leads to better plans: `follow` looks for one.
 */
export const prove = (
  highs: Highs,
  problem: Problem,
  kinds: Kinds,
  patterns: Patterns,
  start: Found,
  follow: (hint: (candidate: number, raid: number) => number) => Found,
  budget: Budget,
  caller: Caller,
  late: () => boolean
): Proved => {
  const model = modelOf(problem, kinds, patterns)
  const relaxation = new Relaxation(highs, problem, kinds, model, patterns)
  relaxation.seed(groupsOf(kinds, patterns, model, start.seats))
  const losses = new Losses()
  let best = start
  const open: Array<Part> = [
    { columns: oneOfAlike(problem, model), rows: new Map(), choices: new Map(), bound: Infinity }
  ]
  /** The highest bound of parts that cannot be divided. */
  let closed = -Infinity
  let told = Infinity
  let nodes = 0
  const stop = () => caller.cancelled() || late()
  const ended = (): EndedBy | undefined => {
    if (caller.cancelled()) return "cancel"
    if (late()) return "time"
    return nodes >= budget.nodes || relaxation.iterations >= budget.iterations ? "work" : undefined
  }
  const highest = () =>
    open.reduce<Part | undefined>(
      (most, part) => (most === undefined || part.bound > most.bound ? part : most),
      undefined
    )
  const boundOfAll = () => Math.max(best.value, closed, highest()?.bound ?? -Infinity)
  const tell = (stage: "relaxing" | "proving", isNew: boolean) => {
    told = boundOfAll()
    caller.tell({
      stage,
      value: best.value,
      seats: isNew ? best.seats : null,
      bound: Number.isFinite(told) ? told : null
    })
  }
  const improve = (found: Found) => {
    if (found.value <= best.value) return
    best = found
    tell("proving", true)
  }

  const divide = (part: Part, relaxed: Relaxed, bound: number) => {
    const branching = branchingOf(model, kinds, patterns, part, relaxed, bound - best.value, losses)
    if (branching === undefined) {
      const seats = planOf(problem, kinds, patterns, model, relaxed)
      improve({ seats, value: score(problem, seats).value })
      closed = Math.max(closed, bound)
    }
    for (const way of branching?.ways ?? []) {
      const next = wentOn(model, part, way)
      if (next !== undefined) open.push({ ...next, bound, from: { way, basis: relaxed.basis } })
    }
  }

  try {
    for (;;) {
      const part = highest()
      if (part === undefined || part.bound <= Math.max(best.value, closed))
        return { ...best, bound: boundOfAll(), endedBy: closed > best.value ? "work" : "optimal" }
      if (part.bound < told) tell("relaxing", false)
      const endedBy = ended()
      if (endedBy !== undefined) return { ...best, bound: boundOfAll(), endedBy }
      open.splice(open.indexOf(part), 1)
      nodes += 1
      const relaxed = relaxation.solve(narrowedOf(model, part), part.from?.basis, best.value, stop)
      const bound = Math.min(part.bound, relaxed.bound)
      if (part.from !== undefined) losses.learn(part.from.way, part.bound - Math.max(bound, best.value))
      if (bound <= best.value) continue
      // What is still open of this part must not be forgotten while a plan is told.
      open.push({ ...part, bound })
      if (nodes % perHint === 1) improve(follow((candidate, raid) => relaxed.values[model.seat(candidate, raid)]!))
      open.pop()
      if (bound > best.value) divide(part, relaxed, bound)
    }
  } finally {
    relaxation.dispose()
  }
}
