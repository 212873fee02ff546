import { $, element } from "./common.js"
import { placeText, words } from "./seats.js"

/** What can be pressed: seats, benches and the roster. */
const keys = "#desk [data-key]"
const all = () => [...document.querySelectorAll(keys)]
const find = (key) => document.querySelector(`#desk [data-key="${CSS.escape(key)}"]`)
export const findEntry = (entry) => document.querySelector(`#desk [data-entry="${CSS.escape(entry)}"]`)

export const swatch = (colour) => {
  const made = element("span", { className: "class", ariaHidden: "true" }, "■")
  if (colour !== undefined) made.style.setProperty("--class", colour)
  return made
}

const faces = (seat, colourOf) => [
  swatch(colourOf(seat.class)),
  " ",
  element("span", { className: "who" }, seat.name),
  element("small", {}, ` ${words(seat.spec)}${seat.gone ? ", gone" : ""}`)
]

const about = ({ name, spec, class: className, role, gone }) =>
  `${name}, ${spec} ${className}, ${role}${gone ? ", no longer on the roster" : ""}`

/** One place to press, or to read for whoever may not write. */
const spot = ({ key, seat, label, target, open }) => {
  const isEmpty = seat === undefined || seat === null
  const made = element(open.mayEdit ? "button" : "div", { className: isEmpty ? "seat free" : "seat" })
  made.append(...(isEmpty ? [label] : faces(seat, open.colourOf)))
  if (!open.mayEdit) return made
  const isHeld = !isEmpty && open.held?.entry_id === seat.entry_id
  Object.assign(made, { type: "button", draggable: !isEmpty, ariaPressed: String(isHeld) })
  const what = isEmpty ? "free" : about(seat)
  made.ariaLabel = target === undefined ? what : `${target.name}: ${what}`
  Object.assign(made.dataset, { key, ...(!isEmpty && { entry: seat.entry_id }) })
  open.spots.set(key, { seat: seat ?? undefined, target: target?.to })
  return made
}

const capital = (text) => text[0].toUpperCase() + text.slice(1)

const groupOf = (open, raid, seats, group) => {
  const id = `group-${raid}-${group}`
  const heading = element("h4", { id }, `Group ${group + 1}`)
  const places = seats.map((seat, slot) => {
    const to = { raid, group, slot }
    const name = capital(placeText(open.plan, to))
    return element("li", {}, spot({ key: `${raid}.${group}.${slot}`, seat, label: "free", target: { to, name }, open }))
  })
  const list = element("ol", {}, ...places)
  list.setAttribute("aria-labelledby", id)
  const coverage = element("div", { className: "coverage" })
  coverage.dataset.coverage = `${raid}.${group}`
  return element("div", { className: "group" }, heading, list, coverage)
}

const benchOf = (open, raid, bench) => {
  const to = { raid, group: null }
  const name = capital(placeText(open.plan, to))
  const seated = bench.map((seat) =>
    element("li", {}, spot({ key: `${raid}.bench.${seat.entry_id}`, seat, target: { to, name }, open }))
  )
  const end = element("li", {}, spot({ key: `${raid}.bench`, label: "Bench", target: { to, name }, open }))
  return element("ul", { className: "bench", ariaLabel: name }, ...seated, ...(open.mayEdit ? [end] : []))
}

const raidOf = (open, { title, size, starts_at: at, zone, groups, bench }, raid) => {
  const when = at === null ? [] : [new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })]
  const facts = [`${size} seats`, ...(zone === null ? [] : [zone]), ...when].join(", ")
  const id = `raid-${raid}`
  const made = element("section", { className: "raid" })
  made.setAttribute("aria-labelledby", id)
  const coverage = element("div", { className: "coverage" })
  coverage.dataset.coverage = raid
  made.append(
    element("h3", { id }, title, " ", element("small", {}, facts)),
    element("div", { className: "groups" }, ...groups.map((seats, group) => groupOf(open, raid, seats, group))),
    element("h4", {}, "Bench"),
    benchOf(open, raid, bench),
    element("h4", {}, "Whole raid"),
    coverage
  )
  return made
}

/** Of each part one is reached by Tab, the others by arrows. */
const rove = (current) => {
  for (const part of [$("board"), $("pool")]) {
    const spots = [...part.querySelectorAll("[data-key]")]
    const stop = spots.find((one) => one === current) ?? spots.find(({ tabIndex }) => tabIndex === 0) ?? spots[0]
    if (current !== undefined && !part.contains(current)) continue
    for (const one of spots) one.tabIndex = one === stop ? 0 : -1
  }
}

/** Those of the roster who are not in the plan, as far as they are sought. */
export const drawPool = (open) => {
  const sought = $("pool-find").value.trim().toLowerCase()
  const texts = ({ name, spec, class: className, role, player }) =>
    [name, spec, className, role, player.name].join(" ").toLowerCase()
  const free = open.free.filter((seat) => texts(seat).includes(sought))
  $("pool-list").replaceChildren(
    ...free.map((seat) => element("li", {}, spot({ key: `pool.${seat.entry_id}`, seat, open })))
  )
  $("pool-title").textContent = `Roster: ${open.free.length} not in the plan`
  rove()
}

/** Draws everything anew. Focus stays at its place, or follows `entry`. */
export const drawBoard = (open, entry) => {
  const key = document.activeElement?.dataset.key
  open.spots = new Map()
  const unfolded = [...$("board").querySelectorAll("details[open]")].map(
    (one) => one.closest("[data-coverage]").dataset.coverage
  )
  $("board").replaceChildren(...open.plan.raids.map((raid, index) => raidOf(open, raid, index)))
  for (const at of unfolded) {
    // An empty one, which the coverage finds open when it is filled.
    $("board")
      .querySelector(`[data-coverage="${CSS.escape(at)}"]`)
      ?.append(element("details", { open: true }))
  }
  $("pool").hidden = !open.mayEdit
  drawPool(open)
  const next = (entry && findEntry(entry)) ?? (key && find(key))
  next?.focus({ preventScroll: entry === undefined })
}

export const markHeld = ({ held }) => {
  for (const one of all()) one.ariaPressed = String(held !== undefined && one.dataset.entry === held.entry_id)
}

const directions = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }

const centre = (one) => {
  const { left, top, width, height } = one.getBoundingClientRect()
  return [left + width / 2, top + height / 2]
}

/** The nearest place in the direction of an arrow. */
const neighbour = (from, [right, down]) => {
  const [x, y] = centre(from)
  const distances = all().flatMap((one) => {
    const [dx, dy] = centre(one).map((at, index) => at - (index === 0 ? x : y))
    const ahead = dx * right + dy * down
    const aside = Math.abs(dx * down) + Math.abs(dy * right)
    return one === from || ahead < 2 ? [] : [{ one, far: ahead + 3 * aside }]
  })
  return distances.toSorted((a, b) => a.far - b.far)[0]?.one
}

/**
 * Listens to mouse, touch and keyboard. `press` has the key of what was pressed, `hold` of what is dragged, `drop` and
 * `look` of where it would go; "pool" is out of the plan. `release` ends it.
 */
export const handle = ({ press, hold, look, drop, release }) => {
  const desk = $("desk")
  const keyOf = ({ target }) => {
    const key = target.closest("[data-key]")?.dataset.key
    return key === undefined || key.startsWith("pool") ? (target.closest("#pool") ? "pool" : undefined) : key
  }
  desk.addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]")?.dataset.key
    if (key !== undefined) press(key, event)
  })
  desk.addEventListener("keydown", (event) => {
    const from = event.target.closest("[data-key]")
    const direction = directions[event.key]
    if (from !== null && direction !== undefined) {
      event.preventDefault()
      neighbour(from, direction)?.focus()
    }
  })
  $("plan").addEventListener("keydown", ({ key }) => key === "Escape" && release())
  desk.addEventListener("focusin", (event) => {
    const spot = event.target.closest("[data-key]")
    if (spot === null) return
    rove(spot)
    look(keyOf(event))
  })
  desk.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse") look(keyOf(event))
  })
  desk.addEventListener("dragstart", (event) => {
    const key = event.target.closest?.("[data-key]")?.dataset.key
    if (key === undefined) return
    event.dataTransfer.effectAllowed = "move"
    event.dataTransfer.setData("text/plain", event.target.textContent)
    hold(key)
  })
  desk.addEventListener("dragover", (event) => {
    const key = keyOf(event)
    if (key === undefined) return
    event.preventDefault()
    look(key)
  })
  desk.addEventListener("drop", (event) => {
    const key = keyOf(event)
    if (key === undefined) return
    event.preventDefault()
    drop(key, event)
  })
  desk.addEventListener("dragend", release)
}
