import { $, call, element } from "./common.js"
import { signed } from "./coverage.js"

const face = ({ name, class: className, spec }) =>
  element("span", {}, name, " ", element("small", {}, `${spec} ${className}`))

const raidOf = ({ title, size, starts_at: at, zone, groups, bench }, worth) => {
  const when = at === null ? [] : [new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })]
  const points = worth === undefined ? [] : [`${signed(worth.value).replace(/^[±+]/, "")} points of effects`]
  const facts = [`${size} seats`, ...(zone === null ? [] : [zone]), ...when, ...points].join(", ")
  const parties = groups.map((seats, group) => {
    const lines = seats.map((seat) => element("li", {}, seat === null ? element("small", {}, "free") : face(seat)))
    return element("div", { className: "group" }, element("h4", {}, `Group ${group + 1}`), element("ol", {}, ...lines))
  })
  const waiting = bench.flatMap((seat, index) => (index === 0 ? [face(seat)] : [", ", face(seat)]))
  return element(
    "div",
    { className: "raid" },
    element("h3", {}, title, " ", element("small", {}, facts)),
    element("div", { className: "groups" }, ...parties),
    element("p", {}, "Bench: ", ...(waiting.length === 0 ? ["nobody"] : waiting))
  )
}

/** The last part of a link's address, when the page is open at one. */
export const sharedToken = /^\/shared-plans\/([\w-]+)$/.exec(location.pathname)?.[1]

/** Shows what a link shows, to anybody. */
export const openShared = async (token) => {
  const { plan, coverage } = await call("GET", `/shared-plans/${token}`)
  $("shared-title").textContent = plan.title
  document.title = `${plan.title} · Raid composition`
  $("shared-raids").replaceChildren(...plan.raids.map((raid, index) => raidOf(raid, coverage?.raids[index])))
}
