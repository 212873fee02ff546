import type { Bucket } from "./Buckets.ts"
import type { Parties } from "./Parties.ts"
import { scale } from "./Pricing.ts"
import { groupSize } from "./Problem.ts"
import { type Terms, width } from "./Terms.ts"

/** Hears of two parties; answers what is enough by then. */
export type Tell = (one: number, other: number) => number

/** Parties one of which is one of the two groups. */
export interface Side {
  /** So many of these. */
  count: number
  readonly parties: Int32Array
  /** What each adds at most, what it gains by the other side included. */
  readonly most: Int32Array
  /** The facts of any of them and of all of them, and those of the other side that `most` reckons with. */
  readonly any: Int32Array
  readonly all: Int32Array
  readonly anyOther: Int32Array
  readonly allOther: Int32Array
}

/** Pairs are looked at one by one when there are no more. */
const few = 100
/** Of so many parties it is told what they would miss. */
const sampled = 40
/** So many parties that are passed over take the time of a pair. */
const partiesPerPair = 20

/**
 * Finds the pairs of parties that add enough. What one gains by the other is reckoned as if it were with whichever of the
 * other side suits it best; whoever adds too little even so is left out, and then others gain less. Where nobody is left
 * out any more, a side is divided by a fact that the other side would miss.
 */
export class PairSearch {
  readonly #parties: Parties
  readonly #words: number
  /** How many pairs were looked at so far, and what takes as long. */
  looked = 0
  #until = 0
  #cancelled = () => false
  #least = 0
  #needed = 0
  #single = 0
  #tell: Tell = () => 0

  constructor(parties: Parties) {
    this.#parties = parties
    this.#words = parties.facts.length
  }

  /** Those of a bucket, with so many of those by kind who are locked, the best of these left out who are with the other side. */
  sideOf({ parties }: Bucket, { free, locked }: Terms, taken: Bucket["locked"], without?: Bucket["locked"]): Side {
    const { members, none, alone, earned } = this.#parties
    const worth = free.slice()
    for (const [kind, own] of locked) {
      const from = without?.get(kind) ?? 0
      const count = taken.get(kind)
      const rest = free.subarray(kind * width, (kind + 1) * width)
      // Where it is open who of them is where, each may be.
      const all =
        count === undefined ? [...own, ...rest].toSorted((a, b) => b - a) : [...own.slice(from, from + count), ...rest]
      worth.set(all.slice(0, width), kind * width)
    }
    const there = new Uint8Array(none + 1)
    const addedBy = (party: number) => {
      there.fill(0)
      let all = 0
      for (let at = party * groupSize; at < (party + 1) * groupSize && members[at] !== none; at++)
        all += worth[members[at]! * width + there[members[at]!]!++]!
      return Math.max(-(2 ** 30), Math.ceil(all / scale) + alone[party]! + earned[party]!)
    }
    const side: Side = {
      count: parties.length,
      parties: Int32Array.from(parties),
      most: Int32Array.from(parties, addedBy),
      any: new Int32Array(this.#words),
      all: new Int32Array(this.#words),
      anyOther: new Int32Array(this.#words),
      allOther: new Int32Array(this.#words)
    }
    this.#gather(side)
    return side
  }

  /** Tells of all pairs of two sides, or of one, that add more than what is enough; answers whether it saw all of them. */
  search(
    [one, other]: readonly [Side, Side],
    { single, locked }: Terms,
    least: number,
    until: number,
    cancelled: () => boolean,
    tell: Tell
  ) {
    this.#least = least
    this.#until = until
    this.#cancelled = cancelled
    this.#tell = tell
    this.#single = single
    this.#needed = [...locked.keys()].reduce((all, kind) => all | (1 << kind), 0)
    this.#reckon(one, other)
    if (one !== other) this.#reckon(other, one)
    return this.#search(one, other)
  }

  #search(one: Side, other: Side): boolean {
    if (this.looked > this.#until || this.#cancelled()) return false
    let isNew = true
    while (isNew) {
      this.looked += (one.count + other.count) / partiesPerPair
      const [first, second] = [highest(one), highest(other)]
      if (first + second <= this.#least) return true
      this.#narrow(one, other, this.#least - second)
      if (one !== other) this.#narrow(other, one, this.#least - first)
      if (one.count === 0 || other.count === 0) return true
      isNew = this.#reckon(one, other)
      if (one !== other && this.#reckon(other, one)) isNew = true
    }
    const fact = one.count * other.count <= few ? undefined : this.#missed(one, other)
    if (fact === undefined) return this.#each(one, other)
    const [given, not] = this.#divided(fact)
    if (one === other)
      return this.#search(copy(given), copy(not)) && this.#search(given, given) && this.#search(not, not)
    if (fact.side === one) return this.#search(given, copy(other)) && this.#search(not, other)
    return this.#search(copy(one), given) && this.#search(one, not)
  }

  /** Leaves those out who add no more, who leave no room for who is needed, or who would take somebody twice. */
  #narrow(side: Side, other: Side, least: number) {
    const { parties, most, count } = side
    const { kinds } = this.#parties
    const last = this.#words - 1
    const needed = this.#needed & ~other.any[last]!
    const taken = this.#single & other.all[last]!
    let left = 0
    for (let at = 0; at < count; at++) {
      if (most[at]! <= least) continue
      const own = kinds[parties[at]!]!
      if ((own & taken) !== 0 || (own & needed) !== needed) continue
      parties[left] = parties[at]!
      most[left++] = most[at]!
    }
    if (left === count) return
    side.count = left
    this.#gather(side)
  }

  #gather({ parties, count, any, all }: Side) {
    this.#parties.facts.forEach((facts, word) => {
      let [either, both] = [0, -1]
      for (let at = 0; at < count; at++) {
        const own = facts[parties[at]!]!
        either |= own
        both &= own
      }
      any[word] = either
      all[word] = both
    })
  }

  /** Has a side reckon with who is left of the other; answers whether that is new. */
  #reckon({ parties, most, count, anyOther, allOther }: Side, { any, all }: Side) {
    const { sources, gains } = this.#parties
    let isNew = false
    for (let source = 0; source < sources.length; source++) {
      const { word, shift, mask } = sources[source]!
      const [anyBefore, anyNow] = [(anyOther[word]! >> shift) & mask, (any[word]! >> shift) & mask]
      const [allBefore, allNow] = [(allOther[word]! >> shift) & mask, (all[word]! >> shift) & mask]
      if (anyBefore === anyNow && allBefore === allNow) continue
      isNew = true
      this.looked += count / partiesPerPair
      const [before, now] = [gains(source, allBefore, anyBefore), gains(source, allNow, anyNow)]
      for (let at = 0; at < count; at++) most[at]! += now[parties[at]!]! - before[parties[at]!]!
    }
    anyOther.set(any)
    allOther.set(all)
    return isNew
  }

  #each(one: Side, other: Side) {
    this.looked += one.count * other.count
    const [less, lessOther] = [this.#less(one, other), one === other ? undefined : this.#less(other, one)]
    for (let first = 0; first < one.count; first++) {
      const [own, party] = [one.most[first]!, one.parties[first]!]
      for (let second = one === other ? first : 0; second < other.count; second++) {
        const beside = other.parties[second]!
        let both = own + other.most[second]!
        if (both <= this.#least) continue
        for (const { own, by } of less) both += by[second]![party]! - own[party]!
        for (const { own, by } of lessOther ?? less) both += by[first]![beside]! - own[beside]!
        if (both > this.#least) this.#least = this.#tell(party, beside)
      }
    }
    return true
  }

  /** Where not all of the other side give the same: what is reckoned that each gains, and what it gains by each of them. */
  #less({ anyOther, allOther }: Side, { parties, count }: Side) {
    const { sources, facts, gains } = this.#parties
    return sources.flatMap(({ word, shift, mask }, source) => {
      const [any, all] = [(anyOther[word]! >> shift) & mask, (allOther[word]! >> shift) & mask]
      if (any === all) return []
      const by = Array.from({ length: count }, (_, at) => {
        const given = (facts[word]![parties[at]!]! >> shift) & mask
        return gains(source, given, given)
      })
      return [{ own: gains(source, all, any), by }]
    })
  }

  /** The fact of some of a side that the other side would miss most; undefined if all give the same. */
  #missed(one: Side, other: Side) {
    const { sources, members, none } = this.#parties
    let highest = -1
    let best: { readonly side: Side; readonly word: number; readonly fact: number } | undefined
    for (const side of one === other ? [one] : [one, other]) {
      const beside = side === one ? other : one
      // Who is locked is in one of them: that is settled first.
      const last = this.#words - 1
      const needed = this.#needed & side.any[last]! & beside.any[last]! & ~side.all[last]! & ~beside.all[last]!
      if (needed !== 0) return { side, word: last, fact: needed & -needed }
      const there = new Int32Array(none + 1)
      const step = Math.max(1, Math.floor(beside.count / sampled))
      let count = 0
      for (let at = 0; at < beside.count; at += step) {
        const from = beside.parties[at]! * groupSize
        for (let seat = 0; seat < groupSize; seat++) there[members[from + seat]!]! += 1
        count += 1
      }
      for (const { source, word, shift, mask } of sources) {
        const [any, all] = [(side.any[word]! >> shift) & mask, (side.all[word]! >> shift) & mask]
        if (any === all) continue
        for (const fact of source.last(any)) {
          if ((all & fact) !== 0) continue
          const [before, after] = [source.worth(any), source.worth(any & ~fact)]
          let missed = 0
          for (let kind = 0; kind < none; kind++) missed += there[kind]! * (before[kind]! - after[kind]!)
          if (missed / count <= highest) continue
          highest = missed / count
          best = { side, word, fact: fact << shift }
        }
      }
    }
    return best
  }

  /** Those of whom a fact is, and the others. */
  #divided({ side, word, fact }: { readonly side: Side; readonly word: number; readonly fact: number }) {
    const facts = this.#parties.facts[word]!
    const [given, not] = [copy(side), copy(side)]
    given.count = 0
    not.count = 0
    for (let at = 0; at < side.count; at++) {
      const part = (facts[side.parties[at]!]! & fact) === 0 ? not : given
      part.parties[part.count] = side.parties[at]!
      part.most[part.count++] = side.most[at]!
    }
    this.#gather(given)
    this.#gather(not)
    return [given, not] as const
  }
}

const highest = ({ most, count }: Side) => {
  let highest = -Infinity
  for (let at = 0; at < count; at++) if (most[at]! > highest) highest = most[at]!
  return highest
}

const copy = ({ count, parties, most, any, all, anyOther, allOther }: Side): Side => ({
  count,
  parties: parties.slice(0, count),
  most: most.slice(0, count),
  any: any.slice(),
  all: all.slice(),
  anyOther: anyOther.slice(),
  allOther: allOther.slice()
})
