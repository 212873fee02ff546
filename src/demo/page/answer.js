import { swatch } from "./board.js"
import { $, element, row } from "./common.js"
import { number, signed } from "./coverage.js"
import { placesOf, placeText, words } from "./seats.js"

/* The answer of a composition, beside the plan as it is. */

const parts = {
  party: "Effects in groups",
  raid: "Effects in raids",
  mains: "Mains who are seated",
  seated: "Everybody who is seated",
  empty: "Free seats",
  roles: "Roles too few or too many",
  pairs: "Wishes for two players",
  balance: "Difference between raids"
}

/** The order in a group means nothing. */
const whereOf = (plan, place) => {
  if (place === undefined) return "the roster"
  return placeText(plan, { raid: place.raid, group: place.group })
}

const isBench = (place) => place === undefined || place.group === null

/** Who goes from where to where: `{ seat, from, to }`, without those who sit nowhere before and after. */
const movesOf = (plan, answer) => {
  const [before, after] = [placesOf(plan), placesOf(answer)]
  return [...new Set([...after.keys(), ...before.keys()])].flatMap((entry) => {
    const [here, there] = [before.get(entry), after.get(entry)]
    const { seat } = there ?? here
    const [from, to] = [whereOf(plan, here), whereOf(answer, there)]
    const plays = there && here && here.seat.spec !== seat.spec ? `, and plays ${words(seat.spec)}` : ""
    const stays = here && there && here.raid === there.raid && here.group === there.group
    const isSame = (stays && plays === "") || (isBench(here) && isBench(there))
    return isSame ? [] : [{ entry, seat, from, to: to + plays }]
  })
}

const face = ({ name, class: className, spec }, colourOf) =>
  element("span", {}, swatch(colourOf(className)), ` ${name} `, element("small", {}, words(spec)))

const drawMoves = (moves, colourOf) => {
  const many = moves.length === 1 ? "One character moves" : `${moves.length} characters move`
  $("moves-title").textContent = moves.length === 0 ? "Nobody moves" : many
  $("moves").replaceChildren(...moves.map(({ seat, from, to }) => row(face(seat, colourOf), from, to)))
  $("moves").parentElement.hidden = moves.length === 0
}

const plain = (points) => number.format(points).replace("-", "−")

const drawParts = ({ from: answer, to: plan }) => {
  const line = (name, mine, theirs) => {
    const cells = [mine, theirs].map((value) => element("td", {}, plain(value)))
    const change = element("td", {}, signed(mine - theirs))
    return element("tr", {}, element("th", { scope: "row" }, name), ...cells, change)
  }
  const counted = Object.entries(parts).filter(([part]) => answer.parts[part] !== 0 || plan.parts[part] !== 0)
  $("answer-parts").replaceChildren(
    ...counted.map(([part, name]) => line(name, answer.parts[part], plan.parts[part])),
    line("Together", answer.value, plan.value)
  )
}

const most = 6

/** The effects that the answer has more or less of than the plan, the dearest first. */
const drawEffects = ({ effects }, answer, nameOf) => {
  const lines = (sign) =>
    effects
      .map(({ from, to, ...at }) => ({ ...at, gain: from - to }))
      .filter(({ gain }) => gain * sign > 0)
      .toSorted((one, other) => (other.gain - one.gain) * sign)
      .map(({ raid, group, effect, gain }) => {
        const where = group === null ? answer.raids[raid].title : placeText(answer, { raid, group })
        return element("li", {}, `${nameOf(effect)} ${signed(gain)} `, element("small", {}, where))
      })
  for (const [id, sign] of [
    ["effects-more", 1],
    ["effects-less", -1]
  ]) {
    const found = lines(sign)
    const [first, rest] = [found.slice(0, most), found.slice(most)]
    const folded = element("details", {}, element("summary", {}, `${rest.length} more`), element("ul", {}, ...rest))
    $(id).replaceChildren(
      element("ul", {}, ...(found.length === 0 ? [element("li", {}, "none")] : first)),
      ...(rest.length === 0 ? [] : [folded])
    )
  }
}

const effectsText = (given, nameOf) =>
  given.length === 0 ? "nothing" : given.map(({ effect, value }) => `${nameOf(effect)} ${signed(value)}`).join(", ")

/** Why somebody sits there, told when it is asked for. */
const reasonOf = ({ gives, receives, loss }, nameOf) =>
  element(
    "dl",
    {},
    element("dt", {}, "Gives"),
    element("dd", {}, effectsText(gives, nameOf)),
    element("dt", {}, "Receives"),
    element("dd", {}, effectsText(receives, nameOf)),
    element("dt", {}, "Without it"),
    element("dd", {}, `${signed(-loss)} points`)
  )

const seatOf = (seat, { moved, why, colourOf, nameOf }) => {
  if (seat === null) return element("li", {}, element("small", {}, "free"))
  const mark = moved.has(seat.entry_id) ? [element("small", { className: "moved" }, " moves")] : []
  const reason = why.get(seat.entry_id)
  const made = element("details", {}, element("summary", {}, face(seat, colourOf), ...mark))
  made.addEventListener("toggle", () => made.append(reasonOf(reason, nameOf)), { once: true })
  return element("li", {}, reason === undefined ? face(seat, colourOf) : made)
}

const drawSeats = (raids, ways) =>
  $("answer-seats").replaceChildren(
    ...raids.flatMap(({ title, groups, bench }) => [
      element("h4", {}, title),
      element(
        "div",
        { className: "groups" },
        ...groups.map((seats, group) => {
          const list = element("ol", {}, ...seats.map((seat) => seatOf(seat, ways)))
          return element("div", { className: "group" }, element("h4", {}, `Group ${group + 1}`), list)
        })
      ),
      element("p", {}, `Bench: ${bench.map(({ name }) => name).join(", ") || "nobody"}`)
    ])
  )

/** Shows an answer as moves from the plan as it is; the seats' reasons stay unfolded only while the plan stays. */
export const drawAnswer = (of, { raids, why }, comparison) => {
  const nameOf = (effect) => of.effects.get(effect) ?? effect
  const moves = movesOf(of.plan, { raids })
  drawMoves(moves, of.colourOf)
  drawParts(comparison)
  drawEffects(comparison, { raids }, nameOf)
  const moved = new Set(moves.map(({ entry }) => entry))
  const reasons = new Map(why.map((reason) => [reason.entry_id, reason]))
  drawSeats(raids, { moved, why: reasons, colourOf: of.colourOf, nameOf })
}
