import type { Changes, Move, Place, RaidChange, RaidFacts } from "./Plan.ts"

/** The least that a seat is: what a revision knows of it. */
export interface Seated {
  readonly entry_id: string
  readonly spec: string
  readonly name: string
}

export interface LayoutRaid<S extends Seated> extends RaidFacts {
  readonly groups: ReadonlyArray<ReadonlyArray<S | null>>
  readonly bench: ReadonlyArray<S>
}

/** What a write of a plan can change. */
export interface Layout<S extends Seated = Seated> {
  readonly title: string
  readonly raids: ReadonlyArray<LayoutRaid<S>>
}

export const seatsOf = <S extends Seated>({ groups, bench }: LayoutRaid<S>): ReadonlyArray<S> => [
  ...groups.flat().filter((seat) => seat !== null),
  ...bench
]

export const factsOf = ({ title, size, starts_at, zone }: RaidFacts): RaidFacts => ({ title, size, starts_at, zone })

interface Placed {
  readonly seat: Seated
  readonly place: Place
}

const placesOf = (layout: Layout): ReadonlyMap<string, Placed> => {
  const places = new Map<string, Placed>()
  layout.raids.forEach(({ groups, bench }, raid) => {
    const put = (seat: Seated, group: number | null, slot: number) =>
      places.set(seat.entry_id, { seat, place: { raid, group, slot, spec: seat.spec } })
    groups.forEach((seats, group) => seats.forEach((seat, slot) => seat !== null && put(seat, group, slot)))
    bench.forEach((seat, slot) => put(seat, null, slot))
  })
  return places
}

/** The longest run of those on both benches that stands in the same order on both. */
const steady = (before: ReadonlyArray<Seated>, after: ReadonlyArray<Seated>): ReadonlySet<string> => {
  const at = new Map(before.map(({ entry_id }, index) => [entry_id, index]))
  const common = after.flatMap(({ entry_id }) => {
    const index = at.get(entry_id)
    return index === undefined ? [] : [{ entry_id, index }]
  })
  const best: Array<{ readonly length: number; readonly last: number }> = []
  common.forEach(({ index }, end) => {
    let longest = { length: 1, last: -1 }
    for (let start = 0; start < end; start++) {
      const { length } = best[start]!
      if (common[start]!.index < index && length >= longest.length) longest = { length: length + 1, last: start }
    }
    best.push(longest)
  })
  let end = best.reduce((most, { length }, index) => (length > (best[most]?.length ?? 0) ? index : most), -1)
  const kept = new Set<string>()
  while (end >= 0) {
    kept.add(common[end]!.entry_id)
    end = best[end]!.last
  }
  return kept
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** What leads from one state to another. Who only shifts on a bench because others come and go is not moved. */
export const changesBetween = (before: Layout, after: Layout): Changes => {
  const raids: Array<RaidChange> = []
  const still = new Set<string>()
  for (let raid = 0; raid < Math.max(before.raids.length, after.raids.length); raid++) {
    const [was, is] = [before.raids[raid], after.raids[raid]]
    const [from, to] = [was === undefined ? null : factsOf(was), is === undefined ? null : factsOf(is)]
    if (!same(from, to)) raids.push({ raid, from, to })
    for (const entry of steady(was?.bench ?? [], is?.bench ?? [])) still.add(entry)
  }
  const [old, now] = [placesOf(before), placesOf(after)]
  const moves: Array<Move> = []
  for (const entry of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(entry), now.get(entry)]
    const stayed =
      is?.place.group === null ? still.has(entry) && was?.place.spec === is.place.spec : same(was?.place, is?.place)
    if (stayed) continue
    const { name } = (is ?? was)!.seat
    moves.push({ entry_id: entry as Move["entry_id"], name, from: was?.place ?? null, to: is?.place ?? null })
  }
  const title = before.title === after.title ? null : { from: before.title, to: after.title }
  return { title, raids, moves }
}

export const isNothing = ({ title, raids, moves }: Changes) => title === null && raids.length + moves.length === 0

export const emptyGroups = (size: number) =>
  Array.from({ length: size / 5 }, () => [null, null, null, null, null] as Array<null>)

/** A state with changes made to it. */
export const applied = (layout: Layout, { title, raids, moves }: Changes): Layout => {
  const moved = new Set(moves.map(({ entry_id }) => entry_id as string))
  const stays = (seat: Seated) => !moved.has(seat.entry_id)
  const next = layout.raids.map((raid) => ({
    ...raid,
    groups: raid.groups.map((seats) => seats.map((seat) => (seat !== null && stays(seat) ? seat : null))),
    bench: raid.bench.filter(stays)
  }))
  // From the first that is new to the last, and from the last that is gone to the first.
  for (const { raid, to } of raids) {
    if (to === null) continue
    const groups = emptyGroups(to.size).map((free, group) => next[raid]?.groups[group] ?? free)
    next[raid] = { ...to, groups, bench: next[raid]?.bench ?? [] }
  }
  next.length -= raids.filter(({ to }) => to === null).length
  const arrivals = moves
    .flatMap(({ entry_id, name, to }) => (to === null ? [] : [{ to, seat: { entry_id, name, spec: to.spec } }]))
    .toSorted((a, b) => a.to.slot - b.to.slot)
  for (const { to, seat } of arrivals) {
    const raid = next[to.raid]!
    if (to.group === null) raid.bench.splice(to.slot, 0, seat)
    else raid.groups[to.group]![to.slot] = seat
  }
  return { title: title?.to ?? layout.title, raids: next }
}

/** The same backwards. */
export const undone = ({ title, raids, moves }: Changes): Changes => ({
  title: title === null ? null : { from: title.to, to: title.from ?? title.to },
  raids: raids.map(({ raid, from, to }) => ({ raid, from: to, to: from })),
  moves: moves.map(({ from, to, ...move }) => ({ ...move, from: to, to: from }))
})
