import type { Kinds } from "./Kinds.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize, type Problem } from "./Problem.ts"
import { singlyOf, type Source, sourcesOf } from "./Sources.ts"

/** More are not looked at. */
const most = 150_000

/** So many gains of parties are remembered, in all: 64 MB. */
const mostKept = 32_000_000

/** Points of one source between two parties, which are hardly ever more than this holds. */
type Gains = Int16Array | Int32Array
const gainsFrom = (points: Int32Array): Gains =>
  points.every((one) => Math.abs(one) < 2 ** 15) ? Int16Array.from(points) : points

/** What groups of five can be, told by kinds, and what one is worth to another in the same raid. */
export interface Parties {
  readonly count: number
  /** A free seat: one more than the last kind. */
  readonly none: number
  /** Five kinds each, in order. */
  readonly members: Uint8Array
  /** The party without its last member, and that member's kind; an empty one, the first, has none. */
  readonly without: Int32Array
  readonly last: Uint8Array
  readonly pattern: Int32Array
  /** At most what it is worth as a raid of its own, its seats aside. */
  readonly alone: Int32Array
  /** Where the facts of each source are, and by word and party what it gives; the last word is `kinds`. */
  readonly sources: ReadonlyArray<Lain>
  readonly facts: ReadonlyArray<Int32Array>
  /** By party: its kinds, a bit each. */
  readonly kinds: Int32Array
  /** What a party gains at most by another. */
  readonly gainedBy: (one: number, other: number) => number
  /** By party: what others gain by it as a rule. */
  readonly earned: Int32Array
  /**
   * By party: what it gains at most by another that gives no less of a source than some facts and no more than others,
   * less what that earns. So a gain that all have is no reason to look at those by whom there is none.
   */
  readonly gains: (source: number, all: number, any: number) => Gains
}

/** All groups of kinds, with no more of one than there are players who have it; undefined if there are too many. */
const membersOf = ({ candidates }: Problem, { of, seats }: Kinds) => {
  const none = seats.length
  const players = seats.map(() => new Set<number>())
  candidates.forEach(({ player }, one) => players[of[one]!]!.add(player))
  const members: Array<number> = []
  const without: Array<number> = []
  const last: Array<number> = []
  const chosen: Array<number> = []
  const extend = (from: number, shorter: number, same: number) => {
    for (let seat = 0; seat < groupSize; seat++) members.push(chosen[seat] ?? none)
    const own = without.push(shorter) - 1
    last.push(chosen.at(-1) ?? none)
    if (chosen.length === groupSize) return
    for (let kind = from; kind < none && without.length <= most; kind++) {
      const again = kind === chosen.at(-1) ? same + 1 : 1
      if (again > players[kind]!.size) continue
      chosen.push(kind)
      extend(kind, own, again)
      chosen.pop()
    }
  }
  extend(0, 0, 0)
  if (without.length > most) return undefined
  return {
    count: without.length,
    none,
    members: Uint8Array.from(members),
    without: Int32Array.from(without),
    last: Uint8Array.from(last)
  }
}

/** By party: the pattern that it is of. */
const patternOf = (members: Uint8Array, { typeOf, types, members: ofPatterns }: Patterns) => {
  const placeOf = (own: ArrayLike<number>, from: number) => {
    let place = 0
    for (let at = from; at < from + groupSize; at++) place = place * (types + 1) + own[at]!
    return place
  }
  const patterns = new Map<number, number>()
  for (let at = 0; at < ofPatterns.length; at += groupSize) patterns.set(placeOf(ofPatterns, at), at / groupSize)
  const own = new Uint8Array(groupSize)
  return Int32Array.from({ length: members.length / groupSize }, (_, party) => {
    for (let seat = 0; seat < groupSize; seat++) own[seat] = typeOf[members[party * groupSize + seat]!] ?? types
    // There is none of types that one player has all of: nobody can sit so.
    return patterns.get(placeOf(own.toSorted(), 0)) ?? 0
  })
}

/** Sources lie side by side in words of so many facts. */
const wordSize = 30

/** Where a source's facts are. */
interface Lain {
  readonly source: Source
  readonly word: number
  readonly shift: number
  readonly mask: number
}

const lain = (sources: ReadonlyArray<Source>): ReadonlyArray<Lain> => {
  let [word, shift] = [0, 0]
  return sources.map((source) => {
    if (shift + source.facts > wordSize) [word, shift] = [word + 1, 0]
    const own = { source, word, shift, mask: (1 << source.facts) - 1 }
    shift += source.facts
    return own
  })
}

export const partiesOf = (problem: Problem, kinds: Kinds, patterns: Patterns): Parties | undefined => {
  const all = sourcesOf(kinds)
  const found = all.some(({ facts }) => facts > wordSize) ? undefined : membersOf(problem, kinds)
  if (found === undefined) return undefined
  const { count, members, without, last } = found
  const sumOf = (worth: Int32Array, party: number) => {
    let all = 0
    for (let at = party * groupSize; at < (party + 1) * groupSize; at++) all += worth[members[at]!]!
    return all
  }
  const sources = lain(all)
  const singly = singlyOf(kinds)
  const pattern = patternOf(members, patterns)
  const alone = pattern.map((own, party) => patterns.value[own]! + sumOf(singly, party))
  const facts = Array.from({ length: (sources.at(-1)?.word ?? -1) + 1 }, () => new Int32Array(count))
  const given = ({ word, shift, mask }: Lain, party: number) => (facts[word]![party]! >> shift) & mask
  for (const lain of sources) {
    const { of, both, worth } = lain.source
    const own = facts[lain.word]!
    for (let party = 1; party < count; party++) {
      const now = both(given(lain, without[party]!), of[last[party]!]!)
      own[party]! |= now << lain.shift
      if (now !== 0) alone[party]! += sumOf(worth(now), party)
    }
  }
  const there = new Int32Array(count)
  for (let party = 1; party < count; party++) there[party] = there[without[party]!]! | (1 << last[party]!)

  /** By source and by what one gives of it: what others gain by that, less what that is as a rule. */
  const columns = sources.map(() => new Map<number, Gains>())
  const earned = new Int32Array(count)
  sources.forEach((lain, at) => {
    const { worth, both } = lain.source
    const dues = new Map<number, number>()
    for (let party = 0; party < count; party++) {
      const by = given(lain, party)
      if (!dues.has(by)) {
        const more = new Map<number, Int32Array>()
        const gained = new Int32Array(count)
        for (let other = 0; other < count; other++) {
          const own = given(lain, other)
          let each = more.get(own)
          if (each === undefined) {
            const before = worth(own)
            each = worth(both(own, by)).map((points, kind) => points - before[kind]!)
            more.set(own, each)
          }
          gained[other] = sumOf(each, other)
        }
        const due = Math.round(gained.reduce((one, other) => one + other, 0) / count)
        dues.set(by, due)
        columns[at]!.set(by, gainsFrom(gained.map((gain) => gain - due)))
      }
      earned[party]! += dues.get(by)!
    }
  })
  const most = sources.map(() => new Map<number, Gains>())
  let kept = 0
  const gains = (at: number, all: number, any: number) => {
    if (all === any) return columns[at]!.get(any)!
    const name = all * 2 ** wordSize + any
    const known = most[at]!.get(name)
    if (known !== undefined) return known
    const some = [...columns[at]!].filter(([by]) => (by & all) === all && (by | any) === any)
    const highest = Int32Array.from(some[0]![1])
    for (const [, own] of some.slice(1))
      for (let party = 0; party < count; party++) if (own[party]! > highest[party]!) highest[party] = own[party]!
    const made = gainsFrom(highest)
    // Those of another search are hardly missed.
    if ((kept += count) > mostKept) {
      for (const own of most) own.clear()
      kept = count
    }
    most[at]!.set(name, made)
    return made
  }
  const gainedBy = (one: number, other: number) =>
    sources.reduce((all, lain, at) => all + columns[at]!.get(given(lain, other))![one]!, earned[other]!)
  return { ...found, pattern, alone, sources, facts: [...facts, there], kinds: there, earned, gains, gainedBy }
}
