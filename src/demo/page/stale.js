import { $, call, element, row } from "./common.js"
import { differences } from "./seats.js"

const dialog = $("stale")

const named = (by) => by?.discord?.global_name ?? by?.discord?.username ?? "Somebody"

/** What others wrote since the plan was seen, newest first. */
const writesSince = async ({ id }, revision) => {
  const { revisions } = await call("GET", `/plans/${id}/revisions?limit=20`)
  return revisions.filter((one) => one.revision > revision)
}

/**
 * Tells that the plan was written meanwhile, with both versions side by side: `plan`, theirs, and `mine`, what it would be
 * with the move made again. Answers whether it is to be made again.
 */
export const settle = async ({ seen, plan, mine }) => {
  const writes = await writesSince(plan, seen.revision)
  const lines = writes.map(({ by, summary }) => element("li", {}, `${named(by)} meanwhile: ${summary}`))
  const who = [...new Set(writes.map(({ by }) => named(by)))].join(", ")
  $("stale-title").textContent = `${who || "Somebody"} wrote the plan meanwhile`
  $("stale-writes").replaceChildren(...lines)
  $("stale-rows").replaceChildren(...differences(plan, mine).map((cells) => row(...cells)))
  dialog.returnValue = ""
  dialog.showModal()
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }))
  return dialog.returnValue === "mine"
}
