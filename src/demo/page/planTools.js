import { $, call, copying, element, on, say, text, when } from "./common.js"

/** The open plan, and how a write of it is taken over. */
let open

const restoring = (revision) => {
  const { of, inTurn, taken } = open
  return on(() =>
    inTurn(async () => {
      const { id, revision: seen } = of.plan
      const { plan } = await call("POST", `/plans/${id}/revisions/${revision}/restore`, undefined, seen)
      await taken(plan)
      await showRevisions()
      say(`The plan is as it was at revision ${revision}.`)
    })
  )
}

const revisionLine = ({ revision, at, by, summary }) => {
  const { of } = open
  const who = by?.discord?.global_name ?? by?.discord?.username ?? "Somebody"
  const line = element("li", {}, `${revision}. `, summary, " ", element("small", {}, `${who}, ${when(at)}`))
  if (of.mayEdit && revision < of.plan.revision) {
    const label = `Restore revision ${revision}`
    const button = element("button", { className: "link", ariaLabel: label, onclick: restoring(revision) }, "restore")
    line.append(" ", button)
  }
  return line
}

const showRevisions = async (cursor) => {
  const shown = open
  const query = cursor === undefined ? "" : `&cursor=${cursor}`
  const answer = await call("GET", `/plans/${shown.of.plan.id}/revisions?limit=20${query}`)
  if (open !== shown) return
  const lines = answer.revisions.map(revisionLine)
  if (cursor === undefined) $("revisions").replaceChildren(...lines)
  else $("revisions").append(...lines)
  $("older-revisions").hidden = answer.next_cursor === null
  shown.next = answer.next_cursor
}

const revoking = (id) =>
  on(async () => {
    await call("DELETE", `/plans/${open.of.plan.id}/shares/${id}`)
    await showShares()
    $("share-link").hidden = true
    say("The link shows nothing any more.")
  })

const showShares = async () => {
  const { shares } = await call("GET", `/plans/${open.of.plan.id}/shares`)
  const lines = shares.map(({ id, created_at: made, expires_at: end, last_used_at: used }) => {
    const facts = [`made ${when(made)}`, end === null ? "without end" : `until ${when(end)}`]
    const text = [...facts, used === null ? "never opened" : `opened ${when(used)}`].join(", ")
    const button = element("button", { className: "link", onclick: revoking(id) }, "revoke")
    return element("li", {}, text, " ", button)
  })
  $("shares").replaceChildren(...lines)
}

const share = on(async ({ target }) => {
  const days = target.elements.days.value
  const body = { expires_in_seconds: days === "" ? null : Number(days) * 86_400 }
  const { share } = await call("POST", `/plans/${open.of.plan.id}/shares`, body)
  $("share-link").hidden = false
  $("share-url").value = share.url
  await showShares()
  $("share-url").focus()
  $("share-url").select()
  say("This link is shown once: copy it now.")
})

const exporting = on(async ({ target }) => {
  $("exported").value = await text(`/plans/${open.of.plan.id}/export?format=${target.dataset.format}`)
  $("exported").hidden = false
  $("copy").hidden = false
  $("exported").focus()
  $("exported").select()
})

$("older-revisions").addEventListener(
  "click",
  on(() => showRevisions(open.next))
)
$("new-share").addEventListener("submit", share)
for (const button of $("plan-export").querySelectorAll("[data-format]")) button.addEventListener("click", exporting)
$("copy").addEventListener("click", copying("exported"))
$("copy-link").addEventListener("click", copying("share-url"))

const showUnfolded = (part, show) =>
  $(part).addEventListener("toggle", () => {
    if ($(part).open && open !== undefined) show().catch((error) => say(error.message))
  })
showUnfolded("plan-history", showRevisions)
showUnfolded("plan-share", showShares)

/** What is unfolded follows the plan. */
export const planWritten = async () => {
  if ($("plan-history").open) await showRevisions()
}

export const openPlanTools = (of, ways) => {
  open = { of, ...ways }
  for (const part of ["plan-history", "plan-share", "plan-export"]) $(part).open = false
  for (const part of ["share-link", "exported", "copy"]) $(part).hidden = true
  $("plan-share").hidden = !of.mayEdit
}
