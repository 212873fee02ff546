import { assert, describe, it } from "@effect/vitest"
import { coverageOf } from "../../src/rulesets/Evaluate.ts"
import { rulesets } from "../../src/rulesets/Rulesets.ts"
import type { SeatedRaid } from "../../src/rulesets/Seating.ts"
import { raidOf } from "./Seats.ts"

const { ruleset } = rulesets.get("tbc-anniversary@1")!
const warnings = (...raids: ReadonlyArray<SeatedRaid>) =>
  coverageOf(ruleset, {}, { faction: null, raids }).warnings.filter(({ code }) => code !== "party_effect_wasted")
const karazhan = raidOf("prot bear hpr rdru fury", "arc fire frost destro bm")

describe("warnings", () => {
  it("none for a raid of ten as it should be, and none for one without anybody", () => {
    assert.deepStrictEqual(warnings(karazhan, raidOf("", "")), [])
  })

  it("roles off the ruleset's target for the size, which is that of the groups unless it is said", () => {
    assert.deepStrictEqual(warnings(raidOf("prot bear ppal hpr fury", "arc fire frost destro bm")), [
      { code: "role_count", raid: 0, role: "tank", seated: 3, min: 2, max: 2 },
      { code: "role_count", raid: 0, role: "heal", seated: 1, min: 2, max: 3 }
    ])
    assert.deepStrictEqual(warnings({ ...karazhan, size: 25 }), [
      { code: "role_count", raid: 0, role: "heal", seated: 2, min: 5, max: 8 }
    ])
    assert.deepStrictEqual(warnings({ ...karazhan, size: 17 }), [])
  })

  it("targets of one's own go in place of the ruleset's", () => {
    const own = { ...karazhan, targets: { tank: { min: 1, max: 1 }, ranged: { min: 6, max: 25 } } } as const
    assert.deepStrictEqual(warnings(karazhan, own), [
      { code: "role_count", raid: 1, role: "tank", seated: 2, min: 1, max: 1 },
      { code: "role_count", raid: 1, role: "ranged", seated: 5, min: 6, max: 25 }
    ])
  })

  it("no tank at all", () => {
    assert.deepStrictEqual(warnings({ ...raidOf("hpr fury"), targets: { tank: { min: 2, max: 2 } } }), [
      { code: "no_tank", raid: 0 }
    ])
    assert.deepStrictEqual(warnings({ ...raidOf("hpr fury"), targets: { tank: { min: 0, max: 0 } } }), [])
  })

  it("a player twice in a raid, or in two within an hour", () => {
    const free = { targets: {} }
    const at = (starts_at: string | null, ...groups: ReadonlyArray<string>) => ({
      ...raidOf(...groups),
      ...free,
      starts_at
    })
    const place = (raid: number, group: number, slot: number) => ({ raid, group, slot })
    const twice = (player: string, ...seats: ReadonlyArray<object>) => ({ code: "player_twice", player, seats })
    const noTank = (raid: number) => ({ code: "no_tank", raid })
    const told = (...raids: ReadonlyArray<SeatedRaid>) => warnings(...raids).filter(({ code }) => code !== "no_tank")

    assert.deepStrictEqual(warnings(at(null, "arc=Ann", ". fire=Ann")), [
      noTank(0),
      twice("Ann", place(0, 0, 0), place(0, 1, 1))
    ] as never)
    const first = at("2026-12-02T19:00:00Z", "arc=Ann fury=Bob")
    assert.deepStrictEqual(told(first, at("2026-12-02T20:59:59+01:00", "fire=Ann")), [
      twice("Ann", place(0, 0, 0), place(1, 0, 0))
    ] as never)
    assert.deepStrictEqual(told(first, at("2026-12-02T20:00:00Z", "fire=Ann")), [])
    assert.deepStrictEqual(told(first, at(null, "fire=Ann")), [])
    assert.deepStrictEqual(told(at(null, "arc=Ann"), at(null, "fire=Ann")), [])
    assert.deepStrictEqual(told(at(null, "arc arc fire")), [])
  })
})
