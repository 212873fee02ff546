import type { Kinds } from "./Kinds.ts"
import { valueAmong } from "./Kinds.ts"
import { groupSize, type Problem } from "./Problem.ts"
import { randomOf } from "./Random.ts"

/** What groups of five can be, with free seats: told by types, which are kinds alike in all that a group looks at. */
export interface Patterns {
  /** By kind. */
  readonly typeOf: ReadonlyArray<number>
  readonly types: number
  readonly count: number
  /** Five types each, in order; `types` itself is a free seat. */
  readonly members: Uint8Array
  /** The pattern without its last member, and that member; an empty group, which is the first, has none. */
  readonly without: Int32Array
  readonly last: Uint8Array
  /** Effects and free seats, in points. */
  readonly value: Int32Array
  readonly codes: Codes
}

/**
 * A pattern's value is found by sums over its members: two numbers by type, so that the first sum is another for each
 * pattern, and the second tells where to look. A free seat has 0 and 0.
 */
interface Codes {
  readonly first: Float64Array
  readonly second: Int32Array
  /** What the pattern with these sums is worth; 0 if there is none. */
  readonly valueOf: (first: number, second: number) => number
}

const codesOf = ({ types, count, members, value }: Omit<Patterns, "codes">): Codes => {
  const random = randomOf(types)
  const size = 2 ** (2 + Math.floor(Math.log2(count)))
  const begin = (second: number) => (second ^ (second >>> 15)) & (size - 1)
  for (;;) {
    const first = Float64Array.from({ length: types + 1 }, (_, type) =>
      type === types ? 0 : Math.floor(random() * 2 ** 45)
    )
    const second = Int32Array.from(first, (code) => (code === 0 ? 0 : random() * 2 ** 32))
    const keys = new Float64Array(size).fill(-1)
    const values = new Int32Array(size)
    const placeOf = (code: number, from: number) => {
      let at = begin(from)
      while (keys[at] !== code && keys[at] !== -1) at = (at + 1) & (size - 1)
      return at
    }
    let found = 0
    for (let pattern = 0; pattern < count; pattern++) {
      let [code, from] = [0, 0]
      for (let seat = 0; seat < groupSize; seat++) {
        const type = members[pattern * groupSize + seat]!
        code += first[type]!
        from = (from + second[type]!) | 0
      }
      const at = placeOf(code, from)
      if (keys[at] === -1) found += 1
      keys[at] = code
      values[at] = value[pattern]!
    }
    if (found === count) return { first, second, valueOf: (code, from) => values[placeOf(code, from)]! }
  }
}

export const patternsOf = ({ candidates, weights }: Problem, kinds: Kinds): Patterns => {
  const keys = kinds.seats.map((_, kind) =>
    kinds.party
      .flatMap(({ offers }) => offers.flatMap(({ level, worth }) => [level[kind], ...worth.map((row) => row[kind])]))
      .join()
  )
  const names = [...new Set(keys)]
  const typeOf = keys.map((key) => names.indexOf(key))
  const types = names.length
  const sample = names.map((name) => keys.indexOf(name))
  // As many of a type as there are players who have one.
  const players = names.map(() => new Set<number>())
  candidates.forEach(({ player }, candidate) => players[typeOf[kinds.of[candidate]!]!]!.add(player))

  const found: Array<number> = []
  const values: Array<number> = []
  const chosen: Array<number> = []
  const without: Array<number> = []
  const last: Array<number> = []
  const add = (shorter: number) => {
    without.push(shorter)
    last.push(chosen.at(-1) ?? types)
    for (let seat = 0; seat < groupSize; seat++) found.push(chosen[seat] ?? types)
    const members = chosen.map((type) => sample[type]!)
    values.push(valueAmong(kinds.party, members) + weights.empty * (groupSize - chosen.length))
  }
  const extend = (from: number, shorter: number) => {
    add(shorter)
    const own = values.length - 1
    if (chosen.length === groupSize) return
    for (let type = from; type < types; type++) {
      let times = 0
      for (const other of chosen) if (other === type) times += 1
      if (times >= players[type]!.size) continue
      chosen.push(type)
      extend(type, own)
      chosen.pop()
    }
  }
  extend(0, 0)
  const made = {
    typeOf,
    types,
    count: values.length,
    members: Uint8Array.from(found),
    without: Int32Array.from(without),
    last: Uint8Array.from(last),
    value: Int32Array.from(values)
  }
  return { ...made, codes: codesOf(made) }
}
