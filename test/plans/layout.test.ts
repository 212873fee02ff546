import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { applied, changesBetween, emptyGroups, type Layout, undone } from "../../src/plans/Layout.ts"
import { sizes } from "../../src/plans/Plan.ts"

const specs = ["Frost", "Fire", "Arcane"]

/** Any layout of some of 60 characters in up to four raids. */
const layouts = fc
  .record({
    title: fc.constantFrom("Wednesday", "Thursday"),
    raids: fc.array(fc.record({ title: fc.constantFrom("A", "B"), size: fc.constantFrom(...sizes) }), {
      minLength: 1,
      maxLength: 4
    }),
    cast: fc.shuffledSubarray(Array.from({ length: 60 }, (_, at) => at)),
    places: fc.array(fc.record({ raid: fc.nat(3), bench: fc.boolean(), spec: fc.nat(2), skip: fc.nat(2) }), {
      minLength: 60,
      maxLength: 60
    })
  })
  .map(({ title, raids, cast, places }): Layout => {
    const made = raids.map((raid) => ({
      ...raid,
      starts_at: null,
      zone: null,
      groups: emptyGroups(raid.size) as Array<Array<{ entry_id: string; name: string; spec: string } | null>>,
      bench: [] as Array<{ entry_id: string; name: string; spec: string }>
    }))
    const next = made.map(() => 0)
    for (const [at, who] of cast.entries()) {
      const { raid: wanted, bench, spec, skip } = places[at]!
      const raid = wanted % made.length
      const seat = { entry_id: `e${who}`, name: `N${who}`, spec: specs[spec]! }
      const slot = (next[raid]! += skip)
      if (bench || slot >= made[raid]!.size) made[raid]!.bench.push(seat)
      else {
        made[raid]!.groups[Math.floor(slot / 5)]![slot % 5] = seat
        next[raid]! += 1
      }
    }
    return { title, raids: made }
  })

const plain = (layout: Layout) => JSON.parse(JSON.stringify(layout)) as unknown

describe("what lies between two states of a plan", () => {
  it("leads from one to the other, and undone back", () => {
    fc.assert(
      fc.property(layouts, layouts, (before, after) => {
        const changes = changesBetween(before, after)
        assert.deepStrictEqual(plain(applied(before, changes)), plain(after))
        assert.deepStrictEqual(plain(applied(after, undone(changes))), plain(before))
      }),
      { numRuns: 300 }
    )
  })

  it("names no more than who was moved: a bench closes ranks by itself", () => {
    const seats = ["a", "b", "c", "d"].map((name) => ({ entry_id: name, name, spec: "Frost" }))
    const of = (names: string): Layout => ({
      title: "T",
      raids: [
        {
          title: "A",
          size: 10,
          starts_at: null,
          zone: null,
          groups: emptyGroups(10),
          bench: [...names].map((name) => seats.find((seat) => seat.name === name)!)
        }
      ]
    })
    const moved = (from: string, to: string) => changesBetween(of(from), of(to)).moves.map(({ name }) => name)
    assert.deepStrictEqual(moved("abcd", "bcd"), ["a"])
    assert.deepStrictEqual(moved("abcd", "dabc"), ["d"])
    assert.deepStrictEqual(moved("bcd", "abcd"), ["a"])
    assert.deepStrictEqual(moved("abcd", "abcd"), [])
  })
})
