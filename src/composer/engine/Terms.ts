import type { Kinds } from "./Kinds.ts"
import type { Model } from "./Model.ts"
import type { Bounds } from "./Part.ts"
import { type Priced, scale } from "./Pricing.ts"
import { groupSize, type Pair, type Problem, seatedWorth } from "./Problem.ts"

/** Members of a raid of two groups, and one more. */
export const width = 2 * groupSize + 1
/** More than all is worth, and small enough that sums of it are exact: whoever is locked is missed by that much. */
export const never = 2 ** 46
/** More than all who are locked are missed by. */
const absent = 2 ** 50

/** By kind: whoever may sit, in the order in which they are counted, and what they are worth. */
interface Members {
  readonly candidates: ReadonlyArray<number>
  readonly nets: ReadonlyArray<number>
}

/** One of a player's candidates is to sit: their price is lost if none does. */
interface Owed {
  readonly price: number
  /** The kinds of the candidates, a bit each. */
  readonly kinds: number
}

/** A pair that is to be together, or apart; or a player of whom something is owed, who is both. */
interface Wished {
  readonly one: number
  readonly other: number
  /** The last of their kinds in the order in which these are seated. */
  readonly last: number
  /** What is lost if neither sits, the first does, the other does, both do. */
  readonly lost: ReadonlyArray<number>
}

/** Two candidates of one player, who sits once: of one of their kinds another than is counted sits, or one less. */
interface Clash {
  readonly kinds: Pair
  /** Which of their kinds they are. */
  readonly at: Pair
}

/** What raids are worth at most, in whole parts of a point, with rows about single players and pairs priced, not kept. */
export interface Terms {
  /** By kind and how many of it sit already: what one more is worth. Whoever is locked is worth `never` more. */
  readonly nets: Float64Array
  /** The same of those who are not locked, as if nobody were. */
  readonly free: Float64Array
  /** By kind, of those kinds of whom some are locked: what these are worth, best first. */
  readonly locked: ReadonlyMap<number, ReadonlyArray<number>>
  /** The kinds that one may have at most, a bit each. */
  readonly single: number
  readonly members: ReadonlyArray<Members>
  readonly owed: ReadonlyArray<Owed>
  readonly clashes: ReadonlyArray<Clash>
  /** Those who are settled first are first. */
  readonly wished: ReadonlyArray<Wished>
  /** What all pay for the rows that are priced. */
  readonly paid: number
}

/** Of a model of one raid: what prices say of its seats. */
export class SeatTerms {
  readonly #model: Model
  readonly #kinds: Kinds
  /** By kind: its candidates. */
  readonly #own: ReadonlyArray<ReadonlyArray<number>>
  /** Rows about players of whom there are several candidates, and about pairs. */
  readonly #personal: ReadonlySet<number>
  /** By kind: when it is seated. Those are first of whom others want to be with or without somebody. */
  readonly order: ReadonlyArray<number>
  readonly #lastOf: (some: ReadonlyArray<number>) => number

  constructor({ candidates }: Problem, kinds: Kinds, model: Model) {
    this.#model = model
    this.#kinds = kinds
    const all = [...kinds.of.keys()]
    this.#own = kinds.seats.map((_, kind) => all.filter((one) => kinds.of[one] === kind))
    this.#personal = new Set([...model.alts.map(({ row }) => row), ...model.wishes.flatMap(({ rows }) => rows)])
    const paired = new Set(model.wishes.flatMap(({ players }) => players))
    const isPaired = (kind: number) => this.#own[kind]!.some((one) => paired.has(candidates[one]!.player))
    const byTurn = [...kinds.seats.keys()].toSorted((one, other) => Number(isPaired(other)) - Number(isPaired(one)))
    this.order = kinds.seats.map((_, kind) => byTurn.indexOf(kind))
    this.#lastOf = (some) => Math.max(-1, ...some.map((one) => this.order[kinds.of[one]!]!))
  }

  #boundsOf(columns: ReadonlyMap<number, Bounds>, candidate: number) {
    return columns.get(candidate) ?? [this.#model.columns[candidate]!.lower, this.#model.columns[candidate]!.upper]
  }

  terms(problem: Problem, { prices, rewards }: Priced, columns: ReadonlyMap<number, Bounds>): Terms {
    const { rows, columns: all, alts, wishes } = this.#model
    const { of } = this.#kinds
    const isOpen = (candidate: number) => this.#boundsOf(columns, candidate)[1] > 0
    const isLocked = (candidate: number) => this.#boundsOf(columns, candidate)[0] > 0
    let paid = 0
    for (const row of this.#personal)
      if (prices[row] !== 0) paid += prices[row]! * (prices[row]! > 0 ? rows[row]!.upper : rows[row]!.lower)
    for (const { column } of wishes) paid += Math.max(0, rewards[column]!)
    const netOf = (candidate: number) => {
      const { rows, values } = all[candidate]!
      let net = seatedWorth(problem, problem.candidates[candidate]!) * scale
      rows.forEach((row, at) => {
        if (this.#personal.has(row)) net -= values[at]! * prices[row]!
      })
      return isLocked(candidate) ? net + never : net
    }
    const nets = new Float64Array((this.#own.length + 1) * width)
    const free = nets.slice()
    const locked = new Map<number, ReadonlyArray<number>>()
    let single = 0
    const members = this.#own.map((own, kind): Members => {
      const some = own
        .filter(isOpen)
        .map((candidate) => ({ candidate, net: netOf(candidate) }))
        .toSorted((one, other) => other.net - one.net)
      const kept = some.filter(({ candidate }) => isLocked(candidate))
      for (let at = 0; at < width; at++) {
        nets[kind * width + at] = some[at]?.net ?? -absent
        free[kind * width + at] = some[kept.length + at]?.net ?? -absent
      }
      if (kept.length > 0)
        locked.set(
          kind,
          kept.map(({ net }) => net - never)
        )
      if (some.length < 2) single |= 1 << kind
      return { candidates: some.map(({ candidate }) => candidate), nets: some.map(({ net }) => net) }
    })
    const owed: Array<Owed> = []
    const clashes: Array<Clash> = []
    const wished: Array<Wished> = []
    for (const { row, candidates } of alts) {
      const own = candidates.filter(isOpen)
      const price = prices[row]!
      if (price > 0) {
        const { player } = problem.candidates[candidates[0]!]!
        owed.push({ price, kinds: own.reduce((all, one) => all | (1 << of[one]!), 0) })
        wished.push({ one: player, other: player, last: this.#lastOf(own), lost: [price, 0, 0, 0] })
      }
      const at = (candidate: number) => members[of[candidate]!]!.candidates.indexOf(candidate)
      for (const [place, one] of own.entries())
        for (const other of own.slice(place + 1))
          if (of[one] !== of[other]) clashes.push({ kinds: [of[one]!, of[other]!], at: [at(one), at(other)] })
    }
    for (const {
      isTogether,
      players: [one, other],
      rows,
      column
    } of wishes) {
      const [first = 0, second = 0] = rows.map((row) => prices[row]!)
      const kept = Math.max(0, rewards[column]!)
      const broken = kept - problem.weights.pair * scale
      const own = [...of.keys()].filter((at) => [one, other].includes(problem.candidates[at]!.player))
      const lost = isTogether
        ? [kept, broken - first + second, broken - second + first, kept]
        : [kept + first, kept, kept, broken - first]
      wished.push({ one, other, last: this.#lastOf(own), lost })
    }
    wished.sort((one, other) => one.last - other.last)
    return { nets, free, locked, single, members, owed, clashes, wished, paid }
  }
}
