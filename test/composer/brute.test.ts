import { assert, describe, it } from "@effect/vitest"
import type { Candidate, Problem, Seats } from "../../src/composer/engine/Problem.ts"
import { weights } from "../../src/composer/engine/Problem.ts"
import { randomOf } from "../../src/composer/engine/Random.ts"
import { score } from "../../src/composer/engine/Score.ts"
import { budget, solve } from "../../src/composer/engine/Solve.ts"
import { rulesets } from "../../src/rulesets/Rulesets.ts"
import { clashesOf } from "../../src/composer/engine/Clash.ts"
import { seatOf } from "./rosters.ts"

/** All rosters of `COMPOSER_ROSTERS=1000`; the suite looks at fewer. */
const rosters = Number(process.env.COMPOSER_ROSTERS ?? 100)

const shapes = [[5], [5, 5], [10], [5, 5, 5]] as const

const tinyOf = (seed: number): Problem => {
  const random = randomOf(seed)
  const below = (count: number) => Math.floor(random() * count)
  const all = [...rulesets.values()]
  const { ruleset } = all[seed % all.length]!
  const sizes = shapes[below(shapes.length)]!
  const groups = sizes.reduce<number>((all, size) => all + size / 5, 0)
  const count = 5 + below(5 - groups)
  const players = Math.max(3, count - below(3))
  const candidates = Array.from({ length: count }, (_, at): Candidate => {
    const player = at < players ? at : below(players)
    return { player, seat: seatOf(random, player), main: at < players, debt: below(5) === 0 ? below(4) : 0 }
  })
  const pairs = () => {
    const [one, other] = [below(players), below(players)]
    return one === other || random() < 0.5 ? [] : [[one, other] as const]
  }
  const groupOf = (raid: number) => (random() < 0.5 ? null : below(sizes[raid]! / 5))
  const locks = Array.from({ length: below(3) }, (_, at) => {
    const raid = below(sizes.length)
    return { candidate: at, raid, group: groupOf(raid) }
  })
  const wanted = ruleset.effects[below(ruleset.effects.length)]!
  return {
    ruleset,
    overrides:
      random() < 0.3
        ? { [wanted.id]: Object.fromEntries(Object.entries(wanted.values).map(([who, value]) => [who, value * 3])) }
        : {},
    faction: random() < 0.5 ? "horde" : "alliance",
    raids: sizes.map((size) => ({
      size,
      targets: { tank: { min: 1, max: 1 }, heal: { min: below(2), max: 1 + below(2) } }
    })),
    players,
    candidates,
    locks,
    together: pairs(),
    apart: pairs(),
    sameHour: sizes.length > 1 && random() < 0.3 ? [[0, 1]] : [],
    weights: random() < 0.3 ? { ...weights, balance: 1 } : weights
  }
}

/** Every plan that keeps the rules: each candidate in a group of a raid, or in none. */
function* plansOf({ raids, candidates, locks, sameHour }: Problem): Generator<Seats> {
  const places = raids.flatMap(({ size }, raid) => Array.from({ length: size / 5 }, (_, group) => ({ raid, group })))
  const chosen: Array<number> = []
  const fits = (candidate: number, at: number) => {
    const lock = locks.find((one) => one.candidate === candidate)
    const place = places[at]
    if (lock !== undefined) {
      if (place?.raid !== lock.raid) return false
      if (lock.group !== null && place.group !== lock.group) return false
    }
    if (place === undefined) return true
    if (chosen.filter((one) => one === at).length === 5) return false
    return chosen.every((one, other) => {
      const there = places[one]
      if (there === undefined || candidates[other]!.player !== candidates[candidate]!.player) return true
      if (there.raid === place.raid) return false
      return !sameHour.some((pair) => pair.includes(there.raid) && pair.includes(place.raid))
    })
  }
  function* extend(): Generator<Seats> {
    const candidate = chosen.length
    if (candidate === candidates.length) {
      yield raids.map(({ size }, raid) =>
        Array.from({ length: size / 5 }, (_, group) =>
          [...chosen.keys()].filter(
            (one) => places[chosen[one]!]?.raid === raid && places[chosen[one]!]!.group === group
          )
        )
      )
      return
    }
    for (let at = 0; at <= places.length; at++) {
      if (!fits(candidate, at)) continue
      chosen.push(at)
      yield* extend()
      chosen.pop()
    }
  }
  yield* extend()
}

describe("tiny rosters, against every plan there is", () => {
  it(`value, bound and certificate of ${rosters}`, { timeout: rosters * 10_000 }, async () => {
    let proved = 0
    for (let seed = 1; seed <= rosters; seed++) {
      const problem = tinyOf(seed)
      let best = -Infinity
      for (const seats of plansOf(problem)) best = Math.max(best, score(problem, seats).value)
      if (best === -Infinity) {
        assert.isDefined(clashesOf(problem), `seed ${seed}`)
        continue
      }
      // With hardly any annealing it is the proof that has to find the plan.
      const moves = seed % 2 === 0 ? 20_000 : 90
      const answer = await solve(problem, { ...budget, moves }, { tell: () => {}, cancelled: () => false })
      assert.strictEqual(answer.value, score(problem, answer.seats).value, `seed ${seed}`)
      assert.strictEqual(answer.value, best, `seed ${seed}`)
      assert.isAtLeast(answer.bound!, best, `seed ${seed}`)
      assert.strictEqual(answer.endedBy === "optimal", answer.bound === best, `seed ${seed}`)
      if (answer.endedBy === "optimal") proved += 1
      assert.strictEqual(answer.proof, "lp", `seed ${seed}`)
    }
    assert.isAtLeast(proved, rosters * 0.9)
  })
})
