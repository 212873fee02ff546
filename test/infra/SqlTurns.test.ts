import { assert, it } from "@effect/vitest"
import { setTimeout } from "node:timers/promises"
import { SqlTurns } from "../../src/infra/SqlTurns.ts"

const make = (seats: number) => {
  const turns = new SqlTurns(seats)
  const happened: Array<string> = []
  const take = (name: string, limit = 1800) =>
    turns.take(
      () => {
        happened.push(name)
        return () => happened.push(`${name} stopped`)
      },
      () => happened.push(`${name} refused`),
      limit
    )
  return { turns, happened, take }
}

it("first come, first served", () => {
  const { turns, happened, take } = make(2)
  for (const name of ["a", "b", "c", "d"]) take(name)
  assert.deepStrictEqual(happened, ["a", "b"])
  turns.end(10)
  turns.end(10)
  assert.deepStrictEqual(happened, ["a", "b", "c", "d"])
})

it("who went away is passed over, and who was begun is stopped", () => {
  const { turns, happened, take } = make(1)
  take("a")
  take("b")()
  const leave = take("c")
  turns.end(10)
  leave()
  assert.deepStrictEqual(happened, ["a", "c", "c stopped"])
})

it("a caller waits no longer than its own limit", async () => {
  const { turns, happened, take } = make(1)
  take("a")
  take("b", 20)
  take("c")
  await setTimeout(40)
  turns.end(10)
  assert.deepStrictEqual(happened, ["a", "b refused", "c"])
})

it("a caller whose turn would not come in time is refused at once, until turns are short again", () => {
  const { turns, happened, take } = make(1)
  take("a")
  // One of those that wait takes the turn that ends.
  for (let n = 0; n < 20; n++) {
    take("filler")
    turns.end(1500)
  }
  take("b")
  take("c")
  assert.deepStrictEqual(happened.slice(-1), ["c refused"])
  for (let n = 0; n < 20; n++) turns.end(1)
  for (const name of ["d", "e", "f"]) take(name)
  assert.notInclude(happened, "e refused")
  assert.notInclude(happened, "f refused")
})
