/*
 * A plan's seats, without anything to be seen. A place is `{ raid, group, slot }`, from 0; the bench is the group null. A
 * target is a place, `{ raid, group: null }` for the end of a bench, `{ spec, role }`, or null for out of the plan.
 */

/** A spec as people write it: `BeastMastery` is Beast Mastery. */
export const words = (spec) => spec.replace(/(?<=[a-z])(?=[A-Z])/g, " ")

/** Where everybody is, by entry: `{ seat, raid, group, slot }`. */
export const placesOf = ({ raids }) => {
  const places = raids.flatMap(({ groups, bench }, raid) => [
    ...groups.flatMap((seats, group) => seats.map((seat, slot) => ({ seat, raid, group, slot }))),
    ...bench.map((seat, slot) => ({ seat, raid, group: null, slot }))
  ])
  return new Map(places.filter(({ seat }) => seat !== null).map((place) => [place.seat.entry_id, place]))
}

/** A place in words, or its group without a slot; the raid is named when there are several. */
export const placeText = ({ raids }, { raid, group, slot }) => {
  const where = group === null ? "the bench" : `group ${group + 1}${slot === undefined ? "" : `, seat ${slot + 1}`}`
  return raids.length === 1 ? where : `${where} of ${raids[raid].title}`
}

export const targetText = (plan, target) => {
  if (target === null) return "out of the plan"
  return target.spec === undefined ? `to ${placeText(plan, target)}` : `plays ${words(target.spec)}`
}

const sittingAt = ({ raids }, { raid, group, slot }) => raids[raid]?.groups[group]?.[slot] ?? null

/** What the API is told to do so that a character comes to a target; nothing if it is there. */
export const opsOf = (plan, { entry_id: entry }, target) => {
  const here = placesOf(plan).get(entry)
  if (target === null) return here === undefined ? [] : [{ op: "remove", entry_id: entry }]
  const { spec, raid, group, slot } = target
  if (spec !== undefined) return here?.seat.spec === spec ? [] : [{ op: "set_spec", entry_id: entry, spec }]
  if (group === null) return here?.raid === raid && here.group === null ? [] : [{ op: "bench", entry_id: entry, raid }]
  const sitting = sittingAt(plan, target)
  if (sitting?.entry_id === entry) return []
  return [
    sitting === null
      ? { op: "seat", entry_id: entry, raid, group, slot }
      : { op: "swap", a: entry, b: sitting.entry_id }
  ]
}

/** The plan as it would be with a character at a target. */
export const withMove = (plan, seat, target) => {
  const next = structuredClone(plan)
  const here = placesOf(next).get(seat.entry_id)
  const moved = here?.seat ?? seat
  if (target?.spec !== undefined) {
    Object.assign(moved, target)
    return next
  }
  const rowOf = ({ raid, group }) => (group === null ? next.raids[raid].bench : next.raids[raid].groups[group])
  const sitting = target === null || target.group === null ? null : sittingAt(next, target)
  if (here?.group === null) rowOf(here).splice(here.slot, 1, ...(sitting === null ? [] : [sitting]))
  else if (here !== undefined) rowOf(here)[here.slot] = sitting
  if (target === null) return next
  if (target.group === null) rowOf(target).push(moved)
  else rowOf(target)[target.slot] = moved
  return next
}

const seatText = (seat) => (seat ? `${seat.name} (${words(seat.spec)})` : "free")

/** Who is where, in words: `[place, who]` for each seat and bench. */
const described = (plan) =>
  plan.raids.flatMap(({ groups, bench }, raid) => [
    ...groups.flatMap((seats, group) =>
      seats.map((seat, slot) => [placeText(plan, { raid, group, slot }), seatText(seat)])
    ),
    [placeText(plan, { raid, group: null }), bench.map(seatText).join(", ") || "nobody"]
  ])

/** The places where two plans of the same raids differ: `[place, in the first, in the second]`. */
export const differences = (one, other) => {
  const there = new Map(described(other))
  return described(one).flatMap(([place, who]) => {
    const second = there.get(place)
    return second === undefined || second === who ? [] : [[place, who, second]]
  })
}
