import type { Kinds } from "./Kinds.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize, type Problem } from "./Problem.ts"
import { singlyOf, sourcesOf } from "./Sources.ts"

/** More are not looked at. */
const most = 150_000

/** What groups of five can be, told by kinds, and what one is worth to another in the same raid. */
export interface Parties {
  readonly count: number
  /** A free seat: one more than the last kind. */
  readonly none: number
  /** Five kinds each, in order. */
  readonly members: Uint8Array
  /** The party without its last member, that member's kind, and how many of it are there; an empty one, the first, has none. */
  readonly without: Int32Array
  readonly last: Uint8Array
  readonly times: Uint8Array
  readonly pattern: Int32Array
  /** At most what it is worth as a raid of its own, its seats aside. */
  readonly alone: Int32Array
  /** What can be given, in columns; by party and column, what it gains at most by another that gives that. */
  readonly columns: number
  readonly gains: Int32Array
  /** The columns that a party gives, one party's after the other's. */
  readonly starts: Int32Array
  readonly gives: Int32Array
}

/** All groups of kinds, with no more of one than there are players who have it; undefined if there are too many. */
const membersOf = ({ candidates }: Problem, { of, seats }: Kinds) => {
  const none = seats.length
  const players = seats.map(() => new Set<number>())
  candidates.forEach(({ player }, one) => players[of[one]!]!.add(player))
  const members: Array<number> = []
  const without: Array<number> = []
  const last: Array<number> = []
  const times: Array<number> = []
  const chosen: Array<number> = []
  const extend = (from: number, shorter: number, same: number) => {
    for (let seat = 0; seat < groupSize; seat++) members.push(chosen[seat] ?? none)
    const own = without.push(shorter) - 1
    last.push(chosen.at(-1) ?? none)
    times.push(same)
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
    last: Uint8Array.from(last),
    times: Uint8Array.from(times)
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

export const partiesOf = (problem: Problem, kinds: Kinds, patterns: Patterns): Parties | undefined => {
  const found = membersOf(problem, kinds)
  if (found === undefined) return undefined
  const { count, members, without, last } = found
  const sumOf = (worth: Int32Array, party: number) => {
    let all = 0
    for (let at = party * groupSize; at < (party + 1) * groupSize; at++) all += worth[members[at]!]!
    return all
  }
  const sources = sourcesOf(kinds)
  const singly = singlyOf(kinds)
  const pattern = patternOf(members, patterns)
  const alone = pattern.map((own, party) => patterns.value[own]! + sumOf(singly, party))

  // By source, by party: the number of what it gives.
  const numbers = sources.map(({ of, both }) => {
    const own = kinds.seats.map((_, kind) => of(kind))
    const known = new Map<number, number>()
    const made = new Uint16Array(count)
    for (let party = 1; party < count; party++) {
      const [before, more] = [made[without[party]!]!, own[last[party]!]!]
      const key = before * 2 ** 16 + more
      if (!known.has(key)) known.set(key, both(before, more))
      made[party] = known.get(key)!
    }
    return made
  })
  // What it is that is given is known; what it is with what else is given may be more.
  const givens = sources.map(({ worth }) => worth.length)
  const firsts = givens.map((_, at) => givens.slice(0, at).reduce((all, given) => all + given - 1, -1))
  const columns = firsts.at(-1) === undefined ? 0 : firsts.at(-1)! + givens.at(-1)!
  const gains = new Int32Array(count * columns)
  sources.forEach(({ worth, both }, at) => {
    const more = Array.from({ length: givens[at]! }, (_, one) =>
      Array.from({ length: givens[at]! }, (_, other) => {
        const together = both(one, other)
        return together === one ? undefined : worth[together]!.map((all, kind) => all - worth[one]![kind]!)
      })
    )
    for (let party = 0; party < count; party++) {
      const own = numbers[at]![party]!
      alone[party]! += sumOf(worth[own]!, party)
      for (let given = 1; given < givens[at]!; given++)
        if (more[own]![given] !== undefined)
          gains[party * columns + firsts[at]! + given] = sumOf(more[own]![given]!, party)
    }
  })
  const starts = new Int32Array(count + 1)
  const gives: Array<number> = []
  for (let party = 0; party < count; party++) {
    numbers.forEach((own, at) => {
      if (own[party]! > 0) gives.push(firsts[at]! + own[party]!)
    })
    starts[party + 1] = gives.length
  }
  return { ...found, pattern, alone, columns, gains, starts, gives: Int32Array.from(gives) }
}
