import { constants, setPriority } from "node:os"
import { readlinkSync } from "node:fs"
import { parentPort, workerData } from "node:worker_threads"
import { whyOf } from "./engine/Explain.ts"
import type { Progress } from "./engine/Problem.ts"
import { budget, solve } from "./engine/Solve.ts"
import { giveWay } from "./GiveWay.ts"
import type { FromThread, Task } from "./Thread.ts"

/** Milliseconds between two tellings. */
const pause = 200

const { problem, seconds, flag, begun } = workerData as Task
const stopped = new Int32Array(flag)
const say = (message: FromThread) => parentPort!.postMessage(message)

/** Requests come first. Linux takes the id of a thread where it takes that of a process; elsewhere all are equal. */
const stepBack = () => {
  try {
    setPriority(Number(readlinkSync("/proc/thread-self").split("/").at(-1)), constants.priority.PRIORITY_LOW)
  } catch {
    return
  }
}

stepBack()
let told = 0
let best: Progress["seats"] = null
const tell = (progress: Progress) => {
  best = progress.seats ?? best
  const now = performance.now()
  if (now - told < pause && progress.seats === null) return
  told = now
  say({ kind: "progress", progress: { ...progress, seats: best } })
}
const rest = giveWay(begun, stopped)
const cancelled = () => {
  rest()
  return Atomics.load(stopped, 0) !== 0
}
const answer = await solve(problem, { ...budget, seconds }, { tell, cancelled })
say({ kind: "answer", answer, why: whyOf(problem, answer.seats) })
