import { assert, it } from "@effect/vitest"
import { anneal, greedy, hot } from "../../src/composer/engine/Anneal.ts"
import { boundByRaid } from "../../src/composer/engine/ByRaid.ts"
import { draftOf } from "../../src/composer/engine/Draft.ts"
import { followerOf } from "../../src/composer/engine/Follow.ts"
import { kindsOf } from "../../src/composer/engine/Kinds.ts"
import { charge } from "../../src/composer/engine/OneRaid.ts"
import { patternsOf } from "../../src/composer/engine/Patterns.ts"
import type { Problem } from "../../src/composer/engine/Problem.ts"
import { type Division, prove, proverOf } from "../../src/composer/engine/Prove.ts"
import { randomOf } from "../../src/composer/engine/Random.ts"
import { score } from "../../src/composer/engine/Score.ts"
import { loadHighs } from "../../src/composer/engine/Solve.ts"
import { rosterOf, shapes } from "./rosters.ts"

const quiet = { tell: () => {}, cancelled: () => false }

/** Annealed for a moment. */
const found = (problem: Problem) => {
  const kinds = kindsOf(problem)
  const draft = draftOf(problem, kinds, patternsOf(problem, kinds))
  greedy(problem, draft)
  return anneal(problem, draft, 2000, hot, randomOf(3), quiet)
}

it("what was divided at some prices proves the same at others as what is divided anew", async () => {
  const library = await loadHighs()
  const problem = rosterOf(5, { ...shapes["1×10"], players: 14, characters: 22 })
  const kinds = kindsOf(problem)
  const patterns = patternsOf(problem, kinds)
  const random = randomOf(17)
  const kept = { ...proverOf(library, problem, kinds, patterns), pairs: undefined }
  const division: Division = { parts: [], problem }
  const limits = { nodes: Infinity, iterations: Infinity, bound: Infinity, value: Infinity }
  let older = 0
  for (const gap of [3000, 800, 0, 0]) {
    const candidates = problem.candidates.map((one) => ({ ...one, price: Math.floor(random() * 4000) }))
    const priced = { ...problem, candidates }
    const proved = (prover: typeof kept, gap: number, division?: Division) => {
      charge(prover, priced)
      const follow = followerOf(priced, kinds, patterns, 500, randomOf(1), quiet)
      const how = division === undefined ? { ...limits, gap } : { ...limits, gap, division }
      return prove({ ...prover, problem: priced }, found(priced), follow, how, quiet)
    }
    const anew = { ...proverOf(library, problem, kinds, patterns), pairs: undefined }
    const fresh = proved(anew, 0)
    anew.relaxation.dispose()
    const again = proved(kept, gap, division)
    assert.strictEqual(fresh.endedBy, "optimal")
    assert.isAtMost(again.value, fresh.value)
    assert.isAtLeast(again.bound, fresh.value)
    assert.isAtMost(again.bound - again.value, gap)
    assert.isAtLeast(division.parts.length, older)
    older = division.parts.length
  }
  assert.isAbove(older, 10)
  kept.relaxation.dispose()
})

/** Three raids of five, from 24 characters. */
const threeOf = (seed: number, sameHour: Problem["sameHour"]): Problem => {
  const one = { min: 1, max: 1 }
  const roster = rosterOf(seed, { ...shapes["3×10"], players: 18, characters: 24 })
  return { ...roster, raids: roster.raids.map(() => ({ size: 5, targets: { tank: one, heal: one } })), sameHour }
}

it.each([
  ["at different hours", []],
  [
    "at one hour",
    [
      [0, 1],
      [1, 2],
      [0, 2]
    ]
  ]
] as const)("three raids %s: proved to the point, where the relaxation of all is far off", async (_, sameHour) => {
  const library = await loadHighs()
  const problem = threeOf(3, sameHour)
  const kinds = kindsOf(problem)
  const patterns = patternsOf(problem, kinds)
  const prover = proverOf(library, problem, kinds, patterns)
  const random = randomOf(1)
  const start = found(problem)
  const bounds: Array<number> = []
  const follow = followerOf(problem, kinds, patterns, 20_000, random, quiet)
  const tell = ({ bound }: { readonly bound: number | null }) => void bounds.push(bound!)
  const by = boundByRaid(library, prover, start, follow, 30_000, random, { ...quiet, tell })
  assert.strictEqual(score(problem, by.seats).value, by.value)
  assert.deepStrictEqual([by.endedBy, by.bound], ["optimal", by.value])
  assert.isAbove(bounds[0]!, by.value * 1.05)
  const players = by.seats.map((raid) => raid.flat().map((one) => problem.candidates[one]!.player))
  for (const [one, other] of sameHour)
    assert.deepStrictEqual(
      players[one]!.filter((player) => players[other]!.includes(player)),
      []
    )
  const later = followerOf(problem, kinds, patterns, 200_000, randomOf(9), quiet)(() => 0)
  assert.isAtLeast(by.bound, later.value)
  prover.relaxation.dispose()
})

it("without a limit of work it ends by itself, with a bound that no plan is above", async () => {
  const library = await loadHighs()
  for (let seed = 11; seed <= 14; seed++) {
    const problem = threeOf(seed, [])
    const kinds = kindsOf(problem)
    const patterns = patternsOf(problem, kinds)
    const prover = proverOf(library, problem, kinds, patterns)
    const random = randomOf(seed)
    const follow = followerOf(problem, kinds, patterns, 20_000, random, quiet)
    const by = boundByRaid(library, prover, found(problem), follow, Infinity, random, quiet)
    assert.strictEqual(by.endedBy, by.bound === by.value ? "optimal" : "work", `seed ${seed}`)
    assert.isAtLeast(by.bound, followerOf(problem, kinds, patterns, 100_000, randomOf(9), quiet)(() => 0).value)
    prover.relaxation.dispose()
  }
})
