import { type Draft, draftOf } from "./Draft.ts"
import type { Found } from "./Follow.ts"
import type { Kinds } from "./Kinds.ts"
import type { Model } from "./Model.ts"
import { Buckets } from "./Buckets.ts"
import { PairSearch } from "./PairSearch.ts"
import { type Parties, partiesOf } from "./Parties.ts"
import type { Bounds } from "./Part.ts"
import type { Patterns } from "./Patterns.ts"
import { type Priced, scale } from "./Pricing.ts"
import { groupSize, type Problem } from "./Problem.ts"
import { type RaidSums, raidSumsOf } from "./RaidSums.ts"
import { type Place, seatPair } from "./SeatPair.ts"
import { never, SeatTerms, type Terms, width } from "./Terms.ts"

/** No more are looked at for one answer. */
const mostPairs = 10_000_000

/**
 * Looks at all plans of a raid of two groups that can be worth enough: what one group gives and gains is known for each, so
 * that few pairs are left. All in integers, as the bound is, and outside the solver, of which it has prices alone.
 */
export class Pairs {
  readonly #kinds: Kinds
  readonly #patterns: Patterns
  readonly #parties: Parties
  readonly #seats: SeatTerms
  readonly #sums: RaidSums
  readonly #buckets: Buckets
  readonly #search: PairSearch
  readonly #there: Uint8Array
  readonly #sits: Uint8Array
  #problem: Problem
  #draft: Draft
  #isTooMuch = false

  /** Undefined if it is no raid of two groups that nobody names, or if there are too many groups that could be. */
  static of(problem: Problem, kinds: Kinds, patterns: Patterns, model: Model) {
    if (model.cells.length !== 1 || model.cells[0]!.groups !== 2) return undefined
    const parties = partiesOf(problem, kinds, patterns)
    return parties && new Pairs(problem, kinds, patterns, model, parties)
  }

  private constructor(problem: Problem, kinds: Kinds, patterns: Patterns, model: Model, parties: Parties) {
    this.#kinds = kinds
    this.#patterns = patterns
    this.#parties = parties
    this.#seats = new SeatTerms(problem, kinds, model)
    this.#sums = raidSumsOf(kinds)()
    this.#buckets = new Buckets(kinds, model, parties)
    this.#search = new PairSearch(parties)
    this.#there = new Uint8Array(parties.none + 1)
    this.#sits = new Uint8Array(problem.players)
    this.#problem = problem
    this.#draft = draftOf(problem, kinds, patterns)
  }

  /** How many pairs were looked at so far, and what takes as long. */
  get looked() {
    return this.#search.looked
  }

  /**
   * The best plan that it saw of those that are worth more than `enough`, and whether it saw all: not if it was cancelled,
   * or if there are too many pairs to look at. Then it does not look again.
   */
  best(
    problem: Problem,
    priced: Priced,
    columns: ReadonlyMap<number, Bounds>,
    enough: number,
    cancelled: () => boolean
  ): { readonly found: Found | undefined; readonly isWhole: boolean } {
    if (this.#isTooMuch) return { found: undefined, isWhole: false }
    if (problem !== this.#problem) {
      this.#problem = problem
      this.#draft = draftOf(problem, this.#kinds, this.#patterns)
    }
    const terms = this.#seats.terms(problem, priced, columns)
    const until = this.#search.looked + mostPairs
    let best: Found | undefined
    let value = enough
    for (const match of this.#buckets.matches(terms)) {
      const base = terms.paid + problem.weights.role * match.wrong * scale
      const least = () => Math.floor((value * scale - base) / scale)
      const one = this.#search.sideOf(match.one, terms, match.one.locked)
      const isAlike = match.one === match.other && match.left.size === 0
      const other = isAlike ? one : this.#search.sideOf(match.other, terms, match.left, match.one.locked)
      const isWhole = this.#search.search([one, other], terms, least(), until, cancelled, (...pair) => {
        const enough = value * scale - base - this.#seated(pair, terms)
        const most = this.#most(pair) * scale
        if (most <= enough) return least()
        const lost = this.#lost(pair, terms)
        if (most - lost <= enough) return least()
        const left = this.#worth(pair) * scale - enough
        const found = left > lost ? this.#seat(pair, terms, left, value) : undefined
        best = found ?? best
        value = best?.value ?? value
        return least()
      })
      if (!isWhole) {
        this.#isTooMuch = this.#search.looked > until
        return { found: best, isWhole }
      }
    }
    return { found: best, isWhole: true }
  }

  /** Counts kinds of two parties and tells of each member. */
  #count(pair: readonly [number, number], tell: (place: number) => void) {
    const { members, none } = this.#parties
    this.#there.fill(0)
    for (const party of pair)
      for (let at = party * groupSize; at < (party + 1) * groupSize && members[at] !== none; at++)
        tell(members[at]! * width + this.#there[members[at]!]!++)
  }

  /** What two parties' seats are worth at most. */
  #seated(pair: readonly [number, number], { nets, locked }: Terms) {
    let worth = 0
    for (const own of locked.values()) worth -= own.length * never
    this.#count(pair, (place) => (worth += nets[place]!))
    return worth
  }

  /** What of that is lost at least since players sit once and some are to sit. */
  #lost(pair: readonly [number, number], { nets, owed, clashes }: Terms) {
    const { kinds } = this.#parties
    const there = this.#there
    this.#count(pair, () => {})
    let lost = 0
    for (const {
      kinds: [first, second],
      at
    } of clashes) {
      const [many, beside] = [there[first]!, there[second]!]
      if (at[0] >= many || at[1] >= beside) continue
      const [own, others] = [first * width, second * width]
      lost = Math.max(
        lost,
        Math.min(nets[own + at[0]]! - nets[own + many]!, nets[others + at[1]]! - nets[others + beside]!)
      )
    }
    const either = kinds[pair[0]]! | kinds[pair[1]]!
    for (const { price, kinds: own } of owed) if ((own & either) === 0) lost += price
    return lost
  }

  /** What they are worth at most in a raid, their seats aside. */
  #most([one, other]: readonly [number, number]) {
    const { alone, gainedBy } = this.#parties
    return alone[one]! + alone[other]! + gainedBy(one, other) + gainedBy(other, one)
  }

  /** What they are worth. */
  #worth(pair: readonly [number, number]) {
    const { value } = this.#patterns
    const { members, none, pattern } = this.#parties
    const each = (change: (kind: number) => void) => {
      for (const party of pair)
        for (let at = party * groupSize; at < (party + 1) * groupSize && members[at] !== none; at++)
          change(members[at]!)
    }
    each(this.#sums.add)
    const worth = this.#sums.value() + value[pattern[pair[0]]!]! + value[pattern[pair[1]]!]!
    each(this.#sums.remove)
    return worth
  }

  /** The best plan of two parties that is worth more than that. */
  #seat(pair: readonly [number, number], terms: Terms, left: number, enough: number) {
    const { put, value, seats } = this.#draft
    const { order } = this.#seats
    const { members, none } = this.#parties
    const places: Array<Place> = []
    pair.forEach((party, group) => {
      for (let at = 0; at < groupSize; at++) {
        const kind = members[party * groupSize + at]!
        if (kind !== none) places.push({ kind, seat: group * groupSize + at })
      }
    })
    places.sort((one, other) => order[one.kind]! - order[other.kind]!)
    const playerOf = (candidate: number) => this.#problem.candidates[candidate]!.player
    let best: Found | undefined
    seatPair(terms, order, playerOf, this.#sits, places, left, (candidates) => {
      candidates.forEach((candidate, at) => put(places[at]!.seat, candidate))
      if (value() > (best?.value ?? enough)) best = { value: value(), seats: seats() }
      for (const { seat } of places) put(seat, -1)
    })
    return best
  }
}
