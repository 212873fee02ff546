import { element, percent } from "./common.js"

/** A character's averages: best and median. */
export const average = ({ best_performance_average: best, median_performance_average: median }) =>
  best === null ? null : element("span", {}, percent(best), " / ", percent(median) ?? "–")

/** The age of what a provider said, in the largest unit that is full. */
const age = (snapshot) => {
  if (snapshot === null) return "never"
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(snapshot.fetched_at)) / 60_000))
  if (minutes < 60) return `${minutes} min`
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`
}

export const asked = ({ warcraftlogs, battlenet }) => {
  const faults = [warcraftlogs?.error, battlenet?.error].filter(Boolean).join(" ")
  const ages = `${age(warcraftlogs)} / ${age(battlenet)}${faults && ` ⚠ ${faults}`}`
  return element("small", { className: "asked", title: faults }, ages)
}

/** Where Wowhead has the items of a game. */
const wowhead = { classic1x: "classic/", classic: "tbc/", classicann: "tbc/" }

/** Logs know items by number only. */
const itemLink = (game, id, properties) =>
  element(
    "a",
    {
      href: `https://www.wowhead.com/${wowhead[game] ?? ""}item=${id}`,
      target: "_blank",
      rel: "noopener noreferrer",
      ...properties
    },
    id
  )

const enchants = ({ permanentEnchant: lasting, temporaryEnchant: temporary }) => [
  ...(lasting === null ? [] : [`enchant ${lasting}`]),
  ...(temporary === null ? [] : [`temporary enchant ${temporary}`])
]

/** A worn item with what is on it. */
export const itemOf = (game, item) => {
  const gems = (item.gems ?? []).flatMap(({ id }, index) => [index === 0 ? "gems " : ", ", itemLink(game, id)])
  const parts = [...enchants(item).map((text) => [text]), ...(gems.length > 0 ? [gems] : [])]
  const more = parts.flatMap((part, index) => (index === 0 ? part : ["; ", ...part]))
  return element("div", {}, itemLink(game, item.id, { className: `q${item.quality}` }), element("small", {}, ...more))
}
