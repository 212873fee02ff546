import { drawBoard, drawPool, findEntry, handle, markHeld, swatch } from "./board.js"
import { choose } from "./choice.js"
import { $, call, element, listen, on, say } from "./common.js"
import { closeComposing, composingFollows, openComposing } from "./compose.js"
import { drawCoverage, drawWarnings, gainText, seatingOf } from "./coverage.js"
import { opsOf, placesOf, placeText, targetText, withMove } from "./seats.js"
import { settle } from "./stale.js"
import { openPlanTools, planWritten } from "./planTools.js"

/** The open plan: what was last read of it and of its guild, who is picked up, and what can be pressed. */
let open

let last = Promise.resolve()

/** One at a time, so that what is read is never older than what was written. */
const inTurn = (work) => {
  const result = last.then(work)
  last = result.catch(() => {})
  return result
}

const nameOf = (effect) => open.effects.get(effect) ?? effect

const freeOf = ({ roster, plan }) => {
  const places = placesOf(plan)
  return roster.players
    .filter(({ status }) => status !== "inactive")
    .flatMap(({ id, name, characters }) => characters.map((entry) => ({ ...entry, player: { id, name }, gone: false })))
    .filter(({ entry_id: entry }) => !places.has(entry))
    .map(({ entry_id, spec, name, class: className, role, rank, player, gone }) => {
      return { entry_id, spec, name, class: className, role, rank, player, gone }
    })
    .toSorted((one, other) => one.role.localeCompare(other.role) || one.name.localeCompare(other.name))
}

const seatOf = (entry) => placesOf(open.plan).get(entry)?.seat ?? open.free.find(({ entry_id: id }) => id === entry)

/** Reads what the plan covers, and answers by how much that differs from what it covered before. */
const readCoverage = async (of) => {
  const before = of.coverage
  const { coverage } = await call("GET", `/plans/${of.plan.id}/coverage`)
  if (open !== of) return ""
  of.coverage = coverage
  drawCoverage($("board"), of.plan, coverage, nameOf)
  drawWarnings(of.plan, coverage, nameOf)
  return before === undefined ? "" : gainText(before, coverage, nameOf)
}

/** Takes a plan as it was answered; focus follows `entry`. */
const adopt = (of, plan, entry) => {
  of.plan = plan
  of.free = freeOf(of)
  if (of.held !== undefined) of.held = seatOf(of.held.entry_id)
  const by = plan.updated_by?.discord
  $("plan-title").textContent = plan.title
  $("plan-by").textContent =
    `Revision ${plan.revision}, by ${by?.global_name ?? by?.username ?? "somebody who left"}, ` +
    new Date(plan.updated_at).toLocaleString(undefined, { dateStyle: "short", timeStyle: "short" })
  drawBoard(of, entry)
  if (of.coverage !== undefined) drawCoverage($("board"), plan, of.coverage, nameOf)
  showHeld()
  composingFollows().catch((error) => say(error.message))
}

/** Writes until it is written, or the plan is taken as somebody else left it. False if nothing was written. */
const write = (of, seat, target) =>
  inTurn(async () => {
    for (let seen = of.plan; ;) {
      const ops = opsOf(seen, seat, target)
      if (ops.length === 0) return false
      try {
        const { plan } = await call("PATCH", `/plans/${seen.id}`, { ops }, seen.revision)
        if (open === of) adopt(of, plan, seat.entry_id)
        return true
      } catch (error) {
        if (error.status !== 412) throw error
        const { plan } = await call("GET", `/plans/${seen.id}`)
        if (open !== of) return false
        adopt(of, plan)
        if (!(await settle({ seen, plan, mine: withMove(plan, seat, target) }))) return false
        seen = plan
      }
    }
  })

const release = () => {
  if (open === undefined || open.held === undefined) return
  const { entry_id: entry } = open.held
  open.held = undefined
  showHeld()
  findEntry(entry)?.focus()
}

const move = async (seat, target) => {
  const of = open
  const text = `${seat.name} ${targetText(of.plan, target)}`
  of.held = undefined
  showHeld()
  try {
    if (!(await write(of, seat, target))) return
  } catch (error) {
    const whose = seatOf(error.details?.entry_id)?.name
    if (whose !== undefined) error.message = `${whose}: ${error.message}`
    throw error
  }
  if (open !== of) return
  say(`${text}: ${await readCoverage(of)}.`)
  await planWritten()
}

/** Another's write, told by the service. */
const follow = (of) =>
  inTurn(async () => {
    if (open !== of) return
    const { plan } = await call("GET", `/plans/${of.plan.id}`)
    if (open !== of || plan.revision <= of.plan.revision) return
    adopt(of, plan)
    await readCoverage(of)
    await planWritten()
  })

const listenTo = (of) => {
  const source = listen(`/plans/${of.plan.id}/events`)
  const fail = (error) => say(error.message)
  source.addEventListener("revision", ({ data }) => {
    if (JSON.parse(data).revision > of.plan.revision) follow(of).catch(fail)
  })
  source.addEventListener("deleted", () => {
    source.close()
    say("This plan was deleted.")
  })
  source.addEventListener("open", () => {
    $("plan-live").textContent = "live"
  })
  source.addEventListener("error", () => {
    $("plan-live").textContent =
      source.readyState === EventSource.CLOSED ? "not live: reload the page" : "reconnecting…"
  })
  return source
}

let asking

/** Tells what would be gained if the picked-up character went there, a moment after the last look. */
const look = (key) => {
  const of = open
  if (of?.held === undefined || of.coverage === undefined || of.looked === key) return
  of.looked = key
  clearTimeout(asking)
  const target = key === "pool" ? null : of.spots.get(key)?.target
  if (target === undefined) return
  const { held, plan } = of
  if (opsOf(plan, held, target).length === 0) {
    $("preview").textContent = ""
    return
  }
  asking = setTimeout(async () => {
    try {
      const body = seatingOf(withMove(plan, held, target), of)
      const { coverage } = await call("POST", `/rulesets/${plan.ruleset}/coverage`, body)
      if (open !== of || of.held !== held || of.looked !== key) return
      $("preview").textContent = `${targetText(plan, target)}: ${gainText(of.coverage, coverage, nameOf)}`
    } catch (error) {
      say(error.message)
    }
  }, 150)
}

const showHeld = () => {
  const { held, plan, game } = open
  $("hand").hidden = held === undefined
  $("preview").textContent = ""
  open.looked = undefined
  clearTimeout(asking)
  markHeld(open)
  if (held === undefined) return
  const place = placesOf(plan).get(held.entry_id)
  $("held").replaceChildren(swatch(open.colourOf(held.class)), ` ${held.name}`)
  $("held-spec").parentElement.hidden = place === undefined
  $("take-out").hidden = place === undefined
  const specs = game.classes.find(({ name }) => name === held.class)?.specs ?? []
  $("held-spec").replaceChildren(
    ...specs.map(({ name, label }) => element("option", { value: name, selected: name === held.spec }, label))
  )
}

const hold = (key) => {
  open.held = open.spots.get(key)?.seat
  showHeld()
}

/** A press picks up, and the next one says where it goes. */
const press = (key, event) => {
  const { held, spots } = open
  const { seat, target } = spots.get(key)
  const isPickedUp = held !== undefined && seat?.entry_id === held.entry_id
  if (isPickedUp) return release()
  if (held === undefined || target === undefined) return hold(key)
  return on(() => move(held, target))(event)
}

const drop = (key, event) => {
  const { held, spots } = open
  if (held === undefined) return undefined
  const target = key === "pool" ? null : spots.get(key).target
  if (opsOf(open.plan, held, target).length === 0) return release()
  return on(() => move(held, target))(event)
}

handle({ press, hold, look, drop, release })

const placesToGo = ({ plan }) =>
  plan.raids.flatMap(({ groups }, raid) => [
    ...groups.flatMap((seats, group) =>
      seats.map((seat, slot) => {
        const to = { raid, group, slot }
        return [to, `${placeText(plan, to)}: ${seat?.name ?? "free"}`]
      })
    ),
    [{ raid, group: null }, placeText(plan, { raid, group: null })]
  ])

$("move-to").addEventListener("click", () => {
  const { held } = open
  const places = placesToGo(open)
  choose({
    title: `Where does ${held.name} go?`,
    choices: places.map(([, text], index) => [String(index), text]),
    act: (index) => move(held, places[index][0]),
    done: () => findEntry(held.entry_id)?.focus()
  })
})
$("take-out").addEventListener(
  "click",
  on(() => move(open.held, null))
)
$("let-go").addEventListener("click", release)
$("held-spec").addEventListener(
  "change",
  on(({ target: { value } }) => {
    const { held, game } = open
    const known = game.classes.find(({ name }) => name === held.class).specs.find(({ name }) => name === value)
    return move(held, { spec: value, role: known.role })
  })
)
$("pool-find").addEventListener("input", () => drawPool(open))

/** Takes a plan that another part of the page has written. */
const taken = async (of, plan) => {
  adopt(of, plan)
  await readCoverage(of)
}

/** Shows a plan of a guild, and keeps it as it is while it is shown. */
export const openPlan = async (guild, id, isLatest) => {
  closePlan()
  const [{ plan }, { game_version: game }, { roster }] = await Promise.all([
    call("GET", `/plans/${id}`),
    call("GET", `/game-versions/${guild.game_version}`),
    call("GET", `/guilds/${guild.id}/roster`)
  ])
  const [{ ruleset }, { overrides }] = await Promise.all([
    call("GET", `/rulesets/${plan.ruleset}`),
    call("GET", `/guilds/${guild.id}/ruleset-overrides/${plan.ruleset}`)
  ])
  const colours = new Map(game.classes.map(({ name, colour }) => [name, colour]))
  const entries = roster.players.flatMap(({ characters }) => characters)
  const of = { guild, game, roster, overrides, spots: new Map() }
  Object.assign(of, {
    mayEdit: ["officer", "admin"].includes(guild.membership_role),
    effects: new Map(ruleset.effects.map(({ id, name }) => [id, name])),
    races: new Map(entries.map(({ entry_id: entry, race }) => [entry, race])),
    colourOf: (name) => colours.get(name)
  })
  if (!isLatest()) return
  open = of
  adopt(of, plan)
  const ways = { inTurn, taken: (written) => taken(of, written) }
  openPlanTools(of, ways)
  await readCoverage(of)
  if (open !== of) return
  of.source = listenTo(of)
  await openComposing(of, ways)
}

export const closePlan = () => {
  closeComposing()
  open?.source?.close()
  open = undefined
}
