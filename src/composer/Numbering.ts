import type { Facts, Offered } from "./Asked.ts"
import type { Seats } from "./engine/Problem.ts"

/** Which of some goes to which place, for the highest sum of `worth[one][place]`: the one of each place, in order. */
const assigned = (worth: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => {
  const known = new Map<number, { readonly sum: number; readonly ones: ReadonlyArray<number> }>()
  /** The best for the places that are left when those of a set, told by its bits, have theirs. */
  const from = (place: number, taken: number): { readonly sum: number; readonly ones: ReadonlyArray<number> } => {
    if (place === worth.length) return { sum: 0, ones: [] }
    const found = known.get(taken)
    if (found !== undefined) return found
    let best = { sum: -1, ones: [] as ReadonlyArray<number> }
    for (let one = 0; one < worth.length; one++) {
      if ((taken & (1 << one)) !== 0) continue
      const rest = from(place + 1, taken | (1 << one))
      const sum = rest.sum + worth[one]![place]!
      if (sum > best.sum) best = { sum, ones: [one, ...rest.ones] }
    }
    known.set(taken, best)
    return best
  }
  return from(0, 0).ones
}

/** Puts those of `all` whose places may be exchanged into the places that suit them best; the others stay. */
const exchanged = <A>(
  all: ReadonlyArray<A>,
  free: ReadonlyArray<number>,
  worth: (one: A, place: number) => number
): ReadonlyArray<A> => {
  const order = assigned(free.map((from) => free.map((to) => worth(all[from]!, to))))
  return all.map((one, at) => (free.includes(at) ? all[free[order[free.indexOf(at)]!]!]! : one))
}

interface Known extends Pick<Facts, "before" | "raids" | "locks"> {
  readonly offered: ReadonlyArray<Pick<Offered, "entry_id">>
}

/**
 * An answer says who is with whom: which of raids that are alike is which, and which number a group has, is free unless a
 * lock names it. They are numbered so that as many as possible stay where the plan has them.
 */
export const numbered = ({ offered, before, raids, locks }: Known, seats: Seats): Seats => {
  const places = new Map(before.map(({ entry_id, raid, group }) => [entry_id, { raid, group }]))
  const placeOf = (candidate: number) => places.get(offered[candidate]!.entry_id)
  const alikeOf = ({ size, starts_at, zone, targets }: Facts["raids"][number]) =>
    JSON.stringify([size, starts_at, zone, targets])
  const alike = Map.groupBy(
    [...raids.keys()].filter((raid) => locks.every((lock) => lock.raid !== raid)),
    (raid) => alikeOf(raids[raid]!)
  )
  const stay = (groups: Seats[number], to: number) =>
    groups.flat().filter((candidate) => placeOf(candidate)?.raid === to).length
  const ofRaids = [...alike.values()].reduce((all, free) => exchanged(all, free, stay), seats)
  return ofRaids.map((groups, raid) => {
    const free = [...groups.keys()].filter((group) => locks.every((lock) => lock.raid !== raid || lock.group !== group))
    return exchanged(groups, free, (members, group) => {
      const isHere = (candidate: number) => placeOf(candidate)?.raid === raid && placeOf(candidate)?.group === group
      return members.filter(isHere).length
    })
  })
}
