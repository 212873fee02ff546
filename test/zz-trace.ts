import { budget, solve } from "/work/wt-c/src/composer/engine/Solve.ts"
import { rosterOf, shapes } from "/work/wt-c/test/composer/rosters.ts"
const [shape, seed, secs] = process.argv.slice(2) as any
const problem = rosterOf(Number(seed), (shapes as any)[shape])
const began = process.cpuUsage()
const spent = () => { const { user, system } = process.cpuUsage(began); return (user + system) / 1e6 }
let last = 0
const a = await solve(problem, { ...budget, iterations: 1e9, nodes: 1e9, seconds: 600 }, {
  tell: (p) => { const t = spent(); if (p.stage !== "relaxing" || t - last > 0.5) { last = t; console.log(t.toFixed(2), p.stage, p.value, p.bound, p.bound && ((p.bound - p.value!) / p.value! * 100).toFixed(2)) } },
  cancelled: () => spent() > Number(secs)
})
console.log(spent().toFixed(2), a.value, a.bound, a.proof, a.endedBy, ((a.bound! - a.value) / a.value * 100).toFixed(2), a.parts)
