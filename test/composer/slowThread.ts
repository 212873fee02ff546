import { parentPort, workerData } from "node:worker_threads"
import { score } from "../../src/composer/engine/Score.ts"
import type { FromThread, Task } from "../../src/composer/Thread.ts"
import { modes } from "./modes.ts"

/*
 * A thread in place of the engine's: it has a plan at once, the first candidates of each player, and a bound that comes
 * nearer; what else it does its seconds say.
 */

const { problem, seconds, flag } = workerData as Task
const say = (message: FromThread) => parentPort!.postMessage(message)

const first = [...Map.groupBy(problem.candidates.keys(), (at) => problem.candidates[at]!.player).values()]
const left = first.map(([candidate]) => candidate!)
const seats = problem.raids.map(({ size }) => Array.from({ length: size / 5 }, () => left.splice(0, 5)))
const { value, parts } = score(problem, seats)
const stopped = () => Atomics.load(new Int32Array(flag), 0) !== 0

let bound = value + 1000
const kept: Array<unknown> = []
const step = () => {
  bound -= 1
  if (seconds !== modes.silent) say({ kind: "progress", progress: { stage: "annealing", value, seats, bound } })
  if (seconds === modes.greedy) for (;;) kept.push(Array.from({ length: 10_000 }, () => ({ kept })))
  if (seconds === modes.stubborn || seconds === modes.short) for (;;) if (kept.length > 0) break
  if (!stopped()) return setTimeout(step, 20)
  const answer = { seats, value, parts, bound, proof: "lp", endedBy: "cancel" } as const
  return say({ kind: "answer", answer, why: [] })
}
step()
