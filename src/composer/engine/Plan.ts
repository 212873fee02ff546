import type { Kinds } from "./Kinds.ts"
import type { Model } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize, type Problem, type Seats } from "./Problem.ts"
import type { Relaxed } from "./Relaxation.ts"

/** Who sits where, from a relaxation without fractions; those of a type are the same to a group. */
export const planOf = (
  { candidates, raids, locks }: Problem,
  kinds: Kinds,
  { typeOf, members }: Patterns,
  { cells, seat }: Model,
  { values, groups: taken }: Pick<Relaxed, "values" | "groups">
): Seats =>
  raids.map(({ size }, raid) => {
    const waiting = Map.groupBy(
      [...candidates.keys()].filter((candidate) => values[seat(candidate, raid)]! > 0.5),
      (candidate) => typeOf[kinds.of[candidate]!]!
    )
    const groups: Array<ReadonlyArray<number> | undefined> = Array.from({ length: size / groupSize })
    const isNamed = (index: number) => cells.some((cell) => cell.raid === raid && cell.group === index)
    const lockedTo = (candidate: number) => locks.find((lock) => lock.candidate === candidate)?.group ?? null
    const take = (pattern: number, group: number | null) => {
      const own: Array<number> = []
      for (let at = 0; at < groupSize; at++) {
        const some = waiting.get(members[pattern * groupSize + at]!)
        if (some === undefined) continue
        const locked = some.findIndex((candidate) => group !== null && lockedTo(candidate) === group)
        const anybody = some.findIndex((candidate) => lockedTo(candidate) === null)
        own.push(...some.splice(locked >= 0 ? locked : Math.max(0, anybody), 1))
      }
      return own
    }
    const named = ({ cell }: { readonly cell: number }) => cells[cell]!.group ?? size
    for (const { cell, pattern, value } of taken.toSorted((one, other) => named(one) - named(other))) {
      if (cells[cell]!.raid !== raid) continue
      const { group } = cells[cell]!
      for (let n = Math.round(value); n > 0; n--)
        groups[group ?? groups.findIndex((one, index) => one === undefined && !isNamed(index))] = take(pattern, group)
    }
    return groups.map((group) => group ?? [])
  })

/** The patterns of a plan, so that the first relaxation has an answer, and an empty group. */
export const groupsOf = (kinds: Kinds, patterns: Patterns, { cells }: Model, seats: Seats) => {
  const indexes = new Map<string, number>()
  for (let pattern = 0; pattern < patterns.count; pattern++)
    indexes.set(patterns.members.subarray(pattern * groupSize, (pattern + 1) * groupSize).join(), pattern)
  return cells.flatMap(({ raid, group }, cell) => {
    const own = seats[raid]!.filter((_, index) => group === null || index === group)
    const used = own.map((members) => {
      const types = members.map((candidate) => patterns.typeOf[kinds.of[candidate]!]!)
      while (types.length < groupSize) types.push(patterns.types)
      return [cell, indexes.get(types.toSorted((a, b) => a - b).join())!] as const
    })
    return [[cell, 0] as const, ...used]
  })
}
