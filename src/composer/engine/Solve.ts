import highs from "highs"
import { anneal, greedy, hot, place, warm } from "./Anneal.ts"
import { kindsOf } from "./Kinds.ts"
import { patternsOf } from "./Patterns.ts"
import type { Answer, Budget, Caller, Problem, Seats } from "./Problem.ts"
import { prove } from "./Prove.ts"
import { randomOf } from "./Random.ts"
import { score } from "./Score.ts"
import { draftOf } from "./Draft.ts"

export const budget: Budget = { moves: 450_000, iterations: 150_000, nodes: 4000, seconds: 60 }

// Its types are those of CommonJS, its code is a module's: there the default is the function itself.
const loadHighs = highs as unknown as typeof highs.default

/** Each run of the annealing begins anew, so that one that went astray is not the end. */
const runs = 3

/** Groups in the order in which they were, members by candidate: equal answers look equal. */
const ordered = (seats: Seats): Seats => seats.map((groups) => groups.map((group) => group.toSorted((a, b) => a - b)))

/**
 * Composes, then proves how far from the best that is. The same problem and budget have the same answer unless time ends
 * it. It blocks its thread, but for the start.
 */
export const solve = async (problem: Problem, limits: Budget, caller: Caller): Promise<Answer> => {
  const began = performance.now()
  const late = () => performance.now() - began > limits.seconds * 1000
  const kinds = kindsOf(problem)
  const patterns = patternsOf(problem, kinds)
  const random = randomOf(1)
  const stopping = { ...caller, cancelled: () => caller.cancelled() || late() }

  const fresh = () => {
    const draft = draftOf(problem, kinds, patterns, random)
    greedy(problem, draft)
    return draft
  }
  const first = fresh()
  let best = { seats: first.seats(), value: first.value() }
  caller.tell({ stage: "greedy", ...best, bound: null })
  for (let run = 0; run < runs && !stopping.cancelled(); run++) {
    const found = anneal(problem, run === 0 ? first : fresh(), limits.moves / runs, hot, random, stopping)
    if (found.value <= best.value) continue
    best = found
    caller.tell({ stage: "annealing", ...best, bound: null })
  }
  const answered = (seats: Seats): Pick<Answer, "seats" | "value" | "parts"> => ({
    seats: ordered(seats),
    ...score(problem, seats)
  })
  if (stopping.cancelled())
    return { ...answered(best.seats), bound: null, proof: null, endedBy: caller.cancelled() ? "cancel" : "time" }
  /** Begins with whom a relaxation seats where, surest first, and anneals from a low temperature. */
  const follow = (hint: (candidate: number, raid: number) => number) => {
    const draft = draftOf(problem, kinds, patterns, random)
    const hinted = problem.candidates
      .flatMap((_, candidate) => problem.raids.map((_, raid) => ({ candidate, raid, share: hint(candidate, raid) })))
      .filter(({ share }) => share > 0.05)
      .toSorted((one, other) => other.share - one.share)
    for (const { candidate, raid } of hinted) place(draft, candidate, raid)
    greedy(problem, draft)
    return anneal(problem, draft, limits.moves / 9, warm, random, stopping)
  }
  const proved = prove(await loadHighs(), problem, kinds, patterns, best, follow, limits, caller, late)
  return { ...answered(proved.seats), bound: proved.bound, proof: "lp", endedBy: proved.endedBy }
}
