import type { Bundle, Kinds } from "./Kinds.ts"

/** Of each offer the highest level that is given, and by how many: that tells only where givers share. */
interface Given {
  readonly levels: ReadonlyArray<number>
  readonly givers: number
}

/** Effects of a raid that the same kinds give, and what some members give of them, told by a number; nothing is 0. */
export interface Source {
  /** By number and kind: what it is worth at most, as if each were given what suits it best. */
  readonly worth: Array<Int32Array>
  /** The number of a kind. */
  readonly of: (kind: number) => number
  /** The number of what two numbers are together. */
  readonly both: (one: number, other: number) => number
}

/** Givers of a slot give one of its effects each. */
const isShared = ({ way }: Bundle) => way === "slot" || way === "byClass"

const sourceOf = (bundles: ReadonlyArray<Bundle>, kinds: number): Source => {
  const shared = isShared(bundles[0]!)
  const all: Array<Given> = []
  const worth: Array<Int32Array> = []
  const numbers = new Map<string, number>()
  const worthOf = ({ levels, givers }: Given) =>
    Int32Array.from({ length: kinds + 1 }, (_, kind) => {
      if (kind === kinds) return 0
      let most = 0
      for (const { offers } of bundles) {
        const own = offers.map(({ worth }, offer) => (levels[offer] === 0 ? 0 : worth[levels[offer]! - 1]![kind]!))
        own.sort((one, other) => other - one)
        for (let at = 0; at < Math.min(own.length, shared ? givers : 1); at++) most += own[at]!
      }
      return most
    })
  const numberOf = (given: Given) => {
    const name = `${given.levels.join()}:${given.givers}`
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, all.length)
    worth.push(worthOf(given))
    return all.push(given) - 1
  }
  const { offers } = bundles[0]!
  numberOf({ levels: offers.map(() => 0), givers: 0 })
  return {
    worth,
    of: (kind) => {
      const levels = offers.map(({ level }) => level[kind]!)
      return numberOf({ levels, givers: shared && levels.some((level) => level > 0) ? 1 : 0 })
    },
    both: (one, other) => {
      const [first, second] = [all[one]!, all[other]!]
      const levels = first.levels.map((level, offer) => Math.max(level, second.levels[offer]!))
      return numberOf({ levels, givers: Math.min(first.givers + second.givers, offers.length) })
    }
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
