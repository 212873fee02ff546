import { assert, it } from "@effect/vitest"
import { numbered } from "../../src/composer/Numbering.ts"
import type { Seats } from "../../src/composer/engine/Problem.ts"
import { randomOf } from "../../src/composer/engine/Random.ts"

const groups = 4
const raidOf = (title: string, starts_at: string | null = null) => ({
  title,
  size: 20 as const,
  starts_at,
  zone: null,
  targets: {}
})
const offered = Array.from({ length: 40 }, (_, at) => ({ entry_id: `entry ${at}` }))
const entriesOf = (seats: Seats) =>
  seats.flatMap((groups, raid) =>
    groups.flatMap((group, number) => group.map((one) => ({ entry_id: offered[one]!.entry_id, raid, group: number })))
  )
/** Ten to a raid, some of them in each group. */
const plan: Seats = [0, 1].map((raid) =>
  Array.from({ length: groups }, (_, group) =>
    offered.flatMap((_, at) => (at % 8 === raid * groups + group ? [at] : []))
  )
)
const known = { before: entriesOf(plan), offered, locks: [], raids: [raidOf("One"), raidOf("Other")] }

it("what only has other numbers has the plan's again, in the raid where it was", () => {
  const turned = plan.toReversed().map((groups) => groups.toReversed())
  assert.deepStrictEqual(numbered(known, turned), plan)
  const later = [raidOf("One"), raidOf("Other", "2026-12-01T19:00:00Z")]
  // Raids of other hours are not alike: all move, but nobody's group is renumbered for nothing.
  assert.deepStrictEqual(numbered({ ...known, raids: later }, turned)[0], turned[0])
})

it("a group that a lock names keeps its number, and a raid that one names its place", () => {
  const turned = plan.map((groups) => groups.toReversed())
  const lock = { entry_id: offered[turned[0]![0]![0]!]!.entry_id, raid: 0, group: 0 }
  const [first, second] = numbered({ ...known, locks: [lock] }, turned)
  assert.deepStrictEqual(first![0], turned[0]![0])
  assert.deepStrictEqual(first!.slice(1, 3), plan[0]!.slice(1, 3))
  assert.deepStrictEqual(second, plan[1])
})

it("no other numbering of groups leaves more where they were", () => {
  const random = randomOf(3)
  const permutations = (all: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> =>
    all.length === 0
      ? [[]]
      : all.flatMap((one) => permutations(all.filter((other) => other !== one)).map((rest) => [one, ...rest]))
  for (let round = 0; round < 50; round++) {
    const order = offered.map((_, at) => ({ at, key: random() })).toSorted((one, other) => one.key - other.key)
    const answer: Seats = [
      Array.from({ length: groups }, (_, group) => order.slice(group * 5, group * 5 + 5).map(({ at }) => at))
    ]
    const before = entriesOf([plan[0]!.map((group, at) => [...group, ...plan[1]![at]!])])
    const raids = [raidOf("One")]
    const stay = (seats: Seats) => {
      const names = new Set(before.map((place) => JSON.stringify(place)))
      return entriesOf(seats).filter((place) => names.has(JSON.stringify(place))).length
    }
    const most = Math.max(...permutations([0, 1, 2, 3]).map((order) => stay([order.map((at) => answer[0]![at]!)])))
    assert.strictEqual(stay(numbered({ ...known, before, raids }, answer)), most)
  }
})
