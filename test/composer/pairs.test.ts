import { assert, it } from "@effect/vitest"
import { anneal, greedy, hot } from "../../src/composer/engine/Anneal.ts"
import { draftOf } from "../../src/composer/engine/Draft.ts"
import { followerOf } from "../../src/composer/engine/Follow.ts"
import { kindsOf } from "../../src/composer/engine/Kinds.ts"
import { charge } from "../../src/composer/engine/OneRaid.ts"
import { partiesOf } from "../../src/composer/engine/Parties.ts"
import type { Bounds } from "../../src/composer/engine/Part.ts"
import { patternsOf } from "../../src/composer/engine/Patterns.ts"
import { groupSize, type Problem } from "../../src/composer/engine/Problem.ts"
import { type Division, prove, type Prover, proverOf } from "../../src/composer/engine/Prove.ts"
import { raidSumsOf } from "../../src/composer/engine/RaidSums.ts"
import { randomOf } from "../../src/composer/engine/Random.ts"
import { score } from "../../src/composer/engine/Score.ts"
import { loadHighs } from "../../src/composer/engine/Solve.ts"
import { rosterOf, shapes } from "./rosters.ts"

const quiet = { tell: () => {}, cancelled: () => false }
const limits = { nodes: Infinity, iterations: Infinity, gap: 0, bound: Infinity, value: Infinity }

/** A raid of ten with wishes and locks of every kind, at some prices; of every second some are worth breaking. */
const pricedOf = (seed: number): Problem => {
  const random = randomOf(seed)
  const below = (count: number) => Math.floor(random() * count)
  const problem = rosterOf(seed, { ...shapes["1×10"], players: 13, characters: 18 })
  const players = [...new Set(problem.candidates.map(({ player }) => player))]
  const pair = () => [players[below(players.length)]!, players[below(players.length)]!] as const
  return {
    ...problem,
    weights: seed % 2 === 0 ? problem.weights : { ...problem.weights, pair: -600, role: -800, empty: -1000 },
    candidates: problem.candidates.map((one) => ({ ...one, price: below(5000) })),
    together: [pair(), pair()].filter(([one, other]) => one !== other),
    apart: [pair(), pair()].filter(([one, other]) => one !== other)
  }
}

const proverFor = async (problem: Problem) => {
  const kinds = kindsOf(problem)
  return proverOf(await loadHighs(), problem, kinds, patternsOf(problem, kinds))
}

const provedBy = (prover: Prover, moves: number, how: Partial<Parameters<typeof prove>[3]> = {}) => {
  const { problem, kinds, patterns } = prover
  const draft = draftOf(problem, kinds, patterns)
  greedy(problem, draft)
  const start = anneal(problem, draft, moves, hot, randomOf(3), quiet)
  charge(prover, problem)
  return prove(
    prover,
    start,
    followerOf(problem, kinds, patterns, 200, randomOf(1), quiet),
    { ...limits, ...how },
    quiet
  )
}

it("a raid of two groups is worth the same whether its plans are looked at or divided further", async () => {
  let looked = 0
  for (let seed = 1; seed <= 8; seed++) {
    const problem = pricedOf(seed)
    const prover = await proverFor(problem)
    // It begins with a plan that is far from the best, so that better ones have to be found.
    const pairs = provedBy(prover, 1)
    const divided = provedBy({ ...(await proverFor(problem)), pairs: undefined }, 3000)
    assert.strictEqual(pairs.endedBy, "optimal", `seed ${seed}`)
    assert.deepStrictEqual([pairs.value, pairs.bound], [divided.value, divided.bound], `seed ${seed}`)
    assert.strictEqual(score(problem, pairs.seats).value, pairs.value)
    looked += prover.pairs!.looked
  }
  assert.isAbove(looked, 50_000)
})

it("where most seats are locked, two of one kind among them, the same is found", async () => {
  let looked = 0
  for (let seed = 31; seed <= 36; seed++) {
    const problem = pricedOf(seed)
    const { of } = kindsOf(problem)
    const twins = problem.candidates.flatMap((_, one) => {
      const other = of.findIndex((kind, at) => at > one && kind === of[one])
      return other < 0 ? [] : [one, other]
    })
    const taken = new Set<number>()
    const locked = [...twins.slice(0, 2), 0, 3, 6, 9, 12, 15].filter((one) => {
      const { player } = problem.candidates[one]!
      return !taken.has(player) && taken.add(player)
    })
    const locks = locked.slice(0, 3 + (seed % 4)).map((candidate) => ({ candidate, raid: 0, group: null }))
    const prover = await proverFor({ ...problem, locks })
    const pairs = provedBy(prover, 1)
    const divided = provedBy({ ...(await proverFor({ ...problem, locks })), pairs: undefined }, 3000)
    assert.strictEqual(pairs.endedBy, "optimal", `seed ${seed}`)
    assert.deepStrictEqual([pairs.value, pairs.bound], [divided.value, divided.bound], `seed ${seed}`)
    const seated = new Set(pairs.seats.flat(2))
    assert.isTrue(locks.every(({ candidate }) => seated.has(candidate)))
    looked += prover.pairs!.looked
  }
  assert.isAbove(looked, 5000)
})

it("whoever is cancelled looks no further", async () => {
  const prover = await proverFor(pricedOf(1))
  const draft = draftOf(prover.problem, prover.kinds, prover.patterns)
  greedy(prover.problem, draft)
  charge(prover, prover.problem)
  const start = { seats: draft.seats(), value: draft.value() }
  let asked = 0
  const cancelled = () => (asked += 1) > 100
  const { endedBy } = prove(prover, start, () => start, limits, { ...quiet, cancelled })
  assert.strictEqual(endedBy, "cancel")
  assert.isBelow(asked, 150)
})

it("what was divided for one who must sit proves the same for another, and at other prices", async () => {
  for (let seed = 21; seed <= 23; seed++) {
    const problem = { ...pricedOf(seed), locks: [] }
    const prover = await proverFor(problem)
    const random = randomOf(seed)
    let division: Division = { parts: [], problem }
    for (let turn = 0; turn < 4; turn++) {
      const locks = [0, 1, 2].map((at) => ({ candidate: at * 4, raid: (at + turn) % 3 === 0 ? 0 : 1, group: null }))
      const candidates = problem.candidates.map((one) => ({
        ...one,
        price: Math.max(0, one.price! + Math.floor((random() - 0.5) * 400))
      }))
      const now = { ...problem, locks, candidates }
      const columns = new Map<number, Bounds>(
        locks.map(({ candidate, raid }) => [candidate, raid === 0 ? [1, 1] : [0, 0]] as const)
      )
      // As another raid takes over what is known of the one before it.
      division = { ...division }
      const kept = provedBy({ ...prover, problem: now }, 1000, { division, columns })
      const fresh = provedBy({ ...(await proverFor({ ...now, locks: [] })), problem: now, pairs: undefined }, 1000, {
        columns
      })
      assert.deepStrictEqual([kept.value, kept.bound], [fresh.value, fresh.bound], `seed ${seed}, turn ${turn}`)
    }
  }
})

it("two groups gain by each other no less than a raid of them is worth", () => {
  const problem = rosterOf(5, shapes["3×10"])
  const kinds = kindsOf(problem)
  const patterns = patternsOf(problem, kinds)
  const { count, none, members, pattern, alone, gainedBy } = partiesOf(problem, kinds, patterns)!
  const sums = raidSumsOf(kinds)()
  const random = randomOf(1)
  const ofParty = (party: number) =>
    [...members.subarray(party * groupSize, (party + 1) * groupSize)].filter((kind) => kind !== none)
  let over = 0
  for (let n = 0; n < 20_000; n++) {
    const [one, other] = [Math.floor(random() * count), Math.floor(random() * count)]
    const kindsThere = [...ofParty(one), ...ofParty(other)]
    for (const kind of kindsThere) sums.add(kind)
    const worth = patterns.value[pattern[one]!]! + patterns.value[pattern[other]!]! + sums.value()
    for (const kind of kindsThere) sums.remove(kind)
    const most = alone[one]! + alone[other]! + gainedBy(one, other) + gainedBy(other, one)
    assert.isAtLeast(most, worth)
    over += most - worth
  }
  // Else hardly a pair could be left out.
  assert.isBelow(over / 20_000, 1000)
})
