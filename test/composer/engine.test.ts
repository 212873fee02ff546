import { assert, describe, it } from "@effect/vitest"
import { anneal, greedy, hot } from "../../src/composer/engine/Anneal.ts"
import { clashesOf } from "../../src/composer/engine/Clash.ts"
import { compare, whyOf } from "../../src/composer/engine/Explain.ts"
import { kindsOf } from "../../src/composer/engine/Kinds.ts"
import { patternsOf } from "../../src/composer/engine/Patterns.ts"
import type { Problem, Seats } from "../../src/composer/engine/Problem.ts"
import { randomOf } from "../../src/composer/engine/Random.ts"
import { score } from "../../src/composer/engine/Score.ts"
import { draftOf } from "../../src/composer/engine/Draft.ts"
import { budget, solve } from "../../src/composer/engine/Solve.ts"
import { rulesets } from "../../src/rulesets/Rulesets.ts"
import { rosterOf, shapes } from "./rosters.ts"

const quiet = { tell: () => {}, cancelled: () => false }
const small = { ...budget, moves: 90_000 }
const compose = (problem: Problem) => solve(problem, small, quiet)

const ten = { ...shapes["1×10"], players: 13, characters: 16 }

describe("the value that the search keeps", () => {
  it.each([...rulesets.values()])("is that of the coverage, whatever is moved: $ruleset.id", ({ ruleset }) => {
    for (let seed = 1; seed <= 6; seed++) {
      const roster = rosterOf(seed, seed % 2 === 0 ? shapes["3×10"] : shapes["2×25"])
      const sameHour = seed % 3 === 0 ? [[0, 1] as const] : []
      const problem = { ...roster, ruleset, sameHour, weights: { ...roster.weights, balance: seed % 2 } }
      const kinds = kindsOf(problem)
      const random = randomOf(seed)
      const draft = draftOf(problem, kinds, patternsOf(problem, kinds))
      greedy(problem, draft)
      assert.strictEqual(draft.value(), score(problem, draft.seats()).value)
      for (let round = 0; round < 8; round++) {
        const found = anneal(problem, draft, 400, hot, random, quiet)
        assert.strictEqual(found.value, score(problem, found.seats).value)
        assert.strictEqual(draft.value(), score(problem, draft.seats()).value)
      }
    }
  })
})

describe("what must not matter, and what must", () => {
  const problem = rosterOf(7, ten)

  it("the order of candidates, and the numbers of players", async () => {
    const first = await compose(problem)
    const order = [...problem.candidates.keys()].toReversed()
    const renamed = (player: number) => problem.players - 1 - player
    const pairs = (all: Problem["together"]) => all.map(([one, other]) => [renamed(one), renamed(other)] as const)
    const other = await compose({
      ...problem,
      candidates: order.map((at) => ({
        ...problem.candidates[at]!,
        player: renamed(problem.candidates[at]!.player)
      })),
      locks: problem.locks.map((lock) => ({ ...lock, candidate: order.indexOf(lock.candidate) })),
      together: pairs(problem.together),
      apart: pairs(problem.apart)
    })
    assert.strictEqual(first.endedBy, "optimal")
    assert.deepStrictEqual([other.endedBy, other.value], ["optimal", first.value])
    const groups = first.seats.map((raid) => raid.toReversed())
    assert.strictEqual(score(problem, groups).value, first.value)
  })

  it("a lock on the answer's own seat changes nothing, another cannot help", async () => {
    const first = await compose(problem)
    const [candidate] = first.seats[0]![1]!
    const own = await compose({
      ...problem,
      locks: [...problem.locks, { candidate: candidate!, raid: 0, group: null }]
    })
    assert.strictEqual(own.value, first.value)
    const left = [...problem.candidates.keys()].find((one) => !first.seats.flat(2).includes(one))!
    const locked = { ...problem, locks: [{ candidate: left, raid: 0, group: 1 }] }
    const other = await compose(locked)
    assert.isTrue(other.seats[0]![1]!.includes(left))
    assert.isAtMost(other.value, (await compose({ ...problem, locks: [] })).value)
  })

  it("one more to choose from cannot hurt, an effect that counts for less cannot help", async () => {
    const first = await compose(problem)
    const more = { ...problem.candidates[0]!, player: problem.players, main: false, debt: 0 }
    const larger = await compose({
      ...problem,
      players: problem.players + 1,
      candidates: [...problem.candidates, more]
    })
    assert.isAtLeast(larger.bound!, first.value)
    assert.isAtLeast(larger.value, first.value)
    const effect = problem.ruleset.effects.find(({ id }) => id === "kings")!
    const none = Object.fromEntries(Object.keys(effect.values).map((who) => [who, 0]))
    const without = await compose({ ...problem, overrides: { kings: none } })
    assert.isAtMost(without.value, first.value)
  })

  it("two of one kind are two persons: only the one who is locked must sit", async () => {
    const twin = { ...problem.candidates[0]!, player: problem.players }
    const doubled = {
      ...problem,
      players: problem.players + 1,
      candidates: [...problem.candidates, twin],
      locks: [{ candidate: problem.candidates.length, raid: 0, group: null }]
    }
    const { seats } = await compose(doubled)
    assert.isTrue(seats[0]!.flat().includes(problem.candidates.length))
  })

  it("the same again has the same answer", async () => {
    const shape = { ...shapes["1×25"], players: 28, characters: 30 }
    const limits = { ...small, iterations: 4000 }
    const [one, other] = [
      await solve(rosterOf(3, shape), limits, quiet),
      await solve(rosterOf(3, shape), limits, quiet)
    ]
    assert.deepStrictEqual(one, other)
  })

  it("the answer keeps the rules, and its bound is above what annealing alone finds", async () => {
    const large = rosterOf(11, shapes["3×10"])
    const { seats, value, bound, parts } = await solve(large, { ...small, iterations: 3000 }, quiet)
    const all = seats.flat(2)
    assert.strictEqual(new Set(all).size, all.length)
    for (const [raid, groups] of seats.entries()) {
      const players = groups.flat().map((candidate) => large.candidates[candidate]!.player)
      assert.strictEqual(new Set(players).size, players.length)
      assert.isTrue(groups.every((group) => group.length <= 5))
      for (const lock of large.locks) if (lock.raid === raid) assert.include(groups.flat(), lock.candidate)
    }
    assert.strictEqual(
      Object.values(parts).reduce((sum, part) => sum + part, 0),
      value
    )
    const kinds = kindsOf(large)
    const draft = draftOf(large, kinds, patternsOf(large, kinds))
    greedy(large, draft)
    assert.isAtLeast(bound!, anneal(large, draft, 200_000, hot, randomOf(99), quiet).value)
  })

  it("stops within a second with the best so far", async () => {
    let asked = Infinity
    let best = 0
    const answer = await solve(
      rosterOf(5, shapes["2×25"]),
      { ...small, iterations: 1e9 },
      {
        tell: ({ stage, value }) => {
          best = Math.max(best, value ?? 0)
          if (stage === "relaxing") asked = Math.min(asked, performance.now() + 200)
        },
        cancelled: () => performance.now() > asked
      }
    )
    assert.isBelow(performance.now() - asked, 3000)
    assert.strictEqual(answer.endedBy, "cancel")
    assert.isAtLeast(answer.value, best)
  })
})

describe("reasons", () => {
  it("a seat's loss is what the plan is worth less without it, and two plans differ as their coverages do", async () => {
    const problem = rosterOf(7, ten)
    const { seats, value } = await compose(problem)
    const why = whyOf(problem, seats)
    assert.strictEqual(why.length, seats.flat(2).length)
    const { candidate, loss, gives } = why.find((one) => one.gives.length > 0)!
    const rest: Seats = seats.map((groups) => groups.map((group) => group.filter((one) => one !== candidate)))
    assert.strictEqual(loss, value - score(problem, rest).value)
    const { from, to, effects } = compare(problem, seats, rest)
    assert.strictEqual(from.value - to.value, loss)
    for (const { effect } of gives) assert.isTrue(effects.some((one) => one.effect === effect && one.to < one.from))
    const lost = effects.reduce((all, one) => all + one.from - one.to, 0)
    assert.strictEqual(lost, from.parts.party + from.parts.raid - to.parts.party - to.parts.raid)
    assert.deepStrictEqual(compare(problem, seats, seats).effects, [])
  })
})

describe("wishes that clash", () => {
  const problem = { ...rosterOf(2, shapes["2×25"]), locks: [], together: [], apart: [] }
  const lock = (candidate: number, raid = 0, group: number | null = null) => ({ candidate, raid, group })
  const twins = () => {
    const { candidates } = problem
    const second = candidates.findIndex((one, at) => candidates.findIndex(({ player }) => player === one.player) < at)
    return [candidates.findIndex(({ player }) => player === candidates[second]!.player), second] as const
  }
  const mains = [...problem.candidates.keys()].filter((at) => problem.candidates[at]!.main)
  const cases: ReadonlyArray<readonly [string, Partial<Problem>, RegExp]> = [
    ["two of a player in a raid", { locks: twins().map((at) => lock(at)) }, /once in a raid/],
    ["a character in two raids", { locks: [lock(0), lock(0, 1)] }, /once in a plan/],
    ["26 in a raid", { locks: mains.slice(0, 26).map((at) => lock(at)) }, /26 are locked/],
    ["6 in a group", { locks: mains.slice(0, 6).map((at) => lock(at, 0, 2)) }, /6 are locked/],
    [
      "two raids of one hour",
      { sameHour: [[0, 1]], locks: [lock(twins()[0]), lock(twins()[1], 1)] },
      /of the same hour/
    ],
    ["together and apart", { together: [[1, 2]], apart: [[2, 1]] }, /together and apart/],
    [
      "apart, and locked to one raid",
      {
        locks: [lock(0), lock(1)],
        apart: [[problem.candidates[0]!.player, problem.candidates[1]!.player]]
      },
      /are to be apart/
    ],
    ["nobody can tank", { candidates: problem.candidates.filter(({ seat }) => seat.role !== "tank") }, /can tank/]
  ]

  it.each(cases)("%s", (_, wishes, reason) => {
    const clash = clashesOf({ ...problem, ...wishes })
    assert.match(clash!.reason, reason)
    assert.isAtLeast(clash!.wishes.length, 1)
    assert.isAtMost(clash!.wishes.length, 3)
  })

  it("none, if there are none", () => {
    assert.isUndefined(clashesOf(problem))
  })
})
