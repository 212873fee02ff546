// A minimal example of using the API from a browser: cookies are sent automatically, and changes carry the CSRF token.
const api = "__API__"

const cookie = (name) =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1)

const send = async (method, path, body, revision) => {
  const headers = {}
  if (body !== undefined) headers["content-type"] = typeof body === "string" ? "text/csv" : "application/json"
  if (method !== "GET") headers["x-csrf-token"] = cookie("csrf") ?? ""
  if (revision !== undefined) headers["if-match"] = `"${revision}"`
  const sent = typeof body === "string" ? body : JSON.stringify(body)
  const response = await fetch(api + path, { method, headers, body: sent, credentials: "include" })
  if (response.ok) return response
  const { message, details } = (await response.json()).error
  const retryAfter = response.headers.get("retry-after")
  throw Object.assign(new Error(message), { status: response.status, details, retryAfter })
}

/** Calls the API; an error response is thrown with the API's message and the fields that it names. A text goes as CSV. */
export const call = async (...request) => {
  const response = await send(...request)
  return response.status === 204 ? response.headers.get("x-return-to") : response.json()
}

/** Saves what the API answers as a file. */
export const download = async (path, name) => {
  const response = await send("GET", path)
  const href = URL.createObjectURL(await response.blob())
  element("a", { href, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(href), 1000)
}

/** What the API answers as it is. */
export const text = async (path) => (await send("GET", path)).text()

/** Listens to a stream of events; the browser connects again by itself. */
export const listen = (path) => new EventSource(api + path, { withCredentials: true })

/** Where this page and its cookies work; it may be open under another name of the same machine. */
export const home = "__HOME__"

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

const faults = new WeakMap()

const forget = (input) => {
  faults.get(input)?.remove()
  faults.delete(input)
  input.removeAttribute("aria-invalid")
  input.removeAttribute("aria-describedby")
}

let count = 0

/** What is wrong stands beside its field, until that is changed. */
const tell = (input, sentence) => {
  const earlier = faults.get(input)
  if (earlier !== undefined) {
    earlier.append(" ", sentence)
    return
  }
  const fault = element("small", { className: "fault", id: `fault-${(count += 1)}` }, sentence)
  faults.set(input, fault)
  input.ariaInvalid = "true"
  input.setAttribute("aria-describedby", fault.id)
  input.after(fault)
  input.addEventListener("input", () => forget(input), { once: true })
}

/** The input of a form that a field of the API is about. */
const inputFor = (form, field) => {
  const name = field.split(".").at(-1)
  return [...form.elements].find((input) => input.name === name || input.dataset.also?.split(" ").includes(name))
}

/** What is wrong with the only field that a request was about. */
export const tellAt = (input, { message, details }) => {
  const fields = details?.fields ?? []
  tell(input, fields.length > 0 ? fields.map(({ reason }) => `This ${reason}.`).join(" ") : message)
}

/** The fields for which there is no input are told with the message. */
const tellFaults = (target, error) => {
  const fields = error.details?.fields ?? []
  if (target.elements === undefined) {
    const isField = "value" in target && target.type !== "submit" && error.status !== 412
    if (isField) tellAt(target, error)
    return isField ? [] : fields
  }
  const untold = fields.filter(({ field, reason }) => {
    const input = inputFor(target, field)
    if (input !== undefined) tell(input, `This ${reason}.`)
    return input === undefined
  })
  target.querySelector("[aria-invalid]")?.focus()
  return untold
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
  for (const input of event.target.elements ?? [event.target]) forget(input)
  try {
    await work(event)
  } catch (error) {
    if (error.status === 401) whenSignedOut()
    const untold = tellFaults(event.target, error)
    say([error.message, ...untold.map(({ field, reason }) => `${field} ${reason}.`)].join(" "))
  }
  button.ariaBusy = "false"
}

/** Copies what a field shows. */
export const copying = (field) =>
  on(async () => {
    await navigator.clipboard.writeText($(field).value)
    say("Copied.")
  })

export const when = (time) => new Date(time).toLocaleString(undefined, { dateStyle: "short", timeStyle: "short" })

/** A parse in the item quality colour that raiders know from Warcraft Logs. */
export const percent = (value) => {
  const quality = [25, 50, 75, 95].filter((limit) => value >= limit).length + 1
  return value === null ? null : element("span", { className: `q${quality}` }, value.toFixed(1))
}

/** The address of a guild's roster, or of something on it. */
export const address = (guild, ...parts) => ["#/guilds", guild, "roster", ...parts].join("/")

/** The address of a guild's plans, or of one of them. */
export const planAddress = (guild, ...parts) => ["#/guilds", guild, "plans", ...parts].join("/")
