import type { Basis, Highs } from "highs"
import { type Branching, branchingOf, Losses, scoreOf } from "./Branching.ts"
import type { Found, Hint } from "./Follow.ts"
import type { Kinds } from "./Kinds.ts"
import { type Model, modelOf } from "./Model.ts"
import { type Bounds, type Decided, narrowedOf, type Way, wentOn } from "./Part.ts"
import type { Patterns } from "./Patterns.ts"
import { Pairs } from "./Pairs.ts"
import { groupsOf, planOf } from "./Plan.ts"
import { type Caller, differing, type EndedBy, type Problem } from "./Problem.ts"
import { Relaxation, type Relaxed } from "./Relaxation.ts"
import { score } from "./Score.ts"

/** A problem and what is known of it: it may be proved again when prices of seats have changed. */
export interface Prover {
  readonly problem: Problem
  readonly kinds: Kinds
  readonly patterns: Patterns
  readonly model: Model
  readonly relaxation: Relaxation
  readonly losses: Losses
  /** If all plans of it can be looked at that prices leave. */
  readonly pairs: Pairs | undefined
}

export const proverOf = (highs: Highs, problem: Problem, kinds: Kinds, patterns: Patterns): Prover => {
  const model = modelOf(problem, kinds, patterns)
  const relaxation = new Relaxation(highs, problem, kinds, model, patterns)
  const pairs = Pairs.of(problem, kinds, patterns, model)
  return { problem, kinds, patterns, model, relaxation, losses: new Losses(), pairs }
}

/** Pairs that are looked at in the time that an iteration of the simplex method takes. */
const pairsPerIteration = 500

/** What was spent on it so far, in iterations of the simplex method. */
export const workOf = ({ relaxation, pairs }: Prover) =>
  relaxation.iterations + Math.floor((pairs?.looked ?? 0) / pairsPerIteration)

export interface Limits {
  /** Parts that are relaxed. */
  readonly nodes: number
  /** Of the simplex method, and what else is counted as such. */
  readonly iterations: number
  /** It is enough if the bound is above the value by no more than that. */
  readonly gap: number
  /** A bound that is known before. */
  readonly bound: number
  /** A plan that is worth more is enough, too. */
  readonly value: number
  /** Bounds that hold for all plans. */
  readonly columns?: ReadonlyMap<number, Bounds>
  /** What plans are divided into so far. */
  readonly division?: Division
}

/** It is begun with no parts. */
export interface Division {
  parts: ReadonlyArray<Part>
  /** At the prices of which problem they were looked at. */
  problem: Problem
}

/** A part of all plans. */
interface Part extends Decided {
  /** No plan of it is worth more. */
  readonly bound: number
  /** The way that led to it, and where the relaxation that it comes from ended. */
  readonly from?: { readonly way: Way; readonly basis: Basis }
  /** Where its own relaxation ended, if there was one. */
  readonly basis?: Basis
  /** If it was relaxed already. */
  readonly relaxed?: Relaxed | undefined
  /** Its bound at other prices: its own relaxation's, or that of what it is a part of. */
  readonly boundNow?: Relaxed["boundNow"]
}

interface Asked {
  readonly part: Part
  /** How much less its bound is. */
  readonly loss: number
}

/** Of the questions that promise most so many are looked at, and no more once so many in a row were worse than the best. */
const looks = 6
const inVain = 3

/** So many parts are looked at from one search for better plans to the next. */
const pause = 200

/** Some of the ways in which raids that are alike change places are left out. */
const oneOfAlike = (problem: Problem, model: Model) => {
  const { locks, candidates } = problem
  const columns = new Map<number, Bounds>()
  const taken = new Set(locks.map(({ candidate }) => candidate))
  for (const alike of differing(problem)) {
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
 * integers. Better plans are looked for now and then where the bound is highest: `follow` begins with what the relaxation
 * says of who sits where, and a dive goes on with the part that loses least until nothing is left to ask.
 */
export const prove = (
  prover: Prover,
  start: Found,
  follow: (hint: Hint) => Found,
  limits: Limits,
  caller: Caller
): Proved => {
  const { problem, kinds, patterns, model, relaxation, losses, pairs } = prover
  relaxation.seed(groupsOf(kinds, patterns, model, start.seats))
  const iterations = workOf(prover) + limits.iterations
  const columns = new Map([...oneOfAlike(problem, model), ...(limits.columns ?? [])])
  const all: Part = { columns, rows: new Map(), choices: new Map(), bound: Infinity }
  const { division } = limits
  const known = division?.parts ?? []
  const isOld = division?.problem !== problem
  const anew = (part: Part): Part => {
    const own = new Map([...part.columns, ...columns])
    return { ...part, columns: own, relaxed: undefined, bound: part.boundNow?.(own) ?? Infinity }
  }
  const open: Array<Part> = known.length === 0 ? [all] : isOld ? known.map(anew) : [...known]
  const older = new Set(isOld ? open : [])
  /** Those of whom nothing is left. */
  const settled: Array<Part> = []
  const settle = (part: Part) => {
    if (division !== undefined) settled.push(part)
  }
  /** The highest bound of parts that cannot be divided. */
  let closed = -Infinity
  let best = start
  let told = Infinity
  let nodes = 0
  let resting = 0
  const highest = () =>
    open.reduce<Part | undefined>(
      (most, part) => (most === undefined || part.bound > most.bound ? part : most),
      undefined
    )
  const boundOfAll = () => Math.max(best.value, Math.min(limits.bound, Math.max(closed, highest()?.bound ?? -Infinity)))
  const tell = (stage: "relaxing" | "proving", isNew: boolean) => {
    told = boundOfAll()
    const bound = Number.isFinite(told) ? told : null
    caller.tell({ stage, value: best.value, seats: isNew ? best.seats : null, bound })
  }
  const improve = (found: Found) => {
    if (found.value <= best.value) return
    best = found
    tell("proving", true)
  }
  const ended = (): EndedBy | undefined => {
    if (boundOfAll() <= best.value) return "optimal"
    if (caller.cancelled()) return "cancel"
    const isEnough = boundOfAll() - best.value <= limits.gap || closed >= boundOfAll() || best.value > limits.value
    return isEnough || nodes >= limits.nodes || workOf(prover) >= iterations ? "work" : undefined
  }

  const costs = model.columns.slice(0, model.seats).map(({ cost }) => cost)
  /** Of a part of which all plans were looked at: none is worth more than that and what its seats are worth more by then. */
  const laterBound = (relaxed: Relaxed, part: Part, most: number): Relaxed["boundNow"] => {
    return (columns) => {
      const boundsOf = (column: number) => columns.get(column) ?? [0, 1]
      const isWithin = [...part.columns].every(
        ([column, [lower, upper]]) => boundsOf(column)[0] >= lower && boundsOf(column)[1] <= upper
      )
      const rises = costs.map((cost, seat) => Math.max(0, model.columns[seat]!.cost - cost) * boundsOf(seat)[1])
      const highest = rises.toSorted((one, other) => other - one).slice(0, problem.raids[0]!.size)
      const bound = relaxed.boundNow(columns)
      return isWithin
        ? Math.min(
            bound,
            highest.reduce((one, other) => one + other, most)
          )
        : bound
    }
  }

  const relax = (part: Part) => {
    const relaxed = relaxation.solve(
      narrowedOf(model, patterns, part),
      part.basis ?? part.from?.basis,
      best.value + limits.gap,
      caller.cancelled
    )
    nodes += 1
    let bound = Math.min(part.bound, relaxed.bound)
    let { boundNow } = relaxed
    if (pairs !== undefined && bound > best.value) {
      const { found, isWhole } = pairs.best(problem, relaxation.priced(), part.columns, best.value, caller.cancelled)
      if (found !== undefined) improve(found)
      if (isWhole) {
        bound = best.value
        boundNow = laterBound(relaxed, part, bound)
      }
    }
    if (part.from !== undefined && !older.has(part))
      losses.learn(part.from.way, part.bound - Math.max(bound, best.value))
    return { ...part, bound, relaxed, boundNow, basis: relaxed.basis }
  }

  /** The parts that a question makes of one, and what each loses. What ways bring is tried unless they were gone before. */
  const asked = (part: Part, { basis, boundNow }: Relaxed, question: Branching) => {
    const guesses = losses.isKnown(question) ? losses.guessesOf(question) : undefined
    return question.ways.flatMap((way, at): ReadonlyArray<Asked> => {
      const next = wentOn(model, part, way)
      if (next === undefined) return []
      const own: Part = { ...next, bound: part.bound, from: { way, basis }, boundNow }
      if (guesses !== undefined) return [{ part: own, loss: guesses[at]! }]
      const relaxed = relax(own)
      return [{ part: relaxed, loss: part.bound - Math.max(relaxed.bound, best.value) }]
    })
  }

  /** Answers the part that loses least. */
  const divide = (part: Part, relaxed: Relaxed) => {
    const questions = branchingOf(model, kinds, patterns, part, relaxed, part.bound - best.value, losses)
    if (questions.length === 0) {
      closed = Math.max(closed, part.bound)
      const seats = planOf(problem, kinds, patterns, model, relaxed)
      improve({ seats, value: score(problem, seats).value })
      settle(part)
      return undefined
    }
    let most: ReadonlyArray<Asked> = []
    let highest = -Infinity
    let worse = 0
    for (const question of questions.slice(0, looks)) {
      const own = asked(part, relaxed, question)
      const now = scoreOf(own.map(({ loss }) => loss))
      worse = now <= highest ? worse + 1 : 0
      if (worse === inVain) break
      if (worse > 0) continue
      most = own
      highest = now
    }
    open.push(...most.map(({ part }) => part))
    return most.toSorted((one, other) => one.loss - other.loss)[0]?.part
  }

  /** Where a dive goes on. */
  let ahead: Part | undefined
  for (;;) {
    const endedBy = ended()
    if (endedBy !== undefined) {
      if (division !== undefined) Object.assign(division, { problem, parts: [...open, ...settled] })
      return { ...best, bound: boundOfAll(), endedBy }
    }
    if (boundOfAll() < told) tell("relaxing", false)
    const part = ahead ?? highest()!
    const looked = part.relaxed === undefined ? relax(part) : { ...part, relaxed: part.relaxed }
    // It is among the open parts until it is divided, whatever is told meanwhile.
    open[open.indexOf(part)] = looked
    // Other parts may be higher at the new prices.
    if (older.has(part) && looked.bound < highest()!.bound) continue
    const { relaxed, ...tighter } = looked
    const isOpen = tighter.bound > best.value
    const begins = isOpen && ahead === undefined && nodes > resting
    if (begins) improve(follow((candidate, raid) => relaxed.values[model.seat(candidate, raid)]!))
    const next = isOpen ? divide(tighter, relaxed) : undefined
    open.splice(open.indexOf(looked), 1)
    if (!isOpen) settle(tighter)
    if (begins || ahead !== undefined) {
      ahead = next
      resting = nodes + pause
    }
  }
}
