import type { Bundle, Kinds } from "./Kinds.ts"

/**
 * Effects of a raid that the same kinds give. What some give of them is told by facts, a bit each: of each offer those
 * levels that are reached, and where givers share how many there are. So what several give at most are all their bits.
 */
export interface Source {
  /** How many facts there are. */
  readonly facts: number
  /** By kind; the last gives nothing, which is no bit. */
  readonly of: Int32Array
  /** What two give in the same raid. */
  readonly both: (one: number, other: number) => number
  /** By kind: what facts are worth to it at most, as if each were given what suits it best. */
  readonly worth: (facts: number) => Int32Array
  /** The facts that are not there without another one and can be missed. */
  readonly last: (facts: number) => ReadonlyArray<number>
}

/** Givers of a slot give one of its effects each. */
const isShared = ({ way }: Bundle) => way === "slot" || way === "byClass"

const ones = (count: number) => (1 << count) - 1

const sourceOf = (bundles: ReadonlyArray<Bundle>, kinds: number): Source => {
  const { offers } = bundles[0]!
  const counts = [...offers.map(({ worth }) => worth.length), ...(isShared(bundles[0]!) ? [offers.length] : [])]
  const shifts = counts.map((_, at) => counts.slice(0, at).reduce((all, count) => all + count, 0))
  const sizeOf = (facts: number, at: number) => 32 - Math.clz32((facts >> shifts[at]!) & ones(counts[at]!))
  const givers = counts.length > offers.length ? offers.length : undefined
  // A higher level is reckoned with as no worse.
  const worths = bundles.map(({ offers }) =>
    offers.map(({ worth }) =>
      worth.map((_, level) =>
        Int32Array.from({ length: kinds }, (_, kind) =>
          Math.max(0, ...worth.slice(0, level + 1).map((own) => own[kind]!))
        )
      )
    )
  )
  const worthOf = (facts: number) =>
    Int32Array.from({ length: kinds + 1 }, (_, kind) => {
      if (kind === kinds) return 0
      let most = 0
      for (const own of worths) {
        const each = own.map((levels, offer) => levels[sizeOf(facts, offer) - 1]?.[kind] ?? 0)
        each.sort((one, other) => other - one)
        const taken = givers === undefined ? 1 : sizeOf(facts, givers)
        for (let at = 0; at < Math.min(each.length, taken); at++) most += each[at]!
      }
      return most
    })
  const known = new Map<number, Int32Array>()
  const of = new Int32Array(kinds + 1)
  for (let kind = 0; kind < kinds; kind++) {
    offers.forEach(({ level }, offer) => (of[kind]! |= ones(level[kind]!) << shifts[offer]!))
    if (givers !== undefined && of[kind] !== 0) of[kind]! |= 1 << shifts[givers]!
  }
  return {
    facts: shifts.at(-1)! + counts.at(-1)!,
    of,
    both: (one, other) => {
      const either = one | other
      if (givers === undefined) return either
      const all = Math.min(sizeOf(one, givers) + sizeOf(other, givers), counts[givers]!)
      return either | (ones(all) << shifts[givers]!)
    },
    worth: (facts) => {
      const own = known.get(facts) ?? worthOf(facts)
      known.set(facts, own)
      return own
    },
    last: (facts) =>
      counts.flatMap((_, at) => {
        const size = sizeOf(facts, at)
        return size === 0 ? [] : [1 << (shifts[at]! + size - 1)]
      })
  }
}

/** All but what a giver gives to one member. */
export const sourcesOf = ({ raid, seats }: Kinds): ReadonlyArray<Source> => {
  const nameOf = (bundle: Bundle) =>
    `${isShared(bundle) ? raid.indexOf(bundle) : ""} ${bundle.offers.map(({ level }) => level.join()).join(";")}`
  const own = raid.filter(({ way }) => way !== "single")
  return [...Map.groupBy(own, nameOf).values()].map((bundles) => sourceOf(bundles, seats.length))
}

/** By kind: what it gives to one member each at most, as if each were whom it helps most. */
export const singlyOf = ({ raid, seats }: Kinds) =>
  Int32Array.from({ length: seats.length + 1 }, (_, kind) => {
    let most = 0
    for (const { way, offers } of raid)
      for (const { level, worth } of way === "single" ? offers : [])
        if (level[kind]! > 0) most += Math.max(0, ...worth[0]!)
    return most
  })
