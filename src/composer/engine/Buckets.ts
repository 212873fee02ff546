import type { Kinds } from "./Kinds.ts"
import type { Model } from "./Model.ts"
import type { Parties } from "./Parties.ts"
import { groupSize } from "./Problem.ts"
import type { Terms } from "./Terms.ts"

/** Buckets are told apart by so many kinds of whom some are locked. */
const mostKinds = 4

/** By kind. */
type Counts = ReadonlyMap<number, number>

/** Parties with so many of each role, and room for so many who are locked. */
export interface Bucket {
  readonly heads: ReadonlyArray<number>
  readonly locked: Counts
  readonly parties: ReadonlyArray<number>
}

/** Two buckets of which a pair of parties may be: those who are locked are in the first, and in the second if it has no room. */
export interface Match {
  readonly one: Bucket
  readonly other: Bucket
  readonly left: Counts
  /** Heads of a role too few or too many. */
  readonly wrong: number
}

/** By which roles and by who is locked pairs of parties differ. */
export class Buckets {
  readonly #model: Model
  readonly #parties: Parties
  /** By party, a number for its heads, and by that number how many of each role that is wanted are in it. */
  readonly #heads: Int32Array
  readonly #headsOf: ReadonlyArray<ReadonlyArray<number>>

  constructor(kinds: Kinds, model: Model, parties: Parties) {
    this.#model = model
    this.#parties = parties
    const numbers = new Map<string, number>()
    const headsOf: Array<ReadonlyArray<number>> = []
    this.#heads = Int32Array.from({ length: parties.count }, (_, party) => {
      const own = model.targets.map(({ role }) => this.#count(party, (kind) => kinds.roles[kind] === role))
      const name = own.join()
      if (!numbers.has(name)) numbers.set(name, headsOf.push(own) - 1)
      return numbers.get(name)!
    })
    this.#headsOf = headsOf
  }

  #count(party: number, is: (kind: number) => boolean) {
    const { members } = this.#parties
    let count = 0
    for (let at = party * groupSize; at < (party + 1) * groupSize; at++) if (is(members[at]!)) count += 1
    return count
  }

  matches({ locked }: Terms): ReadonlyArray<Match> {
    const { count, kinds } = this.#parties
    const some = [...locked].slice(0, mostKinds)
    const bits = some.reduce((all, [kind]) => all | (1 << kind), 0)
    const buckets = new Map<string, Bucket & { readonly parties: Array<number> }>()
    for (let party = 0; party < count; party++) {
      const own =
        (kinds[party]! & bits) === 0
          ? some.map(() => 0)
          : some.map(([kind, { length }]) =>
              Math.min(
                length,
                this.#count(party, (other) => other === kind)
              )
            )
      const heads = this.#heads[party]!
      const name = `${heads}: ${own.join()}`
      const bucket = buckets.get(name)
      if (bucket !== undefined) bucket.parties.push(party)
      else {
        const counts = new Map(some.map(([kind], at) => [kind, own[at]!] as const))
        buckets.set(name, { heads: this.#headsOf[heads]!, locked: counts, parties: [party] })
      }
    }
    return [...buckets.values()].flatMap((one, at, all) =>
      all.slice(at).flatMap((other) => {
        const left = new Map(some.map(([kind, { length }]) => [kind, length - one.locked.get(kind)!] as const))
        if ([...left].some(([kind, count]) => count > other.locked.get(kind)!)) return []
        const wrong = this.#model.targets.reduce((all, { min, max }, role) => {
          const there = one.heads[role]! + other.heads[role]!
          return all + Math.max(0, min - there, there - max)
        }, 0)
        return [{ one, other, left, wrong }]
      })
    )
  }
}
