import { assert, describe, it } from "@effect/vitest"
import { personas } from "../../../src/demo/simulators/Personas.ts"
import { roster, rosterRealm } from "../../../src/demo/simulators/roster.ts"
import { demoCharacters, sameName, World } from "../../../src/demo/simulators/World.ts"

const people = roster.flatMap(({ characters }) => characters)

const roles: Readonly<Record<string, Readonly<Record<string, ReadonlyArray<string>>>>> = {
  Warrior: { Arms: ["melee"], Fury: ["melee"], Protection: ["tank"] },
  Paladin: { Holy: ["heal"], Protection: ["tank"], Retribution: ["melee"] },
  Hunter: { BeastMastery: ["ranged"], Marksmanship: ["ranged"], Survival: ["ranged"] },
  Rogue: { Assassination: ["melee"], Combat: ["melee"], Subtlety: ["melee"] },
  Priest: { Discipline: ["heal"], Holy: ["heal"], Shadow: ["ranged"] },
  Shaman: { Elemental: ["ranged"], Enhancement: ["melee"], Restoration: ["heal"] },
  Mage: { Arcane: ["ranged"], Fire: ["ranged"], Frost: ["ranged"] },
  Warlock: { Affliction: ["ranged"], Demonology: ["ranged"], Destruction: ["ranged"] },
  Druid: { Balance: ["ranged"], Feral: ["tank", "melee"], Restoration: ["heal"] }
}

const races: Readonly<Record<string, ReadonlyArray<string>>> = {
  Warrior: ["Orc", "Undead", "Tauren", "Troll"],
  Paladin: ["Blood Elf"],
  Hunter: ["Orc", "Tauren", "Troll", "Blood Elf"],
  Rogue: ["Orc", "Undead", "Troll", "Blood Elf"],
  Priest: ["Undead", "Troll", "Blood Elf"],
  Shaman: ["Orc", "Tauren", "Troll"],
  Mage: ["Undead", "Troll", "Blood Elf"],
  Warlock: ["Orc", "Undead", "Blood Elf"],
  Druid: ["Tauren"]
}

describe("the roster of the demo", () => {
  it("has names and combinations of class, race, spec and role that the game allows", () => {
    for (const { name, class: className, race, spec, role } of people) {
      assert.match(name, /^\p{Lu}\p{Ll}{1,11}$/u)
      assert.strictEqual(name.normalize("NFC"), name)
      assert.include(roles[className]?.[spec] ?? [], role, name)
      if (race !== null) assert.include(races[className] ?? [], race, name)
    }
  })

  it("has enough people, and every class", () => {
    assert.isAtLeast(roster.length, 34)
    assert.isAtLeast(people.length, 60)
    assert.strictEqual(new Set(people.map((one) => one.class)).size, 9)
    assert.lengthOf(
      people.filter(({ race }) => race === null),
      3
    )
    assert.strictEqual(new Set(people.map(({ name }) => sameName(name))).size, people.length)
    for (const { characters } of roster)
      assert.lengthOf(
        characters.filter(({ rank }) => rank === "main"),
        1
      )
  })

  it("contains the personas that are members", () => {
    for (const [index, persona] of [personas.admin, personas.officer, personas.raider].entries()) {
      const player = roster[index]
      assert.strictEqual(player?.discordId, persona.id)
      assert.deepInclude(persona.profile as object, { username: player?.username, global_name: player?.globalName })
    }
    assert.deepStrictEqual(
      roster.slice(0, 3).map(({ role }) => role),
      ["admin", "officer", "raider"]
    )
    assert.notInclude(
      roster.map(({ discordId }) => discordId),
      personas.newcomer.id
    )
  })
})

describe("the world", () => {
  it("compares names as the providers do", () => {
    const world = new World(demoCharacters)
    const { region, realm } = rosterRealm
    assert.strictEqual(world.find(region, realm, "GRIMKÔR".normalize("NFD"))?.name, "Grimkôr")
    assert.isUndefined(world.find(region, realm, "grimkor"))
    assert.isUndefined(world.find(region, "thunderstrike", "grimkôr"))
  })

  it("gives every character its own ids", () => {
    const world = new World(demoCharacters)
    for (const id of [world.wclId.bind(world), world.bnetId.bind(world)]) {
      assert.strictEqual(new Set(demoCharacters.map(id)).size, demoCharacters.length)
    }
  })
})
