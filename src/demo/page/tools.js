import { $, call, download, element, on, row, say, when } from "./common.js"

/** What the forms of the open roster work on. */
let open

const fieldsOf = (form) => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""))

const choices = (id, name, options) =>
  $(id)
    .elements.namedItem(name)
    .replaceChildren(...options)

const option = (value, text = value) => element("option", { value }, text)

/** The rows of a dry run or write that are more than "unchanged". */
const showOutcome = ({ dry_run: isDry, changes, rows, left_out: leftOut = {} }) => {
  const told = (counts) =>
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `${count} ${what.replace("_", " ")}`)
      .join(", ")
  const left = told(leftOut)
  const sum = `${told(changes) || "nothing to do"}.${left && ` Left out, by reason: ${left}.`}`
  $("outcome").textContent = isDry ? `It would be: ${sum}` : `Done: ${sum}`
  const shown = rows.filter(({ change }) => change !== "unchanged")
  $("outcome-table").hidden = shown.length === 0
  $("outcome-rows").replaceChildren(
    ...shown.map(({ player, character, change, fields = [] }) => {
      const what = fields.map(({ field, reason }) => `${field} ${reason}`).join("; ")
      const made = row(change, player, character ?? "", what)
      made.className = change
      return made
    })
  )
  $("outcome").scrollIntoView({ block: "center" })
  // What is written was looked at before, and is valid.
  $("write").disabled = !isDry || changes.invalid > 0
}

const forgetOutcome = () => {
  $("outcome").textContent = ""
  $("outcome-table").hidden = true
  $("write").disabled = true
}

/** A list that holds JSON is sent as such, anything else as CSV. */
const listOf = (text) => {
  if (!/^\s*[{[]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    const fields = [{ field: "list", reason: "is neither JSON nor CSV" }]
    throw Object.assign(new Error("The list cannot be read."), { details: { fields } })
  }
}

const importing = on(async ({ target, submitter }) => {
  const isDry = submitter.value === "check"
  const { list, replace } = target.elements
  const path = `/roster/import?dry_run=${isDry}&replace=${replace.checked}`
  try {
    showOutcome(await (isDry ? open.ask : open.edit)("POST", path, listOf(list.value)))
    if (isDry) return
    $("outcome").focus()
    say("The list is on the roster.")
  } catch (error) {
    forgetOutcome()
    // Nothing was written: the rows say why.
    if (error.status === 422 && error.details?.rows !== undefined) showOutcome({ ...error.details, dry_run: true })
    throw error
  }
})

const discovering = on(async ({ target }) => {
  say("Asking…")
  const { min_level: level, max_rank: rank, ...sought } = fieldsOf(target)
  const bounds = { ...(level && { min_level: Number(level) }), ...(rank && { max_rank: Number(rank) }) }
  const { players, ...outcome } = await open.ask("POST", "/roster/discover", { ...sought, ...bounds })
  const { list, replace } = $("paste").elements
  list.value = JSON.stringify({ players }, null, 1)
  replace.checked = false
  showOutcome(outcome)
  say("Found. Import it as it is, or change it first.")
})

const addPlayer = on(async ({ target }) => {
  const body = fieldsOf(target)
  await open.edit("POST", "/players", body)
  target.reset()
  say(`${body.name} is on the roster.`)
})

const addCharacter = on(async ({ target }) => {
  const { player, spec, ...others } = fieldsOf(target)
  const [kind, talent] = spec.split("/")
  const { name } = others
  await open.edit("POST", `/players/${player}/characters`, { ...others, class: kind, spec: talent })
  target.elements.name.value = ""
  say(`${name} is on the roster.`)
})

for (const button of $("export").children) {
  const { format } = button.dataset
  const exporting = () => download(`/guilds/${open.guild.id}/roster/export?format=${format}`, `roster.${format}`)
  button.addEventListener("click", on(exporting))
}

$("new-player").addEventListener("submit", addPlayer)
$("new-character").addEventListener("submit", addCharacter)
$("discover").addEventListener("submit", discovering)
$("paste").addEventListener("submit", importing)
$("paste").addEventListener("input", forgetOutcome)

/** Fills the forms for a roster. */
export const openTools = (state) => {
  const isNew = open?.guild.id !== state.guild.id
  open = state
  const { elements } = $("new-character")
  const player = elements.player.value
  choices(
    "new-character",
    "player",
    open.editable.map(({ id, name }) => option(id, name))
  )
  if (!isNew && open.editable.some(({ id }) => id === player)) elements.player.value = player
  if (!isNew) return
  const specs = open.game.classes.flatMap((one) =>
    one.specs.map(({ name, label }) => option(`${one.name}/${name}`, `${one.name}, ${label}`))
  )
  choices("new-character", "spec", specs)
  choices("new-character", "race", [option("", "unknown"), ...open.game.races.map(({ name }) => option(name))])
  const sought = $("discover").elements
  for (const name of ["name", "realm", "region"]) sought[name].value = open.guild[name]
  sought.min_level.placeholder = open.game.max_level
  $("paste").reset()
  forgetOutcome()
}

const shown = (value) => [value ?? []].flat().join(", ") || "nothing"

const changeRow = ({ created_at: at, actor, change, player, character, fields }) => {
  const who = actor?.discord?.global_name ?? actor?.discord?.username ?? "The service"
  const whom = character === null ? player.name : `${character.name ?? "a character"} (${player.name})`
  const what = fields.map(({ field, from, to }) => `${field}: ${shown(from)} → ${shown(to)}`).join(", ")
  return row(when(at), who, change.replace("_", " "), whom, what)
}

let older

/** The newest changes of a guild's roster; the button below asks for those before. */
export const showHistory = async (guild, cursor) => {
  const query = cursor === undefined ? "" : `&cursor=${cursor}`
  const { changes, next_cursor: next } = await call("GET", `/guilds/${guild}/roster/history?limit=20${query}`)
  const lines = changes.map(changeRow)
  if (cursor === undefined) $("changes").replaceChildren(...lines)
  else $("changes").append(...lines)
  $("older").hidden = next === null
  older = { guild, next }
}

$("older").addEventListener(
  "click",
  on(() => showHistory(older.guild, older.next))
)
