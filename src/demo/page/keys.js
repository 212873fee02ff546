import { $, call, copying, element, on, say, when } from "./common.js"

/** The guild whose keys are shown. */
let guild

const forgetToken = () => {
  $("key-shown").hidden = true
  $("key-token").value = ""
}

const revoking = ({ id, name }) => {
  const of = guild
  return on(async () => {
    if (!confirm(`Revoke ${name}? Whatever uses it fails from then on.`)) return
    await call("DELETE", `/guilds/${of}/keys/${id}`)
    forgetToken()
    await showKeys()
    $("keys").firstElementChild.focus()
    say(`${name} is revoked.`)
  })
}

const lineOf = (key) => {
  const { name, prefix, scopes, created_by: maker, created_at: made, expires_at: end, last_used_at: used } = key
  const who = maker?.discord?.global_name ?? maker?.discord?.username ?? "somebody"
  const facts = [
    `${prefix}…`,
    scopes.join(" "),
    `made by ${who} ${when(made)}`,
    end === null ? "without end" : `until ${when(end)}`,
    used === null ? "never used" : `used ${when(used)}`
  ]
  const button = element("button", { className: "link", ariaLabel: `Revoke ${name}`, onclick: revoking(key) }, "revoke")
  return element("li", {}, name, " ", element("small", {}, facts.join(", ")), " ", button)
}

const showKeys = async () => {
  const of = guild
  const { keys } = await call("GET", `/guilds/${of}/keys`)
  if (guild !== of) return
  $("key-list").replaceChildren(...(keys.length > 0 ? keys.map(lineOf) : [element("li", {}, "No keys yet.")]))
}

const making = on(async ({ target }) => {
  const of = guild
  const form = new FormData(target)
  const days = form.get("days")
  const { key } = await call("POST", `/guilds/${of}/keys`, {
    name: form.get("name"),
    scopes: form.getAll("scopes"),
    expires_in_seconds: days === "" ? null : Number(days) * 86_400
  })
  if (guild !== of) return
  target.reset()
  $("key-shown").hidden = false
  $("key-token").value = key.token
  $("key-token").focus()
  $("key-token").select()
  await showKeys()
  say("This key is shown once: copy it now.")
})

$("new-key").addEventListener("submit", making)
$("copy-key").addEventListener("click", copying("key-token"))
$("keys").addEventListener("toggle", () => {
  if (!$("keys").open) forgetToken()
  else if (guild !== undefined) showKeys().catch((error) => say(error.message))
})

/** Another guild's keys, or nobody's: what was shown is forgotten. */
export const openKeys = (id) => {
  guild = id
  $("keys").open = false
  forgetToken()
  $("key-list").replaceChildren()
}
