import { bestOfSlot, type Bundle, type Kinds, type Offer } from "./Kinds.ts"
import { randomOf } from "./Random.ts"

/** The value of a raid's own effects, none of which stacks, kept while kinds come and go. */
export interface RaidSums {
  readonly add: (kind: number) => void
  readonly remove: (kind: number) => void
  readonly value: () => number
}

/** Values of raids that are remembered. */
const remembered = 2 ** 16

/** What a bundle is worth to a raid, by how many of each kind are in it. */
type Evaluate = (counts: Int32Array) => number

/** Each giver gives it to one: to those whom it helps most. */
const single = ({ level, worth }: Offer): Evaluate => {
  const row = worth[0]!
  const order = [...row.keys()].filter((kind) => row[kind]! > 0).toSorted((a, b) => row[b]! - row[a]!)
  return (counts) => {
    let left = 0
    for (let kind = 0; kind < counts.length; kind++) if (level[kind]! > 0) left += counts[kind]!
    let value = 0
    for (const kind of order) {
      if (left <= 0) break
      const some = Math.min(left, counts[kind]!)
      value += some * row[kind]!
      left -= some
    }
    return value
  }
}

/** The best that givers make of a slot for an audience. */
const forAudience = ({ offers }: Bundle, givers: ReadonlyArray<number>, audience: ReadonlyArray<number>): Evaluate => {
  const stacks = offers.map((offer) => offer.stacks)
  return (counts) => {
    if (audience.every((kind) => counts[kind] === 0)) return 0
    const rows = givers.flatMap((giver) => {
      const row = offers.map(({ level, worth }) => {
        const points = worth[level[giver]! - 1]
        return points === undefined ? 0 : audience.reduce((all, kind) => all + points[kind]! * counts[kind]!, 0)
      })
      return Array.from({ length: counts[giver]! }, () => row)
    })
    return bestOfSlot(rows, stacks)
  }
}

/** Remembers values by the counts of those kinds, of which a raid has fewer than 32 each. */
const byCounts = (kinds: ReadonlyArray<number>, evaluate: Evaluate): Evaluate => {
  if (kinds.length > 10) return evaluate
  const known = new Map<number, number>()
  return (counts) => {
    let key = 0
    for (const kind of kinds) key = key * 32 + Math.min(31, counts[kind]!)
    const found = known.get(key)
    if (found !== undefined) return found
    const value = evaluate(counts)
    known.set(key, value)
    return value
  }
}

const evaluatesOf = (kinds: Kinds): ReadonlyArray<Evaluate> => {
  const all = kinds.seats.map((_, kind) => kind)
  return kinds.raid.flatMap((bundle): ReadonlyArray<Evaluate> => {
    if (bundle.way === "single") return bundle.offers.map(single)
    const givers = all.filter((kind) => bundle.offers.some(({ level }) => level[kind]! > 0))
    if (bundle.way === "byClass")
      return Array.from({ length: kinds.audiences }, (_, audience) => {
        const own = all.filter((kind) => kinds.audience[kind] === audience)
        const useful = bundle.offers.filter(({ worth }) => own.some((kind) => worth.at(-1)![kind]! > 0))
        return byCounts([...new Set([...own, ...givers])], forAudience({ ...bundle, offers: useful }, givers, own))
      })
    return []
  })
}

const makerOf = (kinds: Kinds) => {
  const evaluates = evaluatesOf(kinds)
  const bundles = kinds.raid.filter(({ way }) => way === "free" || way === "rivals" || way === "slot")
  const offers = bundles.flatMap(({ offers }) => offers)
  const first: Array<number> = []
  let terms = 0
  for (const { worth } of offers) {
    first.push(terms)
    terms += worth.length
  }
  // By kind: the terms that it adds to, and how much.
  const gains = kinds.seats.map((_, kind) =>
    offers.flatMap(({ worth }, offer) =>
      worth.flatMap((row, level) => (row[kind] === 0 ? [] : [[first[offer]! + level, row[kind]!] as const]))
    )
  )
  const gives = kinds.seats.map((_, kind) =>
    offers.flatMap(({ level }, offer) => (level[kind] === 0 ? [] : [first[offer]! + level[kind]! - 1]))
  )
  const ranges = bundles.flatMap((bundle) =>
    bundle.way === "slot"
      ? []
      : [bundle.offers.map((offer) => [first[offers.indexOf(offer)]!, offer.worth.length] as const)]
  )
  // Whoever gives something of a slot, and the terms of what they give.
  const slots = bundles.flatMap((bundle) => {
    if (bundle.way !== "slot") return []
    const givers = kinds.seats.flatMap((_, kind) => {
      const terms = bundle.offers.map((offer) => first[offers.indexOf(offer)]! + offer.level[kind]! - 1)
      const given = [...terms.keys()].filter((effect) => bundle.offers[effect]!.level[kind]! > 0)
      const row = new Int32Array(terms.length)
      return given.length === 0 ? [] : [{ kind, given, terms, row }]
    })
    return [{ givers, stacks: bundle.offers.map(({ stacks }) => stacks) }]
  })

  const random = randomOf(kinds.seats.length)
  const codes = Float64Array.from(kinds.seats, () => Math.floor(random() * 2 ** 48))
  const places = Int32Array.from(kinds.seats, () => random() * 2 ** 32)
  // One value a place: with 48 and 32 bits of a sum over members two raids are hardly ever taken for each other.
  const knownCode = new Float64Array(remembered).fill(-1)
  const knownPlace = new Int32Array(remembered)
  const knownValue = new Int32Array(remembered)

  return (): RaidSums => {
    const counts = new Int32Array(kinds.seats.length)
    const sums = new Int32Array(terms)
    const givers = new Int32Array(terms)
    /** What came and went since the sums were last needed. */
    const late = new Int32Array(kinds.seats.length)
    let code = 0
    let place = 0
    const change = (kind: number, by: 1 | -1) => {
      late[kind]! += by
      code += by * codes[kind]!
      place = (place + by * places[kind]!) | 0
    }
    const catchUp = () => {
      for (let kind = 0; kind < late.length; kind++) {
        const by = late[kind]!
        if (by === 0) continue
        late[kind] = 0
        counts[kind]! += by
        for (const [term, points] of gains[kind]!) sums[term]! += by * points
        for (const term of gives[kind]!) givers[term]! += by
      }
    }
    const worth = (at: number, levels: number) => {
      for (let level = levels - 1; level >= 0; level--) if (givers[at + level]! > 0) return sums[at + level]!
      return 0
    }
    const rows: Array<Int32Array> = []
    const evaluate = () => {
      catchUp()
      let value = 0
      for (const offers of ranges) {
        let most = 0
        for (const [at, levels] of offers) {
          const own = worth(at, levels)
          if (own > most) most = own
        }
        value += most
      }
      for (const { givers, stacks } of slots) {
        rows.length = 0
        for (const { kind, given, terms, row } of givers) {
          if (counts[kind] === 0) continue
          for (const effect of given) row[effect] = sums[terms[effect]!]!
          for (let n = 0; n < counts[kind]!; n++) rows.push(row)
        }
        if (rows.length > 0) value += bestOfSlot(rows, stacks)
      }
      for (const evaluate of evaluates) value += evaluate(counts)
      return value
    }
    return {
      add: (kind) => change(kind, 1),
      remove: (kind) => change(kind, -1),
      value: () => {
        const at = (place ^ (place >>> 16)) & (remembered - 1)
        if (knownCode[at] === code && knownPlace[at] === place) return knownValue[at]!
        const value = evaluate()
        knownCode[at] = code
        knownPlace[at] = place
        knownValue[at] = value
        return value
      }
    }
  }
}

const makers = new WeakMap<Kinds, ReturnType<typeof makerOf>>()

/** For raids of one problem: what is remembered is shared. */
export const raidSumsOf = (kinds: Kinds) => {
  const maker = makers.get(kinds) ?? makerOf(kinds)
  makers.set(kinds, maker)
  return maker
}
