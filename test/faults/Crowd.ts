import { setTimeout } from "node:timers/promises"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { type Answer, ask, type Question } from "./Ask.ts"

/*
 * Clients in a thread of their own, so that what this process does beside (proxies, a balancer) is not taken for the
 * service's slowness.
 */

interface Orders {
  readonly port: number
  readonly clients: number
  /** Each client takes them in turn, as a user of its own from `user` on. */
  readonly questions: ReadonlyArray<Question>
  /** Milliseconds between an answer and the client's next question. */
  readonly pause: number
  /** Comes again after a 503 when `Retry-After` says so, or after so many milliseconds; after `pause` unless told. */
  readonly afterRefusal?: "told" | number
}

/** Begins to ask; `end` has all answers once the last has come. */
export const startCrowd = async (orders: Orders) => {
  const worker = new Worker(new URL(import.meta.url), { workerData: orders })
  const answered = new Promise<ReadonlyArray<Answer>>((resolve, reject) => {
    worker.on("message", (message) => message !== "ready" && resolve(message as ReadonlyArray<Answer>))
    worker.once("error", reject)
  })
  await new Promise((resolve) => worker.once("message", resolve))
  return {
    end: async () => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage("end")
      const answers = await answered
      await worker.terminate()
      return answers
    }
  }
}

const work = async ({ port, clients, questions, pause, afterRefusal = pause }: Orders) => {
  const answers: Array<Answer> = []
  const ended = new AbortController()
  parentPort!.once("message", () => ended.abort())
  const live = async (n: number) => {
    // Not all in the same instant.
    await setTimeout((n * Math.max(pause, 200)) / clients)
    for (let turn = n; !ended.signal.aborted; turn += 1) {
      const question = questions[turn % questions.length]!
      const user = question.user === undefined ? {} : { user: question.user + n }
      const answer = await ask(port, { ...question, ...user })
      answers.push({ ...answer, body: "" })
      const told = Number(answer.retryAfter ?? 1) * 1000
      const wait = afterRefusal === "told" ? told : afterRefusal
      await setTimeout(answer.status === 503 ? wait : pause)
    }
  }
  const all = Array.from({ length: clients }, (_, n) => live(n))
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort!.postMessage("ready")
  await Promise.all(all)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort!.postMessage(answers)
}

if (!isMainThread) await work(workerData as Orders)
