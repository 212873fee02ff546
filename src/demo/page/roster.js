import { $, call, element, on, percent, row, say } from "./common.js"
import { openTools, showHistory } from "./tools.js"

/** The open guild: its roster as it was last read, the words of its game, and who looks. */
let open

const isOfficer = () => ["officer", "admin"].includes(open.guild.membership_role)

/** An edit by somebody else comes first: the roster is read anew, and nothing is lost without a word. */
const edit = async (method, path, body) => {
  try {
    return await call(method, `/guilds/${open.guild.id}${path}`, body, open.roster.revision)
  } catch (error) {
    if (error.status !== 412) throw error
    await read()
    const sentence = "Somebody else has changed the roster meanwhile. It is shown as it is now: please look again."
    throw new Error(sentence, { cause: error })
  }
}

const select = (label, value, choices, change) => {
  const all = choices.includes(value) ? choices : [value, ...choices]
  const options = all.map((choice) => element("option", { value: choice, selected: choice === value }, choice))
  const onchange = on(async ({ target }) => {
    try {
      await change(target.value)
    } finally {
      await read()
    }
    say("Saved.")
  })
  return element("select", { ariaLabel: label, onchange }, ...options)
}

const classOf = (name) => open.game.classes.find((one) => one.name === name)

const coloured = (text, name) => {
  const made = element("span", { className: "class" }, text)
  const colour = classOf(name)?.colour
  if (colour !== undefined) made.style.setProperty("--class", colour)
  return made
}

const average = ({ best_performance_average: best, median_performance_average: median }) =>
  best === null ? null : element("span", {}, percent(best), " / ", percent(median) ?? "–")

const asked = ({ warcraftlogs, battlenet }) => {
  const day = (snapshot) =>
    snapshot === null ? "never" : new Date(snapshot.fetched_at).toLocaleDateString(undefined, { dateStyle: "short" })
  const faults = [warcraftlogs?.error, battlenet?.error].filter(Boolean).join(" ")
  return element("small", { title: faults }, `logs ${day(warcraftlogs)}, profile ${day(battlenet)}${faults && " ⚠"}`)
}

const removing = (label, path, question) =>
  element(
    "button",
    {
      className: "link",
      ariaLabel: label,
      onclick: on(async () => {
        if (!confirm(question)) return
        await edit("DELETE", path)
        await read()
      })
    },
    "✕"
  )

const playerCell = (player) => {
  const path = `/players/${player.id}`
  if (!isOfficer()) return element("span", { title: player.note ?? "" }, player.name)
  const rename = on(async ({ target }) => {
    await edit("PATCH", path, { name: target.value })
    await read()
    say("Saved.")
  })
  const name = element("input", { value: player.name, ariaLabel: `Name of ${player.name}`, onchange: rename })
  name.size = Math.max(8, player.name.length)
  const states = ["active", "trial", "bench", "inactive"]
  const status = select(`Status of ${player.name}`, player.status, states, (to) => edit("PATCH", path, { status: to }))
  const remove = removing(`Remove ${player.name}`, path, `Remove ${player.name} and all their characters?`)
  return element("span", { className: "player", title: player.note ?? "" }, name, status, remove)
}

const entryRow = (player, entry, isFirst) => {
  const path = `/players/${player.id}/characters/${entry.entry_id}`
  const change = (field) => (to) => edit("PATCH", path, { [field]: to })
  const link = element("button", { className: "link", onclick: on(() => open.onCharacter(entry.id)) }, entry.name)
  const own = player.user_id === open.me.id ? [" ", element("small", {}, "yours")] : []
  const name = element("span", {}, coloured("■ ", entry.class), link, ...own)
  const specs = classOf(entry.class)?.specs.map((spec) => spec.name) ?? []
  const { warcraftlogs, battlenet } = entry.summary
  const edits = isOfficer()
    ? [
        select(`Spec of ${entry.name}`, entry.spec, specs, change("spec")),
        select(`Role of ${entry.name}`, entry.role, ["tank", "heal", "melee", "ranged"], change("role")),
        select(`Rank of ${entry.name}`, entry.rank, ["main", "alt"], change("rank"))
      ]
    : [entry.spec, entry.role, entry.rank]
  return row(
    isFirst ? playerCell(player) : "",
    name,
    ...edits,
    battlenet?.equipped_item_level,
    warcraftlogs === null ? null : average(warcraftlogs),
    asked(entry.summary),
    isOfficer() ? removing(`Remove ${entry.name}`, path, `Take ${entry.name} off the roster?`) : ""
  )
}

const show = () => {
  const { guild, roster } = open
  const count = roster.players.reduce((sum, { characters }) => sum + characters.length, 0)
  $("roster-title").textContent = `${guild.name}: ${count} ${count === 1 ? "character" : "characters"}`
  $("roster-rows").replaceChildren(
    ...roster.players.flatMap((player) =>
      player.characters.length === 0
        ? [row(playerCell(player), element("small", {}, "no characters"), ...Array.from({ length: 7 }, () => ""))]
        : player.characters.map((entry, index) => entryRow(player, entry, index === 0))
    )
  )
  $("officer").hidden = !isOfficer()
}

const read = async () => {
  const { roster } = await call("GET", `/guilds/${open.guild.id}/roster`)
  open.roster = roster
  show()
  if (isOfficer()) openTools({ ...open, edit, read })
  await showHistory(open.guild.id)
}

/** Shows a guild's roster; `onCharacter` opens a character by its id. */
export const openRoster = async (guild, me, onCharacter) => {
  const { game_version: game } = await call("GET", `/game-versions/${guild.game_version}`)
  open = { guild, me, game, onCharacter, roster: undefined }
  await read()
}
