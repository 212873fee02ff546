import { RaidRole } from "../../game/Game.ts"
import type { Draft } from "./Draft.ts"
import { byPlayer, type Caller, type Candidate, type Problem, type Seats } from "./Problem.ts"

/** Temperatures in points: at the first a missing head is soon forgiven, at the last hardly anything is. */
export const hot = 4000
export const warm = 800
const cold = 60

/** Seats a candidate who has no seat anywhere in a raid; false if there is none to be had. */
export const place = (draft: Draft, candidate: number, raid: number) => {
  if (draft.seatOf[candidate]! >= 0) return false
  for (let seat = 0; seat < draft.size; seat++)
    if (draft.raidOf[seat] === raid && draft.at[seat]! < 0 && draft.may(candidate, seat, -1)) {
      draft.put(seat, candidate)
      return true
    }
  return false
}

/** Seats locks, then whoever a raid needs most, mains first. */
export const greedy = ({ candidates, raids, locks }: Problem, draft: Draft) => {
  const seat = (candidate: number, raid: number) => place(draft, candidate, raid)
  for (const { candidate, raid } of locks) seat(candidate, raid)
  const rank = ({ main, debt }: Candidate) => (main ? 10 : 0) + debt
  const order = [...candidates.keys()].toSorted((one, other) => rank(candidates[other]!) - rank(candidates[one]!))
  const heads = (raid: number, role: string) =>
    draft.at.reduce(
      (all, one, at) => (one >= 0 && draft.raidOf[at] === raid && candidates[one]!.seat.role === role ? all + 1 : all),
      0
    )
  for (const role of RaidRole.literals)
    for (const candidate of order.filter((one) => candidates[one]!.seat.role === role)) {
      const wanting = raids.findIndex(({ targets }, raid) => heads(raid, role) < (targets[role]?.min ?? 0))
      if (wanting >= 0) seat(candidate, wanting)
    }
  let turn = 0
  for (const candidate of order)
    for (let n = 0; n < raids.length; n++) {
      const raid = (turn + n) % raids.length
      const { role } = candidates[candidate]!.seat
      if (heads(raid, role) >= (raids[raid]!.targets[role]?.max ?? Infinity)) continue
      if (!seat(candidate, raid)) continue
      turn = raid + 1
      break
    }
  for (const candidate of order) for (let raid = 0; raid < raids.length; raid++) seat(candidate, raid)
}

interface Undo {
  readonly seat: number
  readonly candidate: number
}

export interface Annealed {
  readonly seats: Seats
  readonly value: number
}

/**
 * Simulated annealing: seats are swapped or given to somebody else. A fifth of the steps are two or three such changes
 * judged as one, about a pair's or a player's other character: many good plans cannot be had one change at a time.
 */
export const anneal = (
  problem: Problem,
  draft: Draft,
  moves: number,
  hottest: number,
  random: () => number,
  { cancelled }: Pick<Caller, "cancelled">
): Annealed => {
  const { candidates, together } = problem
  const below = (count: number) => Math.floor(random() * count)
  const { at, seatOf, raidOf, size, may, put } = draft
  const own = byPlayer(problem)
  const locked = new Set(problem.locks.map(({ candidate }) => candidate))
  const undo: Array<Undo> = []

  const set = (seat: number, candidate: number) => {
    undo.push({ seat, candidate: at[seat]! })
    put(seat, candidate)
  }
  const back = () => {
    // Freed first, so that nobody sits twice on the way.
    for (const { seat } of undo) if (at[seat]! >= 0) put(seat, -1)
    for (let n = undo.length - 1; n >= 0; n--) {
      const { seat, candidate } = undo[n]!
      if (at[seat]! >= 0) put(seat, -1)
      if (candidate >= 0) {
        if (seatOf[candidate]! >= 0) put(seatOf[candidate]!, -1)
        put(seat, candidate)
      }
    }
    undo.length = 0
  }
  const swap = (one: number, other: number) => {
    const [first, second] = [at[one]!, at[other]!]
    if (first === second) return false
    if (first >= 0 && !may(first, other, second)) return false
    if (second >= 0 && !may(second, one, first)) return false
    set(one, -1)
    set(other, -1)
    if (second >= 0) set(one, second)
    if (first >= 0) set(other, first)
    return true
  }
  const replace = (seat: number, candidate: number) => {
    const leaving = at[seat]!
    if (seatOf[candidate]! >= 0 || locked.has(leaving) || !may(candidate, seat, leaving)) return false
    set(seat, candidate)
    return true
  }
  /** Seats a candidate wherever it was, by a swap if it had a seat. */
  const bring = (candidate: number, seat: number) => {
    const from = seatOf[candidate]!
    return from >= 0 ? swap(from, seat) : replace(seat, candidate)
  }
  const seatIn = (raid: number) => {
    let seat = below(size)
    while (raidOf[seat] !== raid) seat = (seat + 1) % size
    return seat
  }
  const vacate = (seat: number) => {
    if (at[seat]! < 0 || locked.has(at[seat]!)) return false
    set(seat, -1)
    return true
  }
  const simple = () => {
    const kind = random()
    if (kind < 0.55) return swap(below(size), below(size))
    return kind < 0.97 ? replace(below(size), below(candidates.length)) : vacate(below(size))
  }
  /** A pair into one raid; a player's characters change raids; or just two changes at once. */
  const compound = () => {
    const kind = random()
    if (kind < 0.3 && together.length > 0) {
      const pair = together[below(together.length)]!
      const raid = below(problem.raids.length)
      return pair.map((player) => {
        const some = own[player]!
        return some.length > 0 && bring(some[below(some.length)]!, seatIn(raid))
      })[1]!
    }
    if (kind < 0.65) {
      const seat = below(size)
      const sitting = at[seat]!
      if (sitting < 0) return false
      const others = own[candidates[sitting]!.player]!
      if (others.length < 2) return false
      const other = others[below(others.length)]!
      if (other === sitting) return false
      // The other character takes a seat somewhere, this one's goes to somebody else.
      const from = seatOf[other]!
      if (from >= 0) return swap(from, seat)
      const target = below(size)
      if (raidOf[target] === raidOf[seat]) return replace(seat, other)
      return replace(seat, below(candidates.length)) && replace(target, other)
    }
    return simple() && simple() && (random() < 0.5 || simple())
  }

  let value = draft.value()
  let best: Annealed = { seats: draft.seats(), value }
  const cooling = (cold / hottest) ** (1 / moves)
  let temperature = hottest
  for (let move = 0; move < moves; move++) {
    temperature *= cooling
    if (move % 4096 === 0 && cancelled()) break
    const made = random() < 0.8 ? simple() : compound()
    if (!made || undo.length === 0) {
      if (undo.length > 0) back()
      continue
    }
    const next = draft.value()
    if (next >= value || random() < Math.exp((next - value) / temperature)) {
      value = next
      undo.length = 0
      if (value > best.value) best = { seats: draft.seats(), value }
    } else back()
  }
  return best
}
