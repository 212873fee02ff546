import type { Group, Model } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize } from "./Problem.ts"

/**
 * Of some types of whom seven can be there no more than three pairs can be in groups, however they sit. A relaxation, in
 * which a group is half of this and half of that, has more: such a bound cuts it off. (Chvátal–Gomory cuts of rank 1, with
 * factors of a half; of one to three rows each they are known as subset-row cuts.)
 */
interface Cut {
  readonly raid: number
  readonly types: ReadonlyArray<number>
  /** By how many pairs a relaxation is beyond it. */
  readonly beyond: number
}

/** How many there can be of some types in a raid. */
export type MostOf = (raid: number, types: ReadonlyArray<number>) => number

/** A cut that takes less off is not worth its row. */
const least = 0.1
/** Cuts that are made at once. */
const perRound = 30

/** Cuts of one to three types that what a relaxation says of groups is beyond, those that are most beyond first. */
export const cutsOf = (
  { cells }: Model,
  { members, types }: Patterns,
  groups: ReadonlyArray<Group>,
  mostOf: MostOf
): ReadonlyArray<Cut> => {
  const found: Array<Cut> = []
  for (const [raid, used] of Map.groupBy(groups, ({ cell }) => cells[cell]!.raid)) {
    const own = used.map(({ pattern, value }) => {
      const counts = new Uint8Array(types + 1)
      for (let seat = 0; seat < groupSize; seat++) counts[members[pattern * groupSize + seat]!]! += 1
      return { counts, value }
    })
    const all = Array.from({ length: types }, (_, type) => {
      const most = mostOf(raid, [type])
      return { type, most, free: own.reduce((free, { counts, value }) => free - counts[type]! * value, most) }
    })
    // The more there could be, the less a cut is beyond: by a half if there are as many as there can be.
    const tight = (free: number) => free < 1 - 2 * least
    const some = all.filter(({ most, free }) => most > 0 && tight(free))
    const extend = (from: number, types: ReadonlyArray<number>, most: number, free: number) => {
      if (most % 2 === 1) {
        const pairs = own.reduce((all, { counts, value }) => {
          let there = 0
          for (const type of types) there += counts[type]!
          return all + (there >> 1) * value
        }, 0)
        const beyond = pairs - (most - 1) / 2
        if (beyond > least) found.push({ raid, types, beyond })
      }
      if (types.length === 3) return
      for (let at = from; at < some.length; at++) {
        const next = some[at]!
        if (tight(free + next.free)) extend(at + 1, [...types, next.type], most + next.most, free + next.free)
      }
    }
    extend(0, [], 0, 0)
  }
  return found.toSorted((one, other) => other.beyond - one.beyond).slice(0, perRound)
}
