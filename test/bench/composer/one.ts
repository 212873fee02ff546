import { anneal, greedy, hot } from "../../../src/composer/engine/Anneal.ts"
import { kindsOf } from "../../../src/composer/engine/Kinds.ts"
import { patternsOf } from "../../../src/composer/engine/Patterns.ts"
import { randomOf } from "../../../src/composer/engine/Random.ts"
import { draftOf } from "../../../src/composer/engine/Draft.ts"
import { budget, solve } from "../../../src/composer/engine/Solve.ts"
import { rosterOf, shapes } from "../../composer/rosters.ts"
import { beamSearch, hillClimb } from "./Peers.ts"

/*
 * One roster in a process of its own, so that its processor time and memory can be told: `one.ts SHAPE SEED SECONDS` for
 * the composer, `one.ts SHAPE SEED peers` for the others. One line of JSON.
 */

const [shape, seed, how] = process.argv.slice(2) as [keyof typeof shapes, string, string]
/** Of the peers that go step by step: twice as many as the composer's annealing has before it proves. */
const steps = 2 * budget.moves
const problem = rosterOf(Number(seed), shapes[shape])
const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`)

if (how === "peers") {
  const kinds = kindsOf(problem)
  const patterns = patternsOf(problem, kinds)
  const random = randomOf(2)
  const fresh = () => {
    const draft = draftOf(problem, kinds, patterns)
    greedy(problem, draft)
    return draft
  }
  const begun = process.threadCpuUsage()
  const annealed = anneal(problem, fresh(), steps, hot, random, { cancelled: () => false })
  const { user, system } = process.threadCpuUsage(begun)
  say({
    pace: steps / ((user + system) / 1e6),
    greedy: fresh().value(),
    climbed: hillClimb(problem, fresh(), steps, random),
    beam: beamSearch(problem, draftOf(problem, kinds, patterns), 20),
    annealed: annealed.value
  })
} else {
  const [began, allBegan] = [process.threadCpuUsage(), process.cpuUsage()]
  const seconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1e6
  const spent = () => seconds(process.threadCpuUsage(began))
  /** With the threads on which V8 compiles and collects. */
  const spentByAll = () => seconds(process.cpuUsage(allBegan))
  const half = Number(how) / 2
  let value = 0
  let halfway: { readonly value: number; readonly bound: number | null } = { value: 0, bound: null }
  let halfwayOfAll = halfway
  let annealed = 0
  const {
    parts: _parts,
    seats: _seats,
    ...answer
  } = await solve(
    problem,
    { ...budget, iterations: 1e9, nodes: 1e9, seconds: 600 },
    {
      tell: (progress) => {
        value = progress.value ?? value
        if (progress.stage === "annealing") annealed = value
        if (spent() <= half) halfway = { value, bound: progress.bound }
        if (spentByAll() <= half) halfwayOfAll = { value, bound: progress.bound }
      },
      cancelled: () => spent() > Number(how)
    }
  )
  const { value: final, bound } = answer
  if (spent() <= half) halfway = { value: final, bound }
  if (spentByAll() <= half) halfwayOfAll = { value: final, bound }
  const memory = process.resourceUsage().maxRSS / 1024
  say({ ...answer, halfway, halfwayOfAll, annealed, seconds: spent(), all: spentByAll(), memory })
}
