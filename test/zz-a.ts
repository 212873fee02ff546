import { anneal, greedy } from "../src/composer/engine/ZzAnneal.ts"
import { kindsOf } from "../src/composer/engine/Kinds.ts"
import { patternsOf } from "../src/composer/engine/Patterns.ts"
import { randomOf } from "../src/composer/engine/Random.ts"
import { draftOf } from "../src/composer/engine/Draft.ts"
import { rosterOf, shapes } from "./composer/rosters.ts"
const each = Number(process.env.EACH), times = Number(process.env.TIMES)
const best: Record<string, number> = JSON.parse(process.env.BEST ?? "{}")
let line = ""
for (const shape of ["2×25", "1×25", "3×10"] as const) { let loss = 0, avg = 0; const seeds = [1, 2, 3, 4, 5, 6, 7, 8]; for (const seed of seeds) {
  const problem = rosterOf(seed, shapes[shape])
  const kinds = kindsOf(problem)
  const patterns = patternsOf(problem, kinds)
  const random = randomOf(3)
  let top = -1e9, sum = 0
  for (let n = 0; n < times; n++) {
    const draft = draftOf(problem, kinds, patterns, random)
    greedy(problem, draft)
    const v = anneal(problem, draft, each, random, { cancelled: () => false }).value
    top = Math.max(top, v); sum += v
  }
  loss += top; avg += sum / times
}
line += `  ${shape} ${(loss / seeds.length).toFixed(0)} avg ${(avg / seeds.length).toFixed(0)}` }
console.log(process.env.HOT, process.env.COLD, each, times, line)
