import { RaidRole } from "../../game/Game.ts"
import type { Kinds } from "./Kinds.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize, type Problem, seatedWorth, type Seats } from "./Problem.ts"
import { raidSumsOf } from "./RaidSums.ts"

const roles = RaidRole.literals

/** A seating that is changed seat by seat and always knows its value. Seats are numbered through all raids and groups. */
export interface Draft {
  readonly size: number
  /** Who sits there; −1 is nobody. */
  readonly at: Int32Array
  /** By candidate: their seat, or −1. */
  readonly seatOf: Int32Array
  readonly raidOf: Int32Array
  /** Whether it may sit there when another leaves: neither its lock nor a seat of its player says otherwise. */
  readonly may: (candidate: number, seat: number, leaving: number) => boolean
  /** Puts a candidate, or nobody, on a seat that is free or is freed by it. */
  readonly put: (seat: number, candidate: number) => void
  readonly value: () => number
  readonly seats: () => Seats
}

export const draftOf = (problem: Problem, kinds: Kinds, patterns: Patterns): Draft => {
  const { candidates, raids, players, locks, together, apart, sameHour, weights } = problem
  const firstGroup: Array<number> = []
  let groups = 0
  for (const { size } of raids) {
    firstGroup.push(groups)
    groups += size / groupSize
  }
  const size = groups * groupSize
  const raidOf = Int32Array.from({ length: size }, (_, seat) => {
    const group = Math.floor(seat / groupSize)
    return firstGroup.findLastIndex((first) => first <= group)
  })
  const kindOf = Int32Array.from(kinds.of)

  const { first, second, valueOf } = patterns.codes
  const firstOf = Float64Array.from(kindOf, (kind) => first[patterns.typeOf[kind]!]!)
  const secondOf = Int32Array.from(kindOf, (kind) => second[patterns.typeOf[kind]!]!)

  const at = new Int32Array(size).fill(-1)
  const seatOf = new Int32Array(candidates.length).fill(-1)
  const firsts = new Float64Array(groups)
  const seconds = new Int32Array(groups)
  const groupValues = new Int32Array(groups).fill(valueOf(0, 0))
  const make = raidSumsOf(kinds)
  const sums = raids.map(() => make())
  const heads = raids.map(() => new Int32Array(roles.length))
  const roleOf = Int32Array.from(kindOf, (kind) => roles.indexOf(kinds.roles[kind]!))
  const sits = Uint8Array.from({ length: players * raids.length })
  const own = candidates.map((one) => seatedWorth(problem, one))
  const limits = raids.map(({ targets }) => roles.map((role) => targets[role] ?? { min: 0, max: Infinity }))
  const lockOf = new Map(locks.map((lock) => [lock.candidate, lock]))
  const crowded = raids.map((_, raid) => [
    raid,
    ...sameHour.flatMap(([one, other]) => (one === raid ? [other] : other === raid ? [one] : []))
  ])
  // Free seats are counted in the groups' patterns.
  const raidValues = new Float64Array(raids.length)
  const effects = new Float64Array(raids.length)
  const stale = new Uint8Array(raids.length).fill(1)
  let seated = 0

  const sitsIn = (player: number, raid: number) => sits[player * raids.length + raid]!
  const put = (seat: number, candidate: number) => {
    const raid = raidOf[seat]!
    const group = Math.floor(seat / groupSize)
    const before = at[seat]!
    stale[raid] = 1
    if (before >= 0) {
      sums[raid]!.remove(kindOf[before]!)
      heads[raid]![roleOf[before]!]! -= 1
      sits[candidates[before]!.player * raids.length + raid]! -= 1
      firsts[group]! -= firstOf[before]!
      seconds[group]! -= secondOf[before]!
      seated -= own[before]!
      seatOf[before] = -1
    }
    at[seat] = candidate
    if (candidate >= 0) {
      sums[raid]!.add(kindOf[candidate]!)
      heads[raid]![roleOf[candidate]!]! += 1
      sits[candidates[candidate]!.player * raids.length + raid]! += 1
      firsts[group]! += firstOf[candidate]!
      seconds[group]! += secondOf[candidate]!
      seated += own[candidate]!
      seatOf[candidate] = seat
    }
    groupValues[group] = valueOf(firsts[group]!, seconds[group]!)
  }
  const raidValue = (raid: number) => {
    const own = sums[raid]!.value()
    let wrong = 0
    for (let role = 0; role < roles.length; role++) {
      const { min, max } = limits[raid]![role]!
      const count = heads[raid]![role]!
      if (count < min) wrong += min - count
      else if (count > max) wrong += count - max
    }
    effects[raid] = own
    return own + weights.role * wrong
  }
  const value = () => {
    let all = seated
    for (let raid = 0; raid < raids.length; raid++) {
      if (stale[raid] === 1) {
        raidValues[raid] = raidValue(raid)
        stale[raid] = 0
      }
      all += raidValues[raid]!
      for (const [one, other] of together) if (sitsIn(one, raid) !== sitsIn(other, raid)) all += weights.pair
      for (const [one, other] of apart) if (sitsIn(one, raid) > 0 && sitsIn(other, raid) > 0) all += weights.pair
    }
    for (let group = 0; group < groups; group++) all += groupValues[group]!
    if (weights.balance > 0) {
      const totals = raids.map(({ size }, raid) => {
        let own = effects[raid]!
        for (let group = 0; group < size / groupSize; group++) {
          const at0 = firstGroup[raid]! + group
          let free = 0
          for (let seat = 0; seat < groupSize; seat++) if (at[at0 * groupSize + seat]! < 0) free += 1
          own += groupValues[at0]! - weights.empty * free
        }
        return own
      })
      all -= weights.balance * (Math.max(...totals) - Math.min(...totals))
    }
    return all
  }
  const may = (candidate: number, seat: number, leaving: number) => {
    const raid = raidOf[seat]!
    const lock = lockOf.get(candidate)
    if (lock !== undefined) {
      if (lock.raid !== raid) return false
      if (lock.group !== null && firstGroup[raid]! + lock.group !== Math.floor(seat / groupSize)) return false
    }
    const { player } = candidates[candidate]!
    for (const other of crowded[raid]!) {
      // Neither its own seat nor that of whoever leaves counts.
      const frees = (one: number) =>
        one >= 0 && candidates[one]!.player === player && seatOf[one]! >= 0 && raidOf[seatOf[one]!] === other ? 1 : 0
      if (sitsIn(player, other) > frees(candidate) + frees(leaving)) return false
    }
    return true
  }
  const seats = () =>
    raids.map(({ size }, raid) =>
      Array.from({ length: size / groupSize }, (_, group) => {
        const first = (firstGroup[raid]! + group) * groupSize
        return [...at.subarray(first, first + groupSize)].filter((candidate) => candidate >= 0)
      })
    )
  return { size, at, seatOf, raidOf, may, put, value, seats }
}
