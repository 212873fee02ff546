import { $, element } from "./common.js"

export const number = new Intl.NumberFormat("en")
export const signed = (points) => `${points > 0 ? "+" : points < 0 ? "−" : "±"}${number.format(Math.abs(points))}`

/** The seats of a plan as the API takes a seating that is stored nowhere. */
export const seatingOf = (plan, { guild, overrides, races }) => ({
  faction: guild.faction,
  values: overrides.values,
  raids: plan.raids.map(({ size, starts_at, groups }) => ({
    size,
    starts_at,
    groups: groups.map((seats) =>
      seats.map(
        (seat) =>
          seat && {
            class: seat.class,
            spec: seat.spec,
            role: seat.role,
            race: races.get(seat.entry_id) ?? null,
            player: seat.player.id
          }
      )
    )
  }))
})

const partsOf = ({ raids }) => raids.flatMap((raid) => [raid, ...raid.groups])

/** How often each effect is there: a party's effect once for each party. */
const counted = (coverage) => {
  const counts = new Map()
  for (const { effect } of partsOf(coverage).flatMap(({ covered }) => covered)) {
    counts.set(effect, (counts.get(effect) ?? 0) + 1)
  }
  return counts
}

/** What one coverage has more or less than another, in words. */
export const gainText = (before, after, nameOf) => {
  const [was, is] = [counted(before), counted(after)]
  const more = (these, those) =>
    [...these].filter(([effect, count]) => count > (those.get(effect) ?? 0)).map(([effect]) => nameOf(effect))
  const list = (word, names) => (names.length === 0 ? [] : [`${word} ${names.join(", ")}`])
  const gain = `${signed(after.value - before.value)} points`
  return [gain, ...list("gains", more(is, was)), ...list("loses", more(was, is))].join("; ")
}

const marks = {
  covered: "✓",
  assumed: "≈",
  slot_taken: "⇄",
  weaker: "<",
  unknown: "?",
  missing: "✗"
}
const words = {
  covered: "covered",
  assumed: "assumed",
  slot_taken: "slot taken",
  weaker: "weaker than another",
  unknown: "not known to be brought",
  missing: "missing"
}

const chip = (state, { effect, value, by = [] }, nameOf, seatOf) => {
  const givers = by.map(seatOf).filter(Boolean).join(", ")
  const title = `${words[state]}, ${number.format(value)} points${givers && `: ${givers}`}`
  const mark = element("span", { ariaHidden: "true" }, `${marks[state]} `)
  const said = element("span", { className: "unseen" }, `${words[state]}: `)
  return element("li", { className: state, title }, mark, said, nameOf(effect))
}

const least = 3

/** What a party or a raid has, then what it could have or lacks; the dearest first, the rest folded. */
const effectList = ({ covered, possible, missing }, nameOf, seatOf) => {
  const dearest = (effects) => effects.toSorted((one, other) => other.value - one.value)
  const chips = (effects, stateOf) => dearest(effects).map((one) => chip(stateOf(one), one, nameOf, seatOf))
  const has = chips(covered, ({ assumed }) => (assumed ? "assumed" : "covered"))
  // What an officer can change by seating comes before what nobody knows.
  const open = [...possible.filter(({ reason }) => reason === "slot_taken"), ...missing]
  const others = possible.filter(({ reason }) => reason !== "slot_taken")
  const stateOf = ({ reason }) => reason ?? "missing"
  const lacks = [...chips(open, stateOf), ...chips(others, stateOf)]
  const rest = lacks.slice(least)
  const list = element("ul", { className: "effects" }, ...has, ...lacks.slice(0, least))
  if (rest.length === 0) return [list]
  const folded = element("ul", { className: "effects" }, ...rest)
  return [list, element("details", {}, element("summary", {}, `${rest.length} more that could be there`), folded)]
}

const warningText = (plan, warning, nameOf) => {
  const { code, raid, group, slot, effect, reason } = warning
  const title = plan.raids[raid]?.title
  if (code === "no_tank") return `${title} has no tank.`
  if (code === "role_count") {
    return `${title} has ${warning.seated} of the role ${warning.role}; it takes ${warning.min} to ${warning.max}.`
  }
  if (code === "party_effect_wasted") {
    const name = plan.raids[raid].groups[group]?.[slot]?.name ?? "Somebody"
    const why = reason === "helps_nobody" ? "helps nobody in that group" : "is given there by another"
    return `${title}: ${nameOf(effect)} of ${name} ${why}.`
  }
  const twice = warning.seats.map((place) => plan.raids[place.raid].groups[place.group]?.[place.slot]?.name)
  return `One player in two seats of the same hour: ${twice.join(", ")}.`
}

/** Fills the places that the board has for the coverage: one a party, one a raid. */
export const drawCoverage = (board, plan, coverage, nameOf) => {
  for (const place of board.querySelectorAll("[data-coverage]")) {
    const [at, group] = place.dataset.coverage.split(".")
    const raid = coverage.raids[at]
    const part = group === undefined ? raid : raid?.groups[group]
    if (part === undefined) continue
    const seatOf = (giver) => plan.raids[at].groups[giver.group]?.[giver.slot]?.name
    const unfolded = place.querySelector("details")?.open ?? false
    const value = element("strong", {}, `${number.format(part.value)} points`)
    const roles = Object.entries(part.roles ?? {}).map(([role, count]) => `${count} ${role}`)
    place.replaceChildren(
      element("p", { className: "worth" }, value, roles.length > 0 ? ` · ${roles.join(", ")}` : ""),
      ...effectList(part, nameOf, seatOf)
    )
    if (unfolded) place.querySelector("details")?.setAttribute("open", "")
  }
}

export const drawWarnings = (plan, coverage, nameOf) => {
  const lines = coverage.warnings.map((warning) => element("li", {}, warningText(plan, warning, nameOf)))
  $("plan-warnings").replaceChildren(...lines)
}
