import { anneal, greedy, place, warm } from "./Anneal.ts"
import { type Draft, draftOf } from "./Draft.ts"
import type { Kinds } from "./Kinds.ts"
import type { Patterns } from "./Patterns.ts"
import type { Caller, Problem, Seats } from "./Problem.ts"

/** A plan, and what it is worth. */
export interface Found {
  readonly seats: Seats
  readonly value: number
}

/** How sure it is that a candidate sits in a raid, from 0 to 1. */
export type Hint = (candidate: number, raid: number) => number

/** Seats whom a hint seats, surest first, then others. */
export const seatHinted = (problem: Problem, draft: Draft, hint: Hint) => {
  const hinted = problem.candidates
    .flatMap((_, candidate) => problem.raids.map((_, raid) => ({ candidate, raid, share: hint(candidate, raid) })))
    .filter(({ share }) => share > 0.05)
    .toSorted((one, other) => other.share - one.share)
  for (const { candidate, raid } of hinted) place(draft, candidate, raid)
  greedy(problem, draft)
}

/** Begins with whom a hint seats where and anneals that from a low temperature. */
export const followerOf =
  (
    problem: Problem,
    kinds: Kinds,
    patterns: Patterns,
    moves: number,
    random: () => number,
    caller: Pick<Caller, "cancelled">
  ) =>
  (hint: Hint): Found => {
    const draft = draftOf(problem, kinds, patterns)
    seatHinted(problem, draft, hint)
    return anneal(problem, draft, moves, warm, random, caller)
  }
