import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { gameVersions } from "../../src/game/GameVersions.ts"
import { coverageOf } from "../../src/rulesets/Evaluate.ts"
import { readRuleset, rulesets } from "../../src/rulesets/Rulesets.ts"
import { raidOf, seatOf } from "./Seats.ts"

/**
 * SHA-256 of every ruleset that has been released. A released file is never edited: plans name it, and clients keep it
 * for good. What changes goes into a file with the next version.
 */
const released: Readonly<Record<string, string>> = {
  "classic-era-1.json": "9c50c5890070d2261fa07fbc4907897fcf04965c438ba4aeb5bfdcaa411dc591",
  "tbc-2021-1.json": "240d747b6832234939d2a2422d349aa233d0c7d2fecbbddc198bef95f6eee1f0",
  "tbc-anniversary-1.json": "8f0cfbc6de0d4b9fa91ebed9013fd03106915e712df6bd01afc5f295f4840a96"
}

const folder = new URL("../../src/rulesets/data/", import.meta.url)
const files = readdirSync(folder)
const jsonOf = (file: string) => JSON.parse(readFileSync(new URL(file, folder), "utf8"))
const draft = () => jsonOf("tbc-anniversary-1.json")

describe("rulesets", () => {
  it("are as they were released", () => {
    const now = files.map((file) => [
      file,
      createHash("sha256")
        .update(readFileSync(new URL(file, folder)))
        .digest("hex")
    ])
    assert.deepStrictEqual(Object.fromEntries(now), released)
  })

  it("are all served, each under the id that its file's name says", () => {
    assert.sameMembers(
      files,
      [...rulesets.keys()].map((id) => `${id.replace("@", "-")}.json`)
    )
    for (const [id, { ruleset }] of rulesets) assert.strictEqual(ruleset.id, id)
  })

  it("value something for every class, spec and role of their game, and every word of theirs is the game's", () => {
    for (const { ruleset } of rulesets.values()) {
      const { classes } = gameVersions.get(ruleset.game_version)!
      const exact = new Set(
        classes.flatMap(({ name, specs }) => [
          name,
          ...specs.flatMap((spec) => [
            `${name}:${spec.name}`,
            ...spec.roles.map((role) => `${name}:${spec.name}:${role}`)
          ])
        ])
      )
      const said = ruleset.effects.flatMap(({ providers, improved, values }) => [
        ...providers,
        ...improved.map(({ by }) => by),
        ...Object.keys(values)
      ])
      assert.deepStrictEqual(
        said.filter((who) => who !== "*" && !exact.has(who)),
        []
      )
      for (const { name, specs } of classes) {
        for (const spec of specs) {
          for (const role of spec.roles) {
            const seat = { ...seatOf("arc"), class: name, spec: spec.name, role }
            const helpers = ["prot", "hpal", "rsh", "disc"].map(seatOf)
            const alone = { ...raidOf(), groups: [[...helpers, seat]] }
            const without = { ...raidOf(), groups: [helpers] }
            const value = (raid: typeof alone) => coverageOf(ruleset, {}, { faction: null, raids: [raid] }).value
            assert.isAbove(value(alone), value(without), `${name} ${spec.name} ${role}`)
          }
        }
      }
    }
  })

  it("say where every fact is from, and that what was not seen in code is not certain", () => {
    for (const { ruleset } of rulesets.values()) {
      for (const { id, source, confidence } of ruleset.effects) {
        if (source === "G") assert.notStrictEqual(confidence, "base", id)
        else assert.match(source, /^W[12]\b/, id)
      }
    }
  })

  it("bloodlust is for the raid on the Anniversary realms, for the party in 2021, and not yet there in Classic Era", () => {
    const scopes = ["tbc-anniversary@1", "tbc-2021@1", "classic-era@1"].map(
      (id) => rulesets.get(id)!.ruleset.effects.find((effect) => effect.id === "bloodlust")?.scope
    )
    assert.deepStrictEqual(scopes, ["raid", "party", undefined])
  })

  it.each<[string, (json: ReturnType<typeof draft>) => void, RegExp]>([
    ["a field that is missing", (json) => delete json.effects[0].scope, /scope/],
    ["a field too many", (json) => (json.effects[0].scoope = "raid"), /scoope/],
    ["a scope that is none", (json) => (json.effects[0].scope = "world"), /scope/],
    ["points that are no whole number", (json) => (json.effects[0].values.Mage = 1.5), /values/],
    ["a game version that is none", (json) => (json.game_version = "tbc2"), /tbc2 is no game version/],
    ["a class of another game", (json) => json.effects[0].providers.push("Monk"), /arcane_brilliance: Monk is not of/],
    ["a spec of another class", (json) => (json.effects[0].values["Mage:Holy"] = 1), /Mage:Holy is not of/],
    ["a role that the spec has not", (json) => (json.effects[0].values["Mage:Fire:tank"] = 1), /Mage:Fire:tank/],
    ["an effect twice", (json) => json.effects.push(json.effects[0]), /arcane_brilliance is there twice/],
    ["a slot that is none", (json) => (json.effects[0].slot = "mage.hat"), /mage.hat is no slot/],
    [
      "a slot of two scopes",
      (json) => (json.effects[0].slot = "paladin.aura"),
      /paladin.aura has effects of two scopes/
    ],
    ["a race that is none", (json) => (json.effects[0].race = "Gnoll"), /Gnoll is no race/],
    ["a source that is none", (json) => (json.effects[0].source = "X1 somewhere"), /X1 somewhere is no source/],
    ["what stacks in a raid", (json) => (json.effects[0].stacks = true), /only what helps a group stacks/],
    [
      "rivals that stack",
      (json) => Object.assign(json.effects[0], { rivals: "wits", stacks: true }),
      /rivals have no slot/
    ]
  ])("are refused at the start with %s", (_, spoil, message) => {
    const json = draft()
    spoil(json)
    assert.throws(() => readRuleset(json), message)
  })
})
