import highs from "highs"
import { anneal, greedy, hot } from "./Anneal.ts"
import { kindsOf } from "./Kinds.ts"
import { patternsOf } from "./Patterns.ts"
import type { Answer, Budget, Caller, Problem, Seats } from "./Problem.ts"
import { boundByRaid, isByRaid } from "./ByRaid.ts"
import { followerOf } from "./Follow.ts"
import { prove, proverOf } from "./Prove.ts"
import { randomOf } from "./Random.ts"
import { score } from "./Score.ts"
import { draftOf } from "./Draft.ts"

export const budget: Budget = { moves: 450_000, iterations: 150_000, nodes: 4000, seconds: 60 }

// Its types are those of CommonJS, its code is a module's: there the default is the function itself.
export const loadHighs = highs as unknown as typeof highs.default

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
    const draft = draftOf(problem, kinds, patterns)
    greedy(problem, draft)
    return draft
  }
  const first = fresh()
  let best = { seats: first.seats(), value: first.value() }
  caller.tell({ stage: "greedy", ...best, bound: null })
  // Where raids are searched one by one later, one run is enough.
  const isSearched = isByRaid(problem)
  for (let run = 0; run < (isSearched ? 1 : runs) && !stopping.cancelled(); run++) {
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
  const library = await loadHighs()
  const prover = proverOf(library, problem, kinds, patterns)
  try {
    const follow = (moves: number) => followerOf(problem, kinds, patterns, moves, random, stopping)
    const { nodes, iterations } = limits
    const byRaid = isSearched
      ? boundByRaid(library, prover, best, follow(limits.moves / 3), iterations, random, stopping)
      : { ...best, bound: Infinity, iterations: 0 }
    const left = iterations - byRaid.iterations
    const all = { nodes, iterations: left, gap: 0, bound: byRaid.bound, value: Infinity }
    const proved = prove(prover, byRaid, follow(limits.moves / 9), all, stopping)
    const endedBy = proved.endedBy === "cancel" && !caller.cancelled() ? "time" : proved.endedBy
    return {
      ...answered(proved.seats),
      bound: Number.isFinite(proved.bound) ? proved.bound : null,
      proof: "lp",
      endedBy
    }
  } finally {
    prover.relaxation.dispose()
  }
}
