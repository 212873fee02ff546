import { number } from "./coverage.js"
import { placesOf, placeText } from "./seats.js"

/* What a composition is, in words. */

const points = (count) => `${number.format(count)} ${count === 1 ? "point" : "points"}`

const stages = {
  greedy: "a first plan",
  annealing: "better plans by many small moves",
  relaxing: "what no plan can be better than",
  proving: "the proof"
}

const proofs = {
  lp: "checked again in integers, outside of the solver",
  mip: "by the solver's word"
}

const ends = {
  optimal: "the proof",
  work: "its budget of work",
  time: "its time: another run may answer otherwise",
  cancel: "whoever stopped it"
}

/** How good an answer is, and who says so. */
export const certificate = ({ state, value, bound, gap, gap_percent: percent, proof, ended_by: end }) => {
  if (state === "lost") return "Its server stopped before it was done. Please compose again."
  if (value === null) return "It ended before there was a plan."
  if (end === "optimal") return `Optimal: no plan is worth more; ${proofs[proof]}.`
  const endedBy = `ended by ${ends[end]}`
  if (bound === null) return `How far it is from the best is not known; ${endedBy}.`
  const share = percent === null ? "" : `, ${percent} percent,`
  return `At most ${points(gap)}${share} from the best; ${proofs[proof]}; ${endedBy}.`
}

export const stateText = ({ state, stage }) => {
  if (state === "queued") return "It waits for another composition."
  return stage === null ? "It begins." : `Being sought: ${stages[stage]}.`
}

export const figures = ({ value, bound, gap, gap_percent: percent }) => {
  if (value === null) return ""
  if (bound === null) return `Value ${points(value)}; the bound is not known yet.`
  const share = percent === null ? "" : `, ${percent} %`
  return `Value ${points(value)}, bound ${points(bound)}: gap ${points(gap)}${share}.`
}

/** One of the list. */
export const listed = (composition) => {
  const { finished_at: end, created_at: at, revision } = composition
  const when = new Date(at).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" })
  return `${when}, of revision ${revision}: ${end === null ? stateText(composition) : certificate(composition)}`
}

/** The wishes that clash; the form's are for seats that are kept. */
const clash = ({ reason, wishes }, plan) => {
  const places = placesOf(plan)
  const named = wishes.map(({ entry_id: entry, raid, group }) => {
    return `${places.get(entry)?.seat.name ?? "somebody"} in ${placeText(plan, { raid, group })}`
  })
  return `${reason} It is about: ${named.join("; ")}.`
}

/** Why nothing was begun, in full. */
export const refusal = ({ status, message, details, retryAfter }, plan) => {
  if (status === 429) return `${message} It is worth a try in ${retryAfter} s.`
  return details?.wishes === undefined ? message : `${message} ${clash(details, plan)}`
}

export const overtakenText = ({ details }) => {
  const by = details?.updated_by?.discord
  const who = by?.global_name ?? by?.username ?? "Somebody"
  return `${who} wrote the plan meanwhile. The moves are now from there: accept again if they are right.`
}
