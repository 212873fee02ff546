import type { Terms } from "./Terms.ts"

/** Who sits where. */
export interface Place {
  readonly kind: number
  readonly seat: number
}

/**
 * Seats candidates of kinds in all ways that lose no more than `left`, as far as one can tell, and tells of each. Places
 * are in the order of kinds; who was counted for a kind is lost by whoever is there instead.
 */
export const seatPair = (
  { members, wished }: Terms,
  order: ReadonlyArray<number>,
  playerOf: (candidate: number) => number,
  sits: Uint8Array,
  places: ReadonlyArray<Place>,
  left: number,
  found: (candidates: ReadonlyArray<number>) => void
) => {
  const chosen: Array<number> = []
  const extend = (at: number, from: number, counted: number, before: number, settledBefore: number) => {
    const kind = places[at]?.kind
    const isNext = kind !== places[at - 1]?.kind
    let [left, settled] = [before, settledBefore]
    if (isNext) {
      // What is lost for good by those none of whose candidates is of a kind that is still to come.
      const turn = kind === undefined ? Infinity : order[kind]!
      for (; settled < wished.length && wished[settled]!.last < turn; settled++) {
        const { one, other, lost } = wished[settled]!
        left -= lost[sits[one]! + 2 * sits[other]!]!
      }
      if (left <= 0) return
    }
    if (kind === undefined) {
      found(chosen)
      return
    }
    const { candidates, nets } = members[kind]!
    for (let index = isNext ? 0 : from; index < candidates.length; index++) {
      const now = left - nets[counted]! + nets[index]!
      if (now <= 0) return
      const player = playerOf(candidates[index]!)
      if (sits[player] === 1) continue
      sits[player] = 1
      chosen.push(candidates[index]!)
      extend(at + 1, index + 1, places[at + 1]?.kind === kind ? counted + 1 : 0, now, settled)
      chosen.pop()
      sits[player] = 0
    }
  }
  extend(0, 0, 0, left, 0)
}
