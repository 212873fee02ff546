import { parseArgs } from "node:util"
import { coverageOf } from "../../src/rulesets/Evaluate.ts"
import { rulesets } from "../../src/rulesets/Rulesets.ts"
import { kinds, seatOf } from "../rulesets/Seats.ts"

/* `node test/bench/coverage.ts`: how long the coverage of two raids of 25 takes, in this process alone. */

const { values } = parseArgs({
  options: { seatings: { type: "string", default: "500" }, ruleset: { type: "string", default: "tbc-anniversary@1" } }
})
const { ruleset } = rulesets.get(values.ruleset)!

let at = 7
const pick = () => {
  at = (at * 1_103_515_245 + 12_345) % 2_147_483_648
  return seatOf(kinds[Math.floor((at / 2_147_483_648) * kinds.length)]!)
}
const group = () => Array.from({ length: 5 }, pick)
const raid = () => ({ size: 25, starts_at: null, targets: null, groups: Array.from({ length: 5 }, group) })

const cpuBefore = process.cpuUsage()
const times = Array.from({ length: Number(values.seatings) }, () => {
  const seating = { faction: null, raids: [raid(), raid()] }
  const began = performance.now()
  coverageOf(ruleset, {}, seating)
  return performance.now() - began
})
const { user, system } = process.cpuUsage(cpuBefore)
const warm = times.slice(Math.floor(times.length / 5)).toSorted((one, other) => one - other)
const quantile = (part: number) => warm[Math.floor((warm.length - 1) * part)]!.toFixed(1)
process.stdout.write(
  `${ruleset.effects.length} effects, two raids of 25, ${warm.length} seatings: ` +
    `median ${quantile(0.5)} ms, 99 of 100 ${quantile(0.99)} ms, the first of all ${times[0]!.toFixed(1)} ms; ` +
    `${((user + system) / 1000 / times.length).toFixed(1)} ms of processor each\n`
)
