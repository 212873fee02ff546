import { assert, it } from "@effect/vitest"
import { anneal, greedy, hot } from "../../src/composer/engine/Anneal.ts"
import { cutsOf } from "../../src/composer/engine/Cuts.ts"
import { draftOf } from "../../src/composer/engine/Draft.ts"
import { pairsOf } from "../../src/composer/engine/Features.ts"
import { kindsOf } from "../../src/composer/engine/Kinds.ts"
import { modelOf } from "../../src/composer/engine/Model.ts"
import { boundsOf, mostIn, undecided } from "../../src/composer/engine/Part.ts"
import { patternsOf } from "../../src/composer/engine/Patterns.ts"
import { groupsOf } from "../../src/composer/engine/Plan.ts"
import { randomOf } from "../../src/composer/engine/Random.ts"
import { rosterOf, shapes } from "./rosters.ts"

const problem = rosterOf(7, shapes["2×25"])
const kinds = kindsOf(problem)
const patterns = patternsOf(problem, kinds)
const model = modelOf(problem, kinds, patterns)

it("no plan of a part is beyond a cut, whatever the part leaves open", () => {
  const random = randomOf(11)
  const below = (count: number) => Math.floor(random() * count)
  const sets = Array.from({ length: 60 }, () => ({
    raid: below(problem.raids.length),
    types: [...new Set(Array.from({ length: 1 + below(3) }, () => below(patterns.types)))]
  }))
  let tight = 0
  for (let plan = 0; plan < 30; plan++) {
    const draft = draftOf(problem, kinds, patterns)
    greedy(problem, draft)
    const { seats } = anneal(problem, draft, below(3000), hot, random, { cancelled: () => false })
    const groups = groupsOf(kinds, patterns, model, seats).filter(([, pattern]) => pattern > 0)
    for (let part = 0; part < 20; part++) {
      // Of most kinds there are as many as in the plan, of others there may be more or fewer.
      const bounds = model.heads.map(({ raid, kind, row }) => {
        const there = seats[raid]!.flat().filter((candidate) => kinds.of[candidate] === kind).length
        const [lower, upper] = boundsOf(model, undecided, row)
        const loose = () => (random() < 0.8 ? 0 : below(3))
        return [row, [Math.max(lower, there - loose()), Math.min(upper, there + loose())]] as const
      })
      const mostOf = mostIn(model, patterns, { ...undecided, rows: new Map(bounds) })
      for (const { raid, types } of sets) {
        const { has } = pairsOf(model, patterns, raid, types)
        const pairs = groups.reduce(
          (all, [cell, pattern]) => (model.cells[cell]!.raid === raid ? all + has[pattern]! : all),
          0
        )
        const most = Math.floor(mostOf(raid, types) / 2)
        assert.isAtMost(pairs, most, `types ${types.join()} in raid ${raid}`)
        if (pairs > 0 && pairs === most) tight += 1
      }
    }
  }
  assert.isAbove(tight, 500)
})

it("a relaxation with three of a type, two each in one and a half groups, is beyond a cut by a half", () => {
  const type = patterns.typeOf[problem.candidates.map((_, candidate) => kinds.of[candidate]!)[0]!]!
  const pattern = Array.from({ length: patterns.count }, (_, at) => at).find((at) => {
    const members = patterns.members.subarray(at * 5, at * 5 + 5)
    return members.filter((one) => one === type).length === 2
  })!
  const groups = [{ cell: 0, pattern, value: 1.5 }]
  const own = (_raid: number, types: ReadonlyArray<number>) => types.reduce((all, one) => (one === type ? 3 : all), 0)
  assert.deepStrictEqual(cutsOf(model, patterns, groups, own)[0], { raid: 0, types: [type], beyond: 0.5 })
  assert.deepStrictEqual(cutsOf(model, patterns, [{ cell: 0, pattern, value: 1 }], own), [])
})
