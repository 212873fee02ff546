import { groupSize, type Problem } from "./Problem.ts"

/** A wish by its kind and its place in the problem's list. */
export interface Wish {
  readonly kind: "lock" | "together" | "apart" | "target"
  /** Of a target: the raid. */
  readonly at: number
}

/** At most three wishes that cannot all be kept, and why. */
export interface Clash {
  readonly wishes: ReadonlyArray<Wish>
  readonly reason: string
}

/** More locks than seats need not all be named. */
const named = 3

const lock = (at: number): Wish => ({ kind: "lock", at })

/** Finds wishes that no plan can keep, without solving anything; undefined if there are none. */
export const clashesOf = ({ raids, locks, candidates, together, apart, sameHour }: Problem): Clash | undefined => {
  const all = [...locks.keys()]
  const playerOf = (at: number) => candidates[locks[at]!.candidate]!.player
  const isSameHour = (one: number, other: number) =>
    sameHour.some((pair) => pair.includes(one) && pair.includes(other) && one !== other)
  for (const one of all)
    for (const other of all.slice(one + 1)) {
      const wishes = [lock(one), lock(other)]
      const [a, b] = [locks[one]!, locks[other]!]
      if (a.candidate === b.candidate && (a.raid !== b.raid || a.group !== b.group))
        return { wishes, reason: "A character sits once in a plan." }
      if (a.candidate === b.candidate || playerOf(one) !== playerOf(other)) continue
      if (a.raid === b.raid) return { wishes, reason: "A player sits once in a raid." }
      if (isSameHour(a.raid, b.raid)) return { wishes, reason: "A player cannot sit in two raids of the same hour." }
    }
  for (const [raid, { size }] of raids.entries()) {
    const inRaid = all.filter((at) => locks[at]!.raid === raid)
    if (inRaid.length > size)
      return { wishes: inRaid.slice(-named).map(lock), reason: `${inRaid.length} are locked to a raid of ${size}.` }
    const groups = Map.groupBy(
      inRaid.filter((at) => locks[at]!.group !== null),
      (at) => locks[at]!.group!
    )
    for (const some of groups.values())
      if (some.length > groupSize)
        return { wishes: some.slice(-named).map(lock), reason: `${some.length} are locked to a group of ${groupSize}.` }
  }
  for (const [at, [one, other]] of apart.entries()) {
    const wanted = together.findIndex((pair) => pair.includes(one) && pair.includes(other))
    if (wanted >= 0)
      return {
        wishes: [
          { kind: "together", at: wanted },
          { kind: "apart", at }
        ],
        reason: "Two players cannot be together and apart."
      }
    for (const first of all)
      for (const second of all)
        if (playerOf(first) === one && playerOf(second) === other && locks[first]!.raid === locks[second]!.raid)
          return {
            wishes: [lock(first), lock(second), { kind: "apart", at }],
            reason: "Two players who are to be apart are locked to one raid."
          }
  }
  for (const [raid, { targets }] of raids.entries())
    for (const role of ["tank", "heal"] as const) {
      const able = new Set(candidates.filter(({ seat }) => seat.role === role).map(({ player }) => player)).size
      if (able === 0 && (targets[role]?.min ?? 0) > 0)
        return {
          wishes: [{ kind: "target", at: raid }],
          reason: role === "tank" ? "Nobody who is there can tank." : "Nobody who is there can heal."
        }
    }
  return undefined
}
