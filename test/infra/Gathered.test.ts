import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { gathered } from "../../src/infra/Gathered.ts"

const questions = () => {
  const asked: Array<ReadonlyArray<number>> = []
  const ask = gathered((keys: ReadonlyArray<number>) => {
    asked.push(keys)
    return keys.includes(13) ? Effect.fail("unlucky") : Effect.succeed(keys.map((key) => key * 2))
  })
  return { asked, ask }
}

const all = (numbers: ReadonlyArray<number>, ask: ReturnType<typeof questions>["ask"]) =>
  Effect.forEach(numbers, (key) => Effect.result(ask(key)), { concurrency: "unbounded" })

describe("gathered", () => {
  it.live("callers of one turn share a question, and each gets its own answer", () =>
    Effect.gen(function* () {
      const { asked, ask } = questions()
      const answers = yield* all([3, 1, 1, 2], ask)
      assert.deepStrictEqual(asked, [[3, 1, 1, 2]])
      assert.deepStrictEqual(
        answers.map((answer) => (answer._tag === "Success" ? answer.success : undefined)),
        [6, 2, 2, 4]
      )
      yield* ask(5)
      assert.deepStrictEqual(asked.slice(1), [[5]])
    })
  )

  it.live("at most a hundred; a failure is that of its question alone", () =>
    Effect.gen(function* () {
      const { asked, ask } = questions()
      const answers = yield* all(
        Array.from({ length: 250 }, (_, n) => n),
        ask
      )
      assert.deepStrictEqual(
        asked.map((keys) => keys.length),
        [100, 100, 50]
      )
      assert.lengthOf(
        answers.filter(({ _tag }) => _tag === "Failure"),
        100
      )
    })
  )

  it.live("one who goes away takes nothing from the others", () =>
    Effect.gen(function* () {
      const answer = yield* Deferred.make<void>()
      const ask = gathered((keys: ReadonlyArray<number>) => Effect.as(Deferred.await(answer), keys))
      const [first, second] = [yield* Effect.forkChild(ask(1)), yield* Effect.forkChild(ask(2))]
      yield* Effect.sleep("5 millis")
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(answer, undefined)
      assert.strictEqual(yield* Fiber.join(second), 2)
    })
  )
})
