// A minimal example of using the API from a browser: cookies are sent automatically, and changes carry the CSRF token.
const api = "__API__"

const cookie = (name) =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1)

/** Calls the API; an error response is thrown with the API's message and the fields that it names. A text goes as CSV. */
export const call = async (method, path, body, revision) => {
  const headers = {}
  if (body !== undefined) headers["content-type"] = typeof body === "string" ? "text/csv" : "application/json"
  if (method !== "GET") headers["x-csrf-token"] = cookie("csrf") ?? ""
  if (revision !== undefined) headers["if-match"] = `"${revision}"`
  const sent = typeof body === "string" ? body : JSON.stringify(body)
  const response = await fetch(api + path, { method, headers, body: sent, credentials: "include" })
  if (response.status === 204) return undefined
  const answer = await response.json()
  if (response.ok) return answer
  const { message, details } = answer.error
  throw Object.assign(new Error(message), { status: response.status, details })
}

export const $ = (id) => document.getElementById(id)

/** Elements are created, never written as HTML, because names are user input. */
export const element = (tag, properties, ...children) => {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children)
  return made
}

export const row = (...cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell ?? "–")))

export const say = (sentence) => {
  $("message").textContent = sentence
}

/** What is wrong stands at its field; it goes when that is changed. */
const tell = (form, fields) => {
  for (const { field, reason } of fields) {
    const input = form.elements?.namedItem(field.split(".").at(-1))
    if (!(input instanceof HTMLElement)) continue
    input.setCustomValidity(`This ${reason}.`)
    input.addEventListener("input", () => input.setCustomValidity(""), { once: true })
    input.reportValidity()
  }
}

let whenSignedOut = () => {}
export const onSignedOut = (run) => {
  whenSignedOut = run
}

/** A listener that shows errors and ignores a second press while it works. */
export const on = (work) => async (event) => {
  event.preventDefault()
  const button = event.submitter ?? event.currentTarget
  if (button.ariaBusy === "true") return
  button.ariaBusy = "true"
  say("")
  try {
    await work(event)
  } catch (error) {
    if (error.status === 401) whenSignedOut()
    const fields = error.details?.fields ?? []
    say([error.message, ...fields.map(({ field, reason }) => `${field} ${reason}.`)].join(" "))
    tell(event.target, fields)
  }
  button.ariaBusy = "false"
}

/** A parse in the item quality colour that raiders know from Warcraft Logs. */
export const percent = (value) => {
  const quality = [25, 50, 75, 95].filter((limit) => value >= limit).length + 1
  return value === null ? null : element("span", { className: `q${quality}` }, value.toFixed(1))
}
