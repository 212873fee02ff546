import type { Kinds } from "./Kinds.ts"
import type { Model } from "./Model.ts"
import type { Parties } from "./Parties.ts"
import { type Priced, scale } from "./Pricing.ts"
import { groupSize } from "./Problem.ts"
import { width } from "./Terms.ts"

/** So many pairs of groups are looked at in one part, of so many groups and patterns; a part that has more is divided. */
const mostPairs = 100_000
const mostParties = 4000
const mostPatterns = 4000
/** So many parties take the time of a pair. */
const partiesPerPair = 100

/** Parties with so many of each role, from a place in their order to another. */
interface Bucket {
  readonly heads: ReadonlyArray<number>
  readonly from: number
  readonly to: number
}

/** Two buckets, how much more a pair of them may lose, and what its heads are worth that are too few or too many. */
export interface Match {
  readonly one: Bucket
  readonly other: Bucket
  readonly left: number
  readonly heads: number
}

/** The parties of two of which a pair may be, those of a bucket together, each with what a bound loses by it. */
export interface Ordered {
  readonly parties: Int32Array
  readonly lost: Float64Array
  readonly lostByPattern: Float64Array
  readonly buckets: ReadonlyArray<Bucket>
}

/** What is read of each pair, by the order of its parties: see `Parties`. */
export interface Copied extends Pick<Parties, "members"> {
  readonly alone: Float64Array
}

/** Which pairs of parties may be of a plan, in the order in which they are looked at. */
export class Orders {
  readonly #model: Model
  readonly #parties: Parties
  /** By party: how many of each role that is wanted are in it, told by a number, and by that number. */
  readonly #heads: Int32Array
  readonly #headsOf: ReadonlyArray<ReadonlyArray<number>>
  /** What is lost by a party, and by its members alone. */
  readonly #lost: Float64Array
  readonly #lostBySeats: Float64Array
  /** By party: where its last member is in `Losses.apart`. */
  readonly #lastAt: Int32Array
  /** How many pairs were looked at so far, and what takes as long. */
  looked = 0

  constructor(kinds: Kinds, model: Model, parties: Parties) {
    this.#model = model
    this.#parties = parties
    this.#lost = new Float64Array(parties.count)
    this.#lostBySeats = new Float64Array(parties.count)
    const { last, times } = parties
    this.#lastAt = Int32Array.from(last, (kind, party) => kind * width + times[party]! - 1)
    const numbers = new Map<string, number>()
    const headsOf: Array<ReadonlyArray<number>> = []
    this.#heads = Int32Array.from({ length: parties.count }, (_, party) => {
      const own = model.targets.map(({ role }) => {
        let there = 0
        for (let at = party * groupSize; at < (party + 1) * groupSize; at++)
          if (kinds.roles[parties.members[at]!] === role) there += 1
        return there
      })
      const name = own.join()
      if (!numbers.has(name)) numbers.set(name, headsOf.push(own) - 1)
      return numbers.get(name)!
    })
    this.#headsOf = headsOf
  }

  /** Those parties by which and by the best other one no more than the limit is lost. */
  order(remains: Float64Array, lossOf: Float64Array, gap: number, limit: number): Ordered | undefined {
    const { count, without, pattern } = this.#parties
    let highest = -Infinity
    for (let at = 0; at < remains.length; at++) if (remains[at]! > highest) highest = remains[at]!
    // By patterns alone it is soon seen where there are far too many.
    let open = 0
    for (let at = 0; at < remains.length; at++) if (highest - remains[at]! <= gap) open += 1
    if (open > mostPatterns) return undefined
    const [all, bySeats, lastAt] = [this.#lost, this.#lostBySeats, this.#lastAt]
    this.looked += count / partiesPerPair
    let least = Infinity
    for (let party = 0; party < count; party++) {
      const seats = party === 0 ? 0 : bySeats[without[party]!]! + lossOf[lastAt[party]!]!
      bySeats[party] = seats
      const own = seats + highest - remains[pattern[party]!]!
      all[party] = own
      if (own < least) least = own
    }
    const byHeads: Array<Array<number>> = this.#headsOf.map(() => [])
    let left = mostParties
    for (let party = 0; party < count; party++) {
      if (all[party]! + least > limit) continue
      byHeads[this.#heads[party]!]!.push(party)
      left -= 1
      if (left < 0) return undefined
    }
    const buckets: Array<Bucket> = []
    const parties: Array<number> = []
    byHeads.forEach((own, at) => {
      if (own.length === 0) return
      const from = parties.length
      parties.push(...own.toSorted((one, other) => all[one]! - all[other]!))
      buckets.push({ heads: this.#headsOf[at]!, from, to: parties.length })
    })
    return {
      parties: Int32Array.from(parties),
      lost: Float64Array.from(parties, (party) => all[party]!),
      lostByPattern: Float64Array.from(parties, (party) => highest - remains[pattern[party]!]!),
      buckets
    }
  }

  /** Which buckets have pairs by which no more is lost, heads too few or too many reckoned with. */
  matches({ lost, buckets }: Ordered, { rewards }: Priced, limit: number, weight: number) {
    let pairs = 0
    const matches: Array<Match> = []
    for (const [at, one] of buckets.entries())
      for (const other of buckets.slice(at)) {
        let [wrong, left] = [0, limit]
        this.#model.targets.forEach(({ min, max, missing, extra }, role) => {
          const there = one.heads[role]! + other.heads[role]!
          if (there < min) left += (min - there) * rewards[missing]!
          if (there > max) left += (there - max) * rewards[extra]!
          wrong += Math.max(0, min - there, there - max)
        })
        let to = other.to
        for (let first = one.from; first < one.to; first++) {
          while (to > other.from && lost[first]! + lost[to - 1]! > left) to -= 1
          pairs += to - other.from
          if (to === other.from) break
        }
        if (pairs > mostPairs) return undefined
        if (lost[one.from]! + lost[other.from]! <= left)
          matches.push({ one, other, left, heads: weight * wrong * scale })
      }
    this.looked += pairs
    return matches
  }

  /** So that what is read of all pairs one after the other lies together. */
  copied({ parties }: Ordered): Copied {
    const { members, alone } = this.#parties
    const made = new Uint8Array(parties.length * groupSize)
    for (let at = 0; at < parties.length; at++)
      for (let seat = 0; seat < groupSize; seat++)
        made[at * groupSize + seat] = members[parties[at]! * groupSize + seat]!
    return { members: made, alone: Float64Array.from(parties, (party) => alone[party]! * scale) }
  }
}
