import { assert, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { setTimeout } from "node:timers/promises"
import { budget, solve } from "../../src/composer/engine/Solve.ts"
import { giveWay } from "../../src/composer/GiveWay.ts"
import { startThread, threadEntry } from "../../src/composer/Thread.ts"
import { begun } from "../../src/infra/Begun.ts"
import { openBrowser } from "../support/Browser.ts"
import { live, TestApp } from "../support/TestApp.ts"
import { rosterOf, shapes } from "./rosters.ts"

it("while requests come a composition takes little of a core, and still hears that it is stopped", async () => {
  const timer = setInterval(() => Atomics.add(begun, 0, 1), 2)
  const composing = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<string>()
  const thread = startThread({ entry: threadEntry, heap: 768 }, rosterOf(3, shapes["2×25"]), 60, {
    progress: () => composing.resolve(),
    answered: ({ answer }) => answered.resolve(answer.endedBy),
    failed: answered.reject
  })
  try {
    await composing.promise
    // What it did before it first looked counts.
    await setTimeout(1500)
    const before = process.cpuUsage()
    await setTimeout(3000)
    const { user, system } = process.cpuUsage(before)
    assert.isBelow((user + system) / 1e6, 1.5)
    thread.stop()
    assert.strictEqual(await answered.promise, "cancel")
  } finally {
    clearInterval(timer)
    await thread.end()
  }
})

it("who is stopped rests no more", () => {
  const [counted, stopped] = [new Int32Array(1), new Int32Array(new SharedArrayBuffer(4))]
  const spin = () => {
    for (const until = performance.now() + 100; performance.now() < until;);
  }
  const timeOf = (work: () => void) => {
    const before = performance.now()
    work()
    return performance.now() - before
  }
  const rest = giveWay(counted, stopped)
  const rests = [0, 1].map((stop) => {
    spin()
    counted[0]! += 1
    stopped[0] = stop
    return timeOf(rest)
  })
  assert.isAtLeast(rests[0]!, 45)
  assert.isBelow(rests[1]!, 25)
})

it("giving way changes no answer; without requests nobody rests", async () => {
  const one = async (requests: number) => {
    const [counted, stopped] = [new Int32Array(1), new Int32Array(new SharedArrayBuffer(4))]
    const rest = giveWay(counted, stopped)
    let rested = 0
    const cancelled = () => {
      counted[0]! += requests
      const before = performance.now()
      rest()
      rested += performance.now() - before
      return false
    }
    const answer = await solve(
      rosterOf(3, shapes["1×10"]),
      { ...budget, moves: 60_000, iterations: 2000, nodes: 20 },
      { tell: () => {}, cancelled }
    )
    return { answer, rested }
  }
  const [alone, beside] = [await one(0), await one(1)]
  assert.deepStrictEqual(beside.answer, alone.answer)
  assert.isAbove(beside.rested, 100)
  assert.isBelow(alone.rested, beside.rested / 3)
})

layer(TestApp.layer(), live)("requests", (it) => {
  it.effect("are counted as they begin, whatever becomes of them, but for those about compositions", () =>
    Effect.gen(function* () {
      const { send } = yield* openBrowser()
      const before = Atomics.load(begun, 0)
      yield* send("GET", "/api/v1/health")
      yield* send("GET", "/api/v1/nothing")
      yield* send("GET", `/api/v1/plans/${crypto.randomUUID()}/compositions`)
      assert.strictEqual(Atomics.load(begun, 0) - before, 2)
    })
  )
})
