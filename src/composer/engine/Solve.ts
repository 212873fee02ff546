import highs from "highs"
import { anneal, greedy } from "./Anneal.ts"
import { kindsOf } from "./Kinds.ts"
import { patternsOf } from "./Patterns.ts"
import type { Answer, Budget, Caller, Problem } from "./Problem.ts"
import { prove } from "./Prove.ts"
import { randomOf } from "./Random.ts"
import { scoreOf } from "./Score.ts"
import { draftOf } from "./Seating.ts"

/** What ends the work before its time does. */
export const budget: Budget = { moves: 600_000, iterations: 1e9, nodes: 5000, seconds: 60 }

const runs = 2

// Its types are those of CommonJS, its code is a module's: there the default is the function itself.
const load = highs as unknown as typeof highs.default

/** A plan by annealing from a greedy one, then the proof of how good it is, which may find a better one. */
export const solve = async (problem: Problem, budget: Budget, caller: Caller): Promise<Answer> => {
  const began = performance.now()
  const late = () => performance.now() - began > budget.seconds * 1000
  const solver = await load()
  const kinds = kindsOf(problem)
  const patterns = patternsOf(problem, kinds)
  const random = randomOf(1)
  const draft = draftOf(problem, kinds, patterns, random)
  greedy(problem, draft)
  let best = { seats: draft.seats(), value: draft.value() }
  caller.tell({ stage: "greedy", ...best, bound: null })
  const hurried = { tell: () => {}, cancelled: () => caller.cancelled() || late() }
  for (let run = 0; run < runs; run++) {
    const annealed = anneal(problem, draft, Math.floor(budget.moves / runs), random, hurried)
    if (annealed.value <= best.value) continue
    best = annealed
    caller.tell({ stage: "annealing", ...best, bound: null })
  }
  if (caller.cancelled() || late()) {
    const endedBy = caller.cancelled() ? "cancel" : "time"
    return { seats: best.seats, ...scoreOf(problem, best.seats), bound: null, proof: null, endedBy }
  }
  const { seats, bound, proof, endedBy } = prove(solver, problem, kinds, patterns, best, budget, caller, late)
  return { seats, ...scoreOf(problem, seats), bound, proof, endedBy }
}
