import { $, element, on, tellAt } from "./common.js"

const dialog = $("choice")
const form = dialog.querySelector("form")
const { chosen } = form.elements

let open

/**
 * Asks for one of some choices, `[value, text]` each, in a dialog, and does `act` with the value. What is wrong with it
 * stands in the dialog, which stays; `done` runs when it is gone and something was done.
 */
export const choose = ({ title, choices, value, act, done }) => {
  open = { act, done }
  $("choice-title").textContent = title
  chosen.replaceChildren(
    ...choices.map(([name, text]) => element("option", { value: name, selected: name === value }, text))
  )
  dialog.showModal()
  chosen.focus()
}

form.addEventListener(
  "submit",
  on(async () => {
    const { act, done } = open
    try {
      await act(chosen.value)
    } catch (error) {
      // Somebody else's edit, or the session's end, is about more than this choice.
      if (error.status !== 401 && error.status !== 412) {
        tellAt(chosen, error)
        chosen.focus()
        return
      }
      dialog.close()
      done()
      throw error
    }
    dialog.close()
    done()
  })
)

$("choice-cancel").addEventListener("click", () => dialog.close())
