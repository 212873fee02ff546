import { assert, it } from "@effect/vitest"
import { optionsOf } from "../../src/composer/engine/Choices.ts"
import type { Offer } from "../../src/composer/engine/Kinds.ts"
import { randomOf } from "../../src/composer/engine/Random.ts"

const kinds = 3

/** Effects of one slot, by two or three kinds of givers, worth something else to each of three kinds. */
const slotOf = (random: () => number) => {
  const below = (count: number) => Math.floor(random() * count)
  const givers = Array.from({ length: 2 + below(2) }, (_, giver) => giver)
  const offers = Array.from({ length: 2 + below(3) }, (): Offer => {
    const weak = Int32Array.from({ length: kinds }, () => below(4))
    const strong = weak.map((points) => points + below(3))
    return { stacks: false, level: Uint8Array.from({ length: kinds }, () => below(3)), worth: [weak, strong] }
  })
  return { givers, offers, most: givers.map(() => below(4)), less: (count: number) => below(count + 1) }
}

const isAtMost = (one: Int32Array, other: Int32Array) => one.every((points, kind) => points <= other[kind]!)

it("whatever fewer givers can give is left in the answer to a question that was asked with more", () => {
  const random = randomOf(7)
  let asked = 0
  for (let round = 0; round < 3000; round++) {
    const { givers, offers, most, less } = slotOf(random)
    const options = optionsOf(offers, givers, () => true)
    const all = most.reduce((one, other) => one + other, 0)
    const answers = options(most, all, undefined).all
    if (answers.length > 1) asked += 1
    const fewer = most.map(less)
    const left = answers.flatMap(({ givens }) => options(fewer, all, givens).all)
    for (const { worth } of options(fewer, all, undefined).all)
      assert.isTrue(
        left.some((one) => isAtMost(worth, one.worth)),
        `round ${round}`
      )
  }
  assert.isAbove(asked, 300)
})
