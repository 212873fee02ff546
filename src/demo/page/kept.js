import { $, element } from "./common.js"
import { placesOf, placeText } from "./seats.js"

const checked = () => [...$("kept").querySelectorAll(":checked")].map(({ value }) => value)

/** Those who sit somewhere, each to be kept there. */
export const drawKept = (plan) => {
  const kept = new Set(checked())
  const seated = [...placesOf(plan).values()].filter(({ group }) => group !== null)
  const focused = $("kept").contains(document.activeElement) ? document.activeElement.value : undefined
  $("kept").replaceChildren(
    ...seated.map(({ seat, raid, group }) => {
      const { entry_id: value, name, rank } = seat
      const box = element("input", { type: "checkbox", name: "kept", value, checked: kept.has(value) })
      const text = `${name}${rank === "alt" ? " (alt)" : ""}, ${placeText(plan, { raid, group })}`
      return element("li", {}, element("label", {}, box, text))
    })
  )
  if (focused !== undefined) $("kept").querySelector(`[value="${focused}"]`)?.focus()
}

/** Another plan's are not asked for. */
export const forgetKept = () => $("kept").replaceChildren()

export const locksOf = (plan) => {
  const places = placesOf(plan)
  return checked().map((entry) => {
    const { raid, group } = places.get(entry)
    return { entry_id: entry, raid, group }
  })
}
