import { $, call, element, on, row, say } from "./common.js"

/** What the forms of the open roster work on. */
let open

const fieldsOf = (form) => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""))

const choices = (id, name, options) =>
  $(id)
    .elements.namedItem(name)
    .replaceChildren(...options)

const option = (value, text = value) => element("option", { value }, text)

/** The rows of a dry run or write that are more than "unchanged". */
const showOutcome = ({ dry_run: isDry, changes, rows }) => {
  const counts = Object.entries(changes).filter(([, count]) => count > 0)
  const sum = counts.map(([change, count]) => `${count} ${change}`).join(", ") || "nothing to do"
  $("outcome").textContent = isDry ? `It would be: ${sum}.` : `Done: ${sum}.`
  $("outcome-rows").replaceChildren(
    ...rows
      .filter(({ change }) => change !== "unchanged")
      .map(({ player, character, change, fields = [] }) => {
        const made = row(
          change,
          player,
          character ?? "",
          fields.map(({ field, reason }) => `${field} ${reason}`).join("; ")
        )
        made.className = change
        return made
      })
  )
}

/** A list that holds JSON is sent as such, anything else as CSV. */
const listOf = (text) => (/^\s*[{[]/.test(text) ? JSON.parse(text) : text)

const importing = on(async ({ target, submitter }) => {
  const isDry = submitter.value === "check"
  const path = `/guilds/${open.guild.id}/roster/import?dry_run=${isDry}`
  let list
  try {
    list = listOf(target.elements.list.value)
  } catch {
    throw new Error("This is neither JSON nor CSV.")
  }
  const outcome = await call("POST", path, list, open.roster.revision).catch((error) => {
    // Nothing was written: the rows say why.
    if (error.status === 422 && error.details?.rows !== undefined) showOutcome({ ...error.details, dry_run: true })
    throw error
  })
  if (!isDry) await open.read()
  showOutcome(outcome)
})

const discovering = on(async ({ target }) => {
  say("Asking…")
  const { players, ...outcome } = await call("POST", `/guilds/${open.guild.id}/roster/discover`, {
    ...fieldsOf(target),
    region: open.guild.region
  })
  $("paste").elements.list.value = JSON.stringify({ players }, null, 1)
  showOutcome(outcome)
  say("Found. Import it as it is, or change it first.")
})

const addPlayer = on(async ({ target }) => {
  const body = fieldsOf(target)
  await open.edit("POST", "/players", body)
  target.reset()
  await open.read()
  say(`${body.name} is on the roster.`)
})

const addCharacter = on(async ({ target }) => {
  const { player, name, spec, race, rank } = fieldsOf(target)
  const [kind, talent] = spec.split("/")
  await open.edit("POST", `/players/${player}/characters`, { name, class: kind, spec: talent, race, rank })
  target.elements.name.value = ""
  await open.read()
  say(`${name} is on the roster.`)
})

$("new-player").addEventListener("submit", addPlayer)
$("new-character").addEventListener("submit", addCharacter)
$("discover").addEventListener("submit", discovering)
$("paste").addEventListener("submit", importing)

/** Fills the officers' forms for a roster. */
export const openTools = (state) => {
  const isNew = open?.guild.id !== state.guild.id
  open = state
  const { elements } = $("new-character")
  const player = elements.player.value
  choices(
    "new-character",
    "player",
    open.roster.players.map(({ id, name }) => option(id, name))
  )
  if (player !== "" && !isNew) elements.player.value = player
  if (!isNew) return
  const specs = open.game.classes.flatMap((one) =>
    one.specs.map(({ name, label }) => option(`${one.name}/${name}`, `${one.name}, ${label}`))
  )
  choices("new-character", "spec", specs)
  choices(
    "new-character",
    "race",
    open.game.races.map(({ name }) => option(name))
  )
  $("discover").elements.name.value = open.guild.name
  $("discover").elements.realm.value = open.guild.realm
  $("paste").reset()
  $("outcome").textContent = ""
  $("outcome-rows").replaceChildren()
}

const shown = (value) => (value === null || value === "" ? "nothing" : String(value))

const sentence = ({ created_at: at, actor, change, player, character, fields }) => {
  const who = actor?.discord?.global_name ?? actor?.discord?.username ?? "The service"
  const whom = character?.name ?? player.name
  const what = fields.map(({ field, from, to }) => `${field}: ${shown(from)} → ${shown(to)}`).join(", ")
  const when = new Date(at).toLocaleString(undefined, { dateStyle: "short", timeStyle: "short" })
  return element("li", {}, `${who}, ${change.replace("_", " ")}: ${whom} `, element("small", {}, `${what} ${when}`))
}

let older

/** The newest changes of a guild's roster; the button below asks for those before. */
export const showHistory = async (guild, cursor) => {
  const query = cursor === undefined ? "" : `&cursor=${cursor}`
  const { changes, next_cursor: next } = await call("GET", `/guilds/${guild}/roster/history?limit=20${query}`)
  const lines = changes.map(sentence)
  if (cursor === undefined) $("changes").replaceChildren(...lines)
  else $("changes").append(...lines)
  $("older").hidden = next === null
  older = { guild, next }
}

$("older").addEventListener(
  "click",
  on(() => showHistory(older.guild, older.next))
)
