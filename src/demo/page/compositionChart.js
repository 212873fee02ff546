import { $ } from "./common.js"
import { number } from "./coverage.js"

/*
 * How value and bound came together: `[seconds, value, bound]` for each news of a composition. The window remembers them,
 * as the service tells only how it is now.
 */

const height = 170
const edge = { left: 8, right: 8, top: 18, bottom: 20 }

const shape = (tag, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

const keyOf = ({ id }) => `composition.${id}`

const remembered = (composition) => JSON.parse(sessionStorage.getItem(keyOf(composition)) ?? "[]")

const secondsOf = ({ started_at: start, finished_at: end }) => {
  const until = end === null ? Date.now() : Date.parse(end)
  return Math.max(0, Math.round((until - Date.parse(start)) / 100) / 10)
}

/** Takes what is new, and answers all that is known. */
export const chartOf = (composition) => {
  const points = remembered(composition)
  const { value, bound, started_at: start } = composition
  const last = points.at(-1)
  if (start === null || (value === null && bound === null)) return points
  const at = Math.max(secondsOf(composition), last?.[0] ?? 0)
  if (last?.[0] === at && last[1] === value && last[2] === bound) return points
  const next = [...points, [at, value, bound]]
  sessionStorage.setItem(keyOf(composition), JSON.stringify(next))
  return next
}

/** Each holds until the next. */
const stepsOf = (points, column) => {
  const known = points.filter((point) => point[column] !== null)
  return known.flatMap(([at, ...levels], index) => {
    const here = [at, levels[column - 1]]
    const next = known[index + 1]
    return next === undefined ? [here] : [here, [next[0], here[1]]]
  })
}

/** From where to where it is drawn: what lies far below the gap is not. */
const rangeOf = (points) => {
  const known = (column) => points.map((point) => point[column]).filter((level) => level !== null)
  const [values, bounds] = [known(1), known(2)]
  const high = Math.max(...values, ...bounds)
  const best = Math.max(...values)
  const lowest = Math.min(...values, ...bounds)
  return [high > best ? Math.max(lowest, best - 2 * (high - best)) : lowest, high]
}

const draw = (points) => {
  const width = Math.max(200, $("composition-chart").clientWidth)
  const [low, high] = rangeOf(points)
  const end = Math.max(points.at(-1)[0], 0.1)
  const x = (at) => edge.left + (at / end) * (width - edge.left - edge.right)
  const y = (level) => {
    const share = high === low ? 0.5 : Math.max(0, (level - low) / (high - low))
    return height - edge.bottom - share * (height - edge.top - edge.bottom)
  }
  const pathOf = (steps) => steps.map(([at, level]) => `${x(at).toFixed(1)},${y(level).toFixed(1)}`).join(" ")
  const [value, bound] = [stepsOf(points, 1), stepsOf(points, 2)]
  const between = value.filter(([at]) => at >= (bound[0]?.[0] ?? Infinity))
  const text = (at, level, anchor, words) => shape("text", { x: at, y: level, "text-anchor": anchor }, words)
  const [, lastValue, lastBound] = points.at(-1)
  const known = (level) => (level === null ? "not known" : number.format(level))
  const label = `After ${end} seconds: value ${known(lastValue)}, bound ${known(lastBound)} points`
  return shape(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label },
    shape("line", { class: "axis", x1: edge.left, x2: width - edge.right, y1: y(low), y2: y(low) }),
    shape("polygon", { class: "gap", points: pathOf([...between, ...bound.toReversed()]) }),
    shape("polyline", { class: "bound", points: pathOf(bound) }),
    shape("polyline", { class: "value", points: pathOf(value) }),
    text(edge.left, 12, "start", `${number.format(high)} points`),
    text(edge.left, height - 6, "start", number.format(low)),
    text(width - edge.right, height - 6, "end", `${end} s`)
  )
}

let drawn = []

const redraw = () => {
  if (drawn.length > 1) $("composition-chart").replaceChildren(draw(drawn))
}

/** Draws them; with one there is no line. */
export const drawChart = (points) => {
  drawn = points
  $("composition-graph").hidden = points.length < 2
  redraw()
}

new ResizeObserver(redraw).observe($("composition-chart"))
