import { getHeapStatistics, setFlagsFromString } from "node:v8"
import { readFile } from "node:fs/promises"
import { Worker } from "node:worker_threads"
import { begun } from "../infra/Begun.ts"
import type { Answer, Problem, Progress } from "./engine/Problem.ts"
import type { Why } from "./engine/Explain.ts"

export interface Task {
  readonly problem: Problem
  readonly seconds: number
  /** One number; when it is not 0 any more the work ends with the best so far. */
  readonly flag: SharedArrayBuffer
  /** Grows while requests come: they come first. */
  readonly begun: Int32Array
}

export interface Solved {
  readonly answer: Answer
  readonly why: ReadonlyArray<Why>
}

export type FromThread =
  | { readonly kind: "progress"; readonly progress: Progress }
  | ({ readonly kind: "answer" } & Solved)

interface Hearer {
  readonly progress: (progress: Progress) => void
  readonly answered: (solved: Solved) => void
  /** It ended without an answer: out of memory, say. */
  readonly failed: (reason: unknown) => void
}

const megabyte = 1024 * 1024

/** What a thread runs: from source as from the bundle. */
export const threadEntry = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)

declare const WebAssembly: { readonly compile: (code: Uint8Array) => Promise<unknown> }

const compile = async () => WebAssembly.compile(await readFile(new URL(import.meta.resolve("highs/runtime"))))

/**
 * The solver's code. V8 keeps one copy for all threads, and what it made of it, for as long as anyone holds it; else each
 * task would have it made anew, a second's work on threads of V8's that have the priority of requests.
 */
let solver: Promise<unknown> | undefined

/**
 * Starts a thread for one task. V8 takes its options from the command line for every thread, and reads them as one begins;
 * the first has read them long ago. So they change for that while: the heap's limit, which would count over the thread's
 * own, and that it compiles at its own low priority what runs often, not on V8's threads.
 */
export const startThread = (
  { entry, heap }: { readonly entry: URL; readonly heap: number },
  problem: Problem,
  seconds: number,
  hearer: Hearer
) => {
  // A thread that cannot have it either tells why.
  solver ??= compile().catch(() => undefined)
  const flag = new SharedArrayBuffer(4)
  const usual = Math.round(getHeapStatistics().heap_size_limit / megabyte)
  setFlagsFromString(`--max-old-space-size=${heap}`)
  setFlagsFromString("--no-concurrent-recompilation")
  const thread = new Worker(entry, {
    workerData: { problem, seconds, flag, begun } satisfies Task,
    resourceLimits: { maxOldGenerationSizeMb: heap },
    execArgv: [],
    env: {}
  })
  const settle = () => {
    setFlagsFromString(`--max-old-space-size=${usual}`)
    setFlagsFromString("--concurrent-recompilation")
  }
  thread.once("online", settle).once("exit", settle)
  thread.on("message", (message: FromThread) =>
    message.kind === "progress" ? hearer.progress(message.progress) : hearer.answered(message)
  )
  thread.on("error", hearer.failed)
  thread.once("exit", (code) => hearer.failed(`The thread ended with ${code}`))
  return {
    stop: () => void Atomics.store(new Int32Array(flag), 0, 1),
    end: () => thread.terminate()
  }
}
