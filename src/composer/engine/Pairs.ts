import { type Draft, draftOf } from "./Draft.ts"
import type { Found } from "./Follow.ts"
import type { Kinds } from "./Kinds.ts"
import type { Model } from "./Model.ts"
import { type Copied, type Match, type Ordered, Orders } from "./Orders.ts"
import { type Parties, partiesOf } from "./Parties.ts"
import type { Bounds } from "./Part.ts"
import type { Patterns } from "./Patterns.ts"
import { type Priced, scale } from "./Pricing.ts"
import { groupSize, type Problem } from "./Problem.ts"
import { type RaidSums, raidSumsOf } from "./RaidSums.ts"
import { type Place, seatPair } from "./SeatPair.ts"
import { type Losses, never, SeatTerms, type Terms, width } from "./Terms.ts"

/**
 * Looks at all plans that prices leave of a raid of two groups. By which groups there are and by who sits in them a bound
 * loses so much, and few plans lose less than what it is above the best plan; what these are worth is reckoned. All in
 * integers, as the bound is, and outside the solver.
 */
export class Pairs {
  readonly #kinds: Kinds
  readonly #patterns: Patterns
  readonly #parties: Parties
  readonly #seats: SeatTerms
  readonly #sums: RaidSums
  readonly #orders: Orders
  readonly #sits: Uint8Array
  #problem: Problem
  #draft: Draft

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
    this.#problem = problem
    this.#draft = draftOf(problem, kinds, patterns)
    this.#sits = new Uint8Array(problem.players)
    this.#orders = new Orders(kinds, model, parties)
  }

  /** How many pairs were looked at so far, and what takes as long. */
  get looked() {
    return this.#orders.looked
  }

  /**
   * The best plan that is worth more than `enough` of those that lose no more than a bound is above it, "none" if there is
   * none, undefined if there are too many pairs to look at.
   */
  best(
    problem: Problem,
    priced: Priced,
    columns: ReadonlyMap<number, Bounds>,
    bound: number,
    enough: number
  ): Found | "none" | undefined {
    const gap = (bound - enough) * scale
    const losses = this.#seats.losses(priced, columns)
    const limit = gap - losses.nobody
    const ordered = this.#orders.order(priced.remains, losses.apart, gap, limit)
    if (ordered === undefined) return undefined
    const matches = this.#orders.matches(ordered, priced, limit, problem.weights.role)
    if (matches === undefined) return undefined
    if (problem !== this.#problem) {
      this.#problem = problem
      this.#draft = draftOf(problem, this.#kinds, this.#patterns)
    }
    const copied = this.#orders.copied(ordered)
    const terms = this.#seats.terms(problem, priced, columns)
    return this.#look(ordered, matches, copied, losses, terms, enough)
  }

  #look(
    { parties, lost, lostByPattern }: Ordered,
    matches: ReadonlyArray<Match>,
    copied: Copied,
    { exact, locked }: Losses,
    terms: Terms,
    enough: number
  ): Found | "none" {
    const { members, alone } = copied
    const { none, columns, gains, starts, gives } = this.#parties
    const { nets, owed, clashes, paid } = terms
    const there = new Uint8Array(none + 1)
    /** What is lost at least since players sit once, when the first party is there and another from a place on. */
    const clashing = (begin: number) => {
      for (let at = begin; at < begin + groupSize; at++) there[members[at]!]! += 1
      let lost = 0
      for (const { kinds, at } of clashes) {
        const [one, other] = [there[kinds[0]]!, there[kinds[1]]!]
        if (at[0] >= one || at[1] >= other) continue
        const [first, second] = [kinds[0] * width, kinds[1] * width]
        const least = Math.min(nets[first + at[0]]! - nets[first + one]!, nets[second + at[1]]! - nets[second + other]!)
        if (least > lost) lost = least
      }
      for (let at = begin; at < begin + groupSize; at++) there[members[at]!]! -= 1
      return lost
    }
    let best: Found | undefined
    let value = enough * scale
    for (const { one, other, left, heads } of matches) {
      const most = left - locked * never
      for (let first = one.from; first < one.to; first++) {
        there.fill(0)
        let ownLost = lostByPattern[first]!
        let own = paid + heads + alone[first]!
        for (let at = first * groupSize; at < (first + 1) * groupSize && members[at] !== none; at++) {
          const place = members[at]! * width + there[members[at]!]!++
          ownLost += exact[place]!
          own += nets[place]!
        }
        for (let second = one === other ? first : other.from; second < other.to; second++) {
          if (lost[first]! + lost[second]! > left) break
          let loss = ownLost + lostByPattern[second]!
          let all = own + alone[second]!
          const begin = second * groupSize
          let at = begin
          for (; at < begin + groupSize && members[at] !== none; at++) {
            const place = members[at]! * width + there[members[at]!]!++
            loss += exact[place]!
            all += nets[place]!
          }
          while (at > begin) there[members[--at]!]! -= 1
          if (loss > most) continue
          let gain = 0
          const [here, beside] = [parties[first]!, parties[second]!]
          for (let at = starts[here]!; at < starts[here + 1]!; at++) gain += gains[beside * columns + gives[at]!]!
          for (let at = starts[beside]!; at < starts[beside + 1]!; at++) gain += gains[here * columns + gives[at]!]!
          all += gain * scale
          if (all <= value) continue
          let kinds = 0
          for (let seat = 0; seat < groupSize; seat++)
            kinds |= (1 << members[first * groupSize + seat]!) | (1 << members[begin + seat]!)
          let inVain = 0
          for (const { price, kinds: own } of owed) if ((own & kinds) === 0) inVain += price
          if (all - inVain <= value || loss + inVain > most || all - inVain - clashing(begin) <= value) continue
          // Worth what it is, in place of what it is at most.
          const pair = [parties[first]!, parties[second]!] as const
          all += this.#worth(pair) * scale - gain * scale - alone[first]! - alone[second]!
          if (all - inVain <= value) continue
          best = this.#seat(pair, terms, all - value, value / scale) ?? best
          if (best !== undefined) value = best.value * scale
        }
      }
    }
    return best ?? "none"
  }

  /** What two parties are worth in a raid, their seats aside. */
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
