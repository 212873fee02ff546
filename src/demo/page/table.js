import { $ } from "./common.js"

/** What is edited in place, by its key. */
export const find = (key) => document.querySelector(`#roster-rows [data-key="${CSS.escape(key)}"]`)

/** Draws the rows anew. Focus stays, and so does what is being written into another field than the edited one. */
export const draw = (rows, edited) => {
  const body = $("roster-rows")
  const unfolded = [...body.querySelectorAll("details[open]")].map(({ dataset }) => dataset.key)
  const before = body.contains(document.activeElement) ? document.activeElement : undefined
  const key = before?.dataset.key
  const isWritten = before?.type === "text" && key !== edited && before.value !== before.defaultValue
  body.replaceChildren(...rows)
  for (const one of unfolded) find(one)?.setAttribute("open", "")
  const after = key === undefined ? undefined : find(key)
  if (!after) return
  after.focus({ preventScroll: true })
  if (!isWritten) return
  after.value = before.value
  after.setSelectionRange(before.selectionStart, before.selectionEnd)
  // Not every browser tells of a change that a script began; where one does, this second event is ignored.
  const leave = () => after.value !== after.defaultValue && after.dispatchEvent(new Event("change"))
  after.addEventListener("blur", leave, { once: true })
}
