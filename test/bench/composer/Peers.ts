import type { Draft } from "../../../src/composer/engine/Draft.ts"
import type { Problem } from "../../../src/composer/engine/Problem.ts"

/** One change at a time, kept when it is no worse. */
export const hillClimb = ({ candidates, locks }: Problem, draft: Draft, tries: number, random: () => number) => {
  const below = (count: number) => Math.floor(random() * count)
  const locked = new Set(locks.map(({ candidate }) => candidate))
  const { at, seatOf, may, put } = draft
  let value = draft.value()
  for (let n = 0; n < tries; n++) {
    const seat = below(draft.size)
    const sitting = at[seat]!
    const other = random() < 0.5 ? below(draft.size) : -1
    const coming = other >= 0 ? at[other]! : below(candidates.length)
    if (coming === sitting || (other < 0 && (seatOf[coming]! >= 0 || locked.has(sitting)))) continue
    if (coming >= 0 && !may(coming, seat, sitting)) continue
    if (other >= 0 && sitting >= 0 && !may(sitting, other, coming)) continue
    const set = (one: number, two: number) => {
      put(seat, -1)
      if (other >= 0) put(other, -1)
      if (one >= 0) put(seat, one)
      if (other >= 0 && two >= 0) put(other, two)
    }
    set(coming, sitting)
    const next = draft.value()
    if (next >= value) value = next
    else set(sitting, coming)
  }
  return value
}

/** Seats are filled one after the other; of all ways so far the best few go on. */
export const beamSearch = ({ candidates, locks }: Problem, draft: Draft, width: number) => {
  const clear = () => {
    for (let seat = 0; seat < draft.size; seat++) if (draft.at[seat]! >= 0) draft.put(seat, -1)
  }
  const load = (seats: ReadonlyArray<number>) => {
    clear()
    seats.forEach((candidate, seat) => {
      if (candidate >= 0) draft.put(seat, candidate)
    })
  }
  clear()
  const start = Array.from({ length: draft.size }, () => -1)
  for (const { candidate } of locks)
    for (let seat = 0; seat < draft.size; seat++) {
      if (draft.at[seat]! >= 0 || !draft.may(candidate, seat, -1)) continue
      draft.put(seat, candidate)
      start[seat] = candidate
      break
    }
  let beam: ReadonlyArray<{ readonly seats: ReadonlyArray<number>; readonly value: number }> = [
    { seats: start, value: draft.value() }
  ]
  for (let seat = 0; seat < draft.size; seat++) {
    if (start[seat]! >= 0) continue
    beam = beam
      .flatMap(({ seats, value }) => {
        load(seats)
        const grown = [{ seats, value }]
        for (const candidate of candidates.keys()) {
          if (draft.seatOf[candidate]! >= 0 || !draft.may(candidate, seat, -1)) continue
          draft.put(seat, candidate)
          grown.push({ seats: seats.with(seat, candidate), value: draft.value() })
          draft.put(seat, -1)
        }
        return grown
      })
      .toSorted((one, other) => other.value - one.value)
      .slice(0, width)
  }
  return beam[0]!.value
}
