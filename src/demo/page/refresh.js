import { $, address, call, element, listen, on, say } from "./common.js"

const names = { warcraftlogs: "Warcraft Logs", battlenet: "Battle.net" }
const providers = Object.keys(names)

/** The roster whose refresh is shown, the refresh, and what became of its parts: by entry, then by provider. */
let open

const isLive = ({ refresh }) => refresh !== undefined && refresh.finished_at === null

const time = (at) => new Date(at).toLocaleTimeString(undefined, { timeStyle: "medium" })

const reasons = {
  reserve: () => "the rest of the hour's points is kept for single refreshes",
  limit: (name) => `${name} told us to wait`,
  provider: (name) => `${name} does not respond`
}

const sumText = (provider, counts) => {
  const { done, fresh, failed, waiting, requests, points_left: points, waiting_until: until } = counts
  const parts = [`${done} read, ${fresh} fresh already, ${failed} failed, ${waiting} waiting`]
  parts.push(`${requests} ${requests === 1 ? "request" : "requests"}`)
  if (points !== null) parts.push(`${Math.floor(points)} points left`)
  if (until !== null) parts.push(`waits until ${time(until)}, as ${reasons[counts.waiting_for](names[provider])}`)
  return parts.join(" · ")
}

const stateText = ({ state, finished_at: at, waiting_until: until, providers: counts }) => {
  const failed = providers.reduce((sum, provider) => sum + (counts[provider]?.failed ?? 0), 0)
  switch (state) {
    case "running":
      return "The roster is being read anew."
    case "waiting":
      return `The refresh waits until ${time(until)}.`
    case "done":
      return `Refreshed at ${new Date(at).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" })}; ${failed} failed.`
    case "cancelled":
      return `Cancelled at ${time(at)}: what was read stays.`
    default:
      return `The refresh failed at ${time(at)}. Please begin another one.`
  }
}

/** A text that is told when it changes must not be set again. */
const write = (id, text) => {
  if ($(id).textContent !== text) $(id).textContent = text
}

/** Either another can be begun or this one cancelled; the keyboard stays where it was. */
const showControls = (of) => {
  const [form, cancel] = [$("new-refresh"), $("cancel-refresh")]
  const hadFocus = form.contains(document.activeElement) || cancel === document.activeElement
  form.hidden = !of.mayLead || isLive(of)
  cancel.hidden = !of.mayLead || !isLive(of)
  if (hadFocus) (isLive(of) ? cancel : $("begin-refresh")).focus()
}

const showBar = (provider, counts) => {
  $(`bar-${provider}`).parentElement.hidden = counts === null
  if (counts === null) return
  const settled = counts.total - counts.waiting
  Object.assign($(`bar-${provider}`), { max: Math.max(1, counts.total), value: counts.total === 0 ? 1 : settled })
  write(`sum-${provider}`, sumText(provider, counts))
}

const words = { done: "✓ read", fresh: "✓ fresh already", failed: "✗ failed" }

const cellText = (of, part) => {
  if (part === undefined) return "–"
  if (part.outcome === null) return isLive(of) ? "waiting" : "not read"
  return `${words[part.outcome]}${part.error === null ? "" : `: ${part.error}`}`
}

const fill = (of, entry) => {
  const { row, parts } = of.outcomes.get(entry)
  for (const [index, provider] of providers.entries()) {
    const cell = row.cells[index + 1]
    const part = parts[provider]
    const text = cellText(of, part)
    if (cell.textContent !== text) cell.textContent = text
    cell.className = part?.outcome ?? ""
  }
}

const outcomeRow = (of, entry) => {
  const name =
    entry === undefined
      ? "no longer on the roster"
      : element("a", { href: address(of.guild.id, "characters", entry.id) }, entry.name)
  return element("tr", {}, element("th", { scope: "row" }, name), element("td"), element("td"))
}

/** Draws what is known. */
const show = (of) => {
  const { refresh } = of
  $("refresh").hidden = refresh === undefined && !of.mayLead
  $("refresh-shown").hidden = refresh === undefined
  showControls(of)
  if (refresh === undefined) return
  write("refresh-state", stateText(refresh))
  for (const provider of providers) showBar(provider, refresh.providers[provider])
}

const stop = (of) => {
  of.source?.close()
  clearTimeout(of.again)
}

/** Takes the counts as they now are, and parts that were settled. */
const take = (of, { parts, ...refresh }) => {
  const wasLive = isLive(of)
  of.refresh = refresh
  for (const part of parts) of.outcomes.get(part.entry_id).parts[part.provider] = part
  show(of)
  for (const entry of isLive(of) ? parts.map(({ entry_id: id }) => id) : of.outcomes.keys()) fill(of, entry)
  if (isLive(of)) return
  stop(of)
  write("refresh-live", "")
  if (wasLive) of.ended()
}

/** Takes a refresh with all its parts, in the roster's order. */
const replace = (of, refresh) => {
  const wanted = new Set(refresh.parts.map(({ entry_id: id }) => id))
  const known = new Map(of.entries().map((entry) => [entry.entry_id, entry]))
  const ids = [...[...known.keys()].filter((id) => wanted.has(id)), ...[...wanted].filter((id) => !known.has(id))]
  of.outcomes = new Map(ids.map((id) => [id, { row: outcomeRow(of, known.get(id)), parts: {} }]))
  $("refresh-rows").replaceChildren(...[...of.outcomes.values()].map(({ row }) => row))
  take(of, refresh)
}

const pathOf = ({ guild, refresh }) => `/guilds/${guild.id}/refreshes/${refresh.id}`

/** Reads the shown refresh, and goes on listening while it lives; whatever keeps it from that is told, and tried again. */
const resume = async (of) => {
  stop(of)
  try {
    const { refresh } = await call("GET", pathOf(of))
    if (open !== of) return
    replace(of, refresh)
    if (isLive(of)) follow(of)
  } catch (error) {
    if (open !== of) return
    const isFinal = error.status < 500 && error.status !== 429
    const reason = error.status === undefined ? "The service does not answer." : error.message
    write("refresh-live", `Not live: ${reason}${isFinal ? "" : " It is tried again…"}`)
    if (!isFinal) of.again = setTimeout(resume, 2000, of)
  }
}

/** An event tells what changed since the one before; a cut loses none, and whoever missed one reads everything. */
const follow = (of) => {
  stop(of)
  const source = listen(`${pathOf(of)}/events`)
  let last = 0
  of.source = source
  source.addEventListener("refresh", ({ data, lastEventId }) => {
    const { after, refresh, parts } = JSON.parse(data)
    if (after !== last) {
      resume(of)
      return
    }
    last = Number(lastEventId)
    take(of, { ...refresh, parts })
  })
  source.addEventListener("open", () => write("refresh-live", "live"))
  source.addEventListener("error", () => {
    write("refresh-live", "reconnecting…")
    // The browser connects again by itself, unless it was answered by something else than events.
    if (source.readyState === EventSource.CLOSED) of.again = setTimeout(resume, 2000, of)
  })
}

/** Shows the guild's latest refresh, and follows it while it lives. `ended` is called when one ends. */
export const openRefresh = async (of) => {
  closeRefresh()
  open = Object.assign(of, { refresh: undefined, outcomes: new Map() })
  $("outcomes").open = false
  write("refresh-live", "")
  show(of)
  const { refreshes } = await call("GET", `/guilds/${of.guild.id}/refreshes`)
  if (open !== of || refreshes.length === 0) return
  ;[of.refresh] = refreshes
  await resume(of)
}

export const closeRefresh = () => {
  if (open !== undefined) stop(open)
  open = undefined
}

$("new-refresh").addEventListener(
  "submit",
  on(async ({ target }) => {
    const of = open
    const age = Number(target.elements.stale_after_seconds.value)
    const { refresh } = await call("POST", `/guilds/${of.guild.id}/refreshes`, { stale_after_seconds: age })
    if (open !== of) return
    replace(of, refresh)
    if (isLive(of)) follow(of)
    else say("Everything is fresh already.")
  })
)

$("cancel-refresh").addEventListener(
  "click",
  on(async () => {
    const of = open
    await call("DELETE", pathOf(of))
    if (open === of) await resume(of)
  })
)
