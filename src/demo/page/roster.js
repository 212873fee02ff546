import { choose } from "./choice.js"
import { $, address, call, element, on, planAddress, row, say } from "./common.js"
import { asked, average } from "./facts.js"
import { openKeys } from "./keys.js"
import { closeRefresh, openRefresh } from "./refresh.js"
import { draw, find } from "./table.js"
import { openTools, showHistory } from "./tools.js"

/** The open guild: its roster as it was last read, the words of its game, and who looks. */
let open

const isOfficer = () => ["officer", "admin"].includes(open.guild.membership_role)
const isOwn = (player) => player.user_id === open.me.id
const mayEdit = (player) => isOfficer() || (open.guild.membership_role === "raider" && isOwn(player))

let last = Promise.resolve()

/** One at a time, so that a second edit knows of the first. */
const inTurn = (work) => {
  const result = last.then(work)
  last = result.catch(() => {})
  return result
}

/** An edit by somebody else comes first: the roster is read anew, and nothing is lost without a word. */
const send = async ({ guild, roster }, method, path, body, key) => {
  try {
    return await call(method, `/guilds/${guild.id}${path}`, body, roster.revision)
  } catch (error) {
    if (error.status !== 412) throw error
    await readRoster(key)
    const sentence = "Somebody else has changed the roster meanwhile. It is shown as it is now: please look again."
    throw Object.assign(new Error(sentence, { cause: error }), { status: 412 })
  }
}

const ask = (method, path, body) => {
  const of = open
  return inTurn(() => send(of, method, path, body))
}

/** Changes the roster and shows it as it is then. `key` names the field that was edited in place. */
const edit = (method, path, body, key) => {
  const of = open
  return inTurn(async () => {
    const answer = await send(of, method, path, body, key)
    await readRoster(key)
    return answer
  })
}

const saving = (path, key, change) =>
  on(async ({ target }) => {
    await edit("PATCH", path, change(target), key)
    say("Saved.")
  })

/** Gives a field edited in place its name and key, by which it is found again when the table is drawn anew. */
const inPlace = (tag, { path, owner, field, label, ...properties }, ...children) => {
  const key = `${owner.entry_id ?? owner.id} ${field}`
  const onchange = saving(path, key, ({ value }) => ({ [field]: value }))
  const made = element(tag, { ariaLabel: `${label} of ${owner.name}`, onchange, ...properties }, ...children)
  made.dataset.key = key
  return made
}

const text = (owner, path, field, label, least, maxLength) => {
  const value = owner[field] ?? ""
  const size = Math.min(24, Math.max(least, value.length))
  return inPlace("input", {
    path,
    owner,
    field,
    label,
    size,
    maxLength,
    defaultValue: value,
    placeholder: label.toLowerCase()
  })
}

const select = (owner, path, field, label, choices) => {
  const value = owner[field]
  const all = choices.some(([name]) => name === value) ? choices : [[value, value], ...choices]
  const options = all.map(([name, shown]) => element("option", { value: name, selected: name === value }, shown))
  return inPlace("select", { path, owner, field, label }, ...options)
}

const words = (...all) => all.map((word) => [word, word])

const classOf = (name) => open.game.classes.find((one) => one.name === name)
const specsOf = (entry) => (classOf(entry.class)?.specs ?? []).map(({ name, label }) => [name, label])
const labelOf = (entry, spec) => specsOf(entry).find(([name]) => name === spec)?.[1] ?? spec

const swatch = (name) => {
  const made = element("span", { className: "class", role: "img", ariaLabel: name, title: name }, "■")
  const colour = classOf(name)?.colour
  if (colour !== undefined) made.style.setProperty("--class", colour)
  return made
}

const offSpecsOf = (entry) => entry.off_specs.map((spec) => labelOf(entry, spec)).join(", ")

const offSpecs = (entry, path) => {
  const key = `${entry.entry_id} off_specs`
  const known = specsOf(entry).filter(([name]) => name !== entry.spec)
  const boxes = known.map(([value, label]) => {
    const box = element("input", { type: "checkbox", value, defaultChecked: entry.off_specs.includes(value) })
    box.ariaLabel = `${entry.name} also plays ${label}`
    box.dataset.key = `${key} ${value}`
    const chosen = () => boxes.filter(({ checked }) => checked).map((one) => one.value)
    box.addEventListener(
      "change",
      saving(path, box.dataset.key, () => ({ off_specs: chosen() }))
    )
    return box
  })
  const summary = element("summary", { ariaLabel: `Off-specs of ${entry.name}` }, offSpecsOf(entry) || "none")
  const choices = boxes.map((box, index) => element("label", {}, box, known[index][1]))
  const made = element("details", {}, summary, ...choices)
  made.dataset.key = key
  summary.dataset.key = `${key} summary`
  return made
}

const removing = (label, path, question) => {
  const onclick = on(async () => {
    if (!confirm(question)) return
    await edit("DELETE", path)
    $("roster-title").focus({ preventScroll: true })
    say("Removed.")
  })
  const made = element("button", { className: "link", ariaLabel: label, onclick }, "✕")
  made.dataset.key = `${path} remove`
  return made
}

/** A button that asks for one of some choices, and writes it. `label` begins with what the button shows. */
const choosing = (key, text, label, question) => {
  const onclick = on(async () => {
    const { act, ...asking } = await question()
    await choose({ ...asking, act, done: () => find(key)?.focus({ preventScroll: true }) })
  })
  const made = element("button", { className: "link", ariaLabel: label, onclick }, text)
  made.dataset.key = key
  return made
}

const named = ({ global_name: name, username }) => name ?? username

/** Whose account in the guild is this player's. */
const membership = (player) => {
  const { id, name, user_id: linked, discord } = player
  const shown = discord === null ? "no member" : `@${named(discord)}`
  const question = async () => {
    const { guild, roster } = open
    const { members } = await call("GET", `/guilds/${guild.id}/members`)
    const players = new Map(roster.players.map((one) => [one.user_id, one.name]))
    const choices = members
      .map(({ user_id: user, discord }) => [
        user,
        `${named(discord)}${players.has(user) ? `, is ${players.get(user)}` : ""}`
      ])
      .toSorted(([, one], [, other]) => one.localeCompare(other))
    return {
      title: `Which member is ${name}?`,
      choices: [["", "none"], ...choices],
      value: linked ?? "",
      act: async (user) => {
        await edit("POST", `/players/${id}/link`, { user_id: user === "" ? null : user })
        say(user === "" ? `${name} is linked to no member.` : `${name} is linked.`)
      }
    }
  }
  return choosing(`${id} member`, shown, `${shown}: member of ${name}`, question)
}

const moving = (player, entry, path) =>
  choosing(`${entry.entry_id} move`, "move", `Move ${entry.name}`, () => ({
    title: `To whom does ${entry.name} belong?`,
    choices: open.roster.players.map(({ id, name }) => [id, name]),
    value: player.id,
    act: async (to) => {
      const { name } = open.roster.players.find(({ id }) => id === to)
      await edit("PATCH", path, { player_id: to })
      say(`${entry.name} is ${name}'s.`)
    }
  }))

const playerCell = (player) => {
  const path = `/players/${player.id}`
  const note = mayEdit(player) ? text(player, path, "note", "Note", 16, 500) : element("small", {}, player.note ?? "")
  if (!isOfficer()) return element("div", { className: "player" }, player.name, note)
  const status = select(player, path, "status", "Status", words("active", "trial", "bench", "inactive"))
  const remove = removing(`Remove ${player.name}`, path, `Remove ${player.name} and all their characters?`)
  const first = element("span", {}, text(player, path, "name", "Name", 8, 64), status, remove)
  return element("div", { className: "player" }, first, element("span", {}, membership(player), note))
}

const entryCells = (player, entry) => {
  const path = `/players/${player.id}/characters/${entry.entry_id}`
  const link = element("a", { href: address(open.guild.id, "characters", entry.id) }, entry.name)
  link.dataset.key = `${entry.entry_id} name`
  const own = isOwn(player) ? [" ", element("small", {}, "yours")] : []
  const { warcraftlogs, battlenet } = entry.summary
  const facts = mayEdit(player)
    ? [
        select(entry, path, "spec", "Spec", specsOf(entry)),
        select(entry, path, "role", "Role", words("tank", "heal", "melee", "ranged")),
        select(entry, path, "rank", "Rank", words("main", "alt")),
        offSpecs(entry, path)
      ]
    : [labelOf(entry, entry.spec), entry.role, entry.rank, offSpecsOf(entry)]
  return [
    element("span", { className: entry.rank }, swatch(entry.class), " ", link, ...own),
    ...facts,
    battlenet?.equipped_item_level,
    warcraftlogs === null ? null : average(warcraftlogs),
    asked(entry.summary),
    mayEdit(player) ? text(entry, path, "note", "Note", 10, 500) : element("small", {}, entry.note ?? ""),
    isOfficer()
      ? element(
          "span",
          {},
          moving(player, entry, path),
          " ",
          removing(`Remove ${entry.name}`, path, `Take ${entry.name} off the roster?`)
        )
      : ""
  ]
}

/** A player's rows: the cell with their name stands beside all their characters. */
const playerRows = (player) => {
  const none = [element("small", {}, "no characters"), ...Array.from({ length: 9 }, () => "")]
  const cells = player.characters.length === 0 ? [none] : player.characters.map((entry) => entryCells(player, entry))
  const rows = cells.map((each, index) => row(...(index === 0 ? [playerCell(player)] : []), ...each))
  rows[0].cells[0].rowSpan = rows.length
  for (const [index, each] of rows.entries()) {
    each.cells[index === 0 ? 1 : 0].className = "name"
    each.className = `${player.status}${index === 0 ? " first" : ""}`
  }
  return rows
}

const show = (edited) => {
  const { guild, roster } = open
  const count = roster.players.reduce((sum, { characters }) => sum + characters.length, 0)
  $("roster-title").textContent = `${guild.name}: ${count} ${count === 1 ? "character" : "characters"}`
  draw(roster.players.flatMap(playerRows), edited)
  const editable = roster.players.filter(mayEdit)
  const isHidden = {
    add: !isOfficer() && editable.length === 0,
    import: !isOfficer(),
    history: false,
    keys: guild.membership_role !== "admin"
  }
  $("to-plans").href = planAddress(guild.id)
  for (const link of $("parts").querySelectorAll("[data-part]")) {
    const { part } = link.dataset
    link.href = address(guild.id, part)
    link.hidden = isHidden[part]
    $(part).hidden = isHidden[part]
  }
  $("new-player").hidden = !isOfficer()
  openTools({ ...open, editable, edit, ask })
}

/** Reads the open roster again; `edited` is the field whose text is not kept. */
export const readRoster = async (edited) => {
  const of = open
  if (of === undefined) return
  const { roster } = await call("GET", `/guilds/${of.guild.id}/roster`)
  if (open !== of) return
  open.roster = roster
  show(edited)
  if ($("history").open) await showHistory(of.guild.id)
}

/** Shows a guild's roster. */
export const openRoster = async (guild, me) => {
  const opened = { guild, me, game: undefined, roster: undefined }
  open = opened
  const { game_version: game } = await call("GET", `/game-versions/${guild.game_version}`)
  opened.game = game
  for (const part of ["add", "import", "history"]) $(part).open = false
  openKeys(guild.id)
  await readRoster()
  if (open !== opened) return
  const entries = () => opened.roster.players.flatMap(({ characters }) => characters)
  const fail = (error) => say(error.message)
  const ended = () => readRoster().catch(fail)
  await openRefresh({ guild, mayLead: isOfficer(), entries, ended }).catch(fail)
}

export const closeRoster = () => {
  closeRefresh()
  openKeys(undefined)
  open = undefined
}

$("history").addEventListener("toggle", () => {
  if ($("history").open && open !== undefined) showHistory(open.guild.id).catch((error) => say(error.message))
})
