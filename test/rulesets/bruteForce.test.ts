import { assert, describe, it } from "@effect/vitest"
import type { Seat } from "../../src/rulesets/Compiled.ts"
import { coverageOf } from "../../src/rulesets/Evaluate.ts"
import type { Overrides, Ruleset } from "../../src/rulesets/Ruleset.ts"
import { rulesets } from "../../src/rulesets/Rulesets.ts"
import { isKnown } from "../../src/rulesets/Words.ts"
import { looked, partyValue, raidValue } from "./BruteForce.ts"
import { kinds, seatOf } from "./Seats.ts"

/** `COVERAGE_PARTIES=10000` for the long run; a raid is tried for every tenth party. */
const parties = Number(process.env["COVERAGE_PARTIES"] ?? "150")
const seed = Number(process.env["COVERAGE_SEED"] ?? "20261125")

/** Numbers from 0 to below 1, the same for a seed. */
const randomOf = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const random = randomOf(seed)
const below = (count: number) => Math.floor(random() * count)
const pick = <A>(list: ReadonlyArray<A>) => list[below(list.length)]!

const seatIn = ({ game_version, effects }: Ruleset, among: ReadonlyArray<string>): Seat => {
  const known = among.map(seatOf).filter(({ class: name, spec }) => isKnown(game_version, `${name}:${spec}`))
  const some = () => (random() < 0.15 ? [pick(effects).id] : [])
  return { ...pick(known), race: random() < 0.2 ? "Draenei" : null, brings: some(), lacks: some() }
}

/** At times a guild's own values, so that not one set of values alone is tried. */
const someOverrides = ({ effects }: Ruleset): Overrides =>
  random() < 0.5
    ? {}
    : Object.fromEntries(
        effects
          .filter(() => random() < 0.6)
          .map(({ id, values }) => [
            id,
            random() < 0.2
              ? { "*": below(500) }
              : Object.fromEntries(Object.keys(values).map((who) => [who, below(1000)]))
          ])
      )

const askOf = (groups: ReadonlyArray<ReadonlyArray<Seat>>) => ({
  faction: null,
  raids: [{ size: null, starts_at: null, targets: null, groups }]
})

/** Those who have choices come often. */
const busy = ["enh", "rsh", "ele", "fury", "prot", "hpal", "ppal", "ret"]

const add = (all: number, { value }: { readonly value: number }) => all + value

describe("coverage is the best there is", () => {
  it.each([...rulesets.values()].map(({ ruleset }) => [ruleset.id, ruleset] as const))(
    `of random parties and raids, %s: as trying everything tells (${parties} parties, seed ${seed})`,
    (_, ruleset) => {
      looked.leaves = 0
      looked.whole = 0
      for (let party = 0; party < parties; party++) {
        const overrides = someOverrides(ruleset)
        const among = random() < 0.5 ? [...kinds] : busy
        const seats = Array.from({ length: 1 + below(5) }, () => seatIn(ruleset, among))
        const told = coverageOf(ruleset, overrides, askOf([seats])).raids[0]!.groups[0]!
        assert.strictEqual(told.value, partyValue(ruleset, overrides, seats), JSON.stringify(seats))
        assert.strictEqual(told.value, told.covered.reduce(add, 0))
        const ids = [...told.covered, ...told.missing, ...told.possible].map(({ effect }) => effect)
        assert.strictEqual(new Set(ids).size, ids.length, "an effect is said to be two things")
        const used = told.covered.flatMap(({ effect, by }) => {
          const { slot } = ruleset.effects.find(({ id }) => id === effect)!
          return slot === null ? [] : by.map((place) => `${slot} ${place.slot}`)
        })
        assert.strictEqual(new Set(used).size, used.length, "a slot is filled twice")
        if (party % 10 > 0) continue
        const raid = Array.from({ length: 6 }, () =>
          seatIn(ruleset, random() < 0.5 ? [...kinds] : ["hpal", "ppal", "ret", "aff", "destro", "rdru", "arc"])
        )
        const { value, groups } = coverageOf(ruleset, overrides, askOf([raid])).raids[0]!
        assert.strictEqual(value - groups.reduce(add, 0), raidValue(ruleset, overrides, raid), JSON.stringify(raid))
      }
      assert.isAbove(looked.whole, parties / 4)
      assert.isAbove(looked.leaves, parties * 10)
    },
    600_000
  )
})
