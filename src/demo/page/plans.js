import { $, call, element, on, planAddress } from "./common.js"

let open

const line = ({ id, title, raids }) => {
  const facts = raids.map(({ title: name, size, seated }) => `${name}: ${seated} of ${size}`).join("; ")
  const link = element("a", { href: planAddress(open.guild.id, id) }, title)
  return element("li", {}, link, " ", element("small", {}, facts))
}

const list = async (cursor) => {
  const shown = open
  const query = cursor === undefined ? "" : `&cursor=${cursor}`
  const { plans, next_cursor: next } = await call("GET", `/guilds/${shown.guild.id}/plans?limit=20${query}`)
  if (open !== shown) return
  if (cursor === undefined) $("plan-list").replaceChildren()
  $("plan-list").append(...plans.map(line))
  if ($("plan-list").children.length === 0) $("plan-list").append(element("li", {}, "There is no plan yet."))
  $("older-plans").hidden = next === null
  shown.next = next
}

const create = on(async ({ target }) => {
  const { title, raid, size, starts_at: at, raids } = Object.fromEntries(new FormData(target))
  const count = Number(raids)
  const made = Array.from({ length: count }, (_, index) => ({
    title: count === 1 ? raid : `${raid} ${"ABCDEFGH"[index]}`,
    size: Number(size),
    ...(at !== "" && { starts_at: new Date(at).toISOString() })
  }))
  const { plan } = await call("POST", `/guilds/${open.guild.id}/plans`, { title, raids: made })
  target.reset()
  location.hash = planAddress(open.guild.id, plan.id)
})

$("new-plan").addEventListener("submit", create)
$("older-plans").addEventListener(
  "click",
  on(() => list(open.next))
)

/** Shows the plans of a guild. */
export const openPlans = async (guild) => {
  open = { guild }
  $("plans-title").textContent = `${guild.name}: plans`
  $("new-plan").hidden = !["officer", "admin"].includes(guild.membership_role)
  await list()
}
