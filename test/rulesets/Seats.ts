import type { Seat } from "../../src/rulesets/Compiled.ts"

const specs = {
  arms: ["Warrior", "Arms", "melee"],
  fury: ["Warrior", "Fury", "melee"],
  prot: ["Warrior", "Protection", "tank"],
  hpal: ["Paladin", "Holy", "heal"],
  ppal: ["Paladin", "Protection", "tank"],
  ret: ["Paladin", "Retribution", "melee"],
  bm: ["Hunter", "BeastMastery", "ranged"],
  mm: ["Hunter", "Marksmanship", "ranged"],
  sv: ["Hunter", "Survival", "ranged"],
  ass: ["Rogue", "Assassination", "melee"],
  combat: ["Rogue", "Combat", "melee"],
  sub: ["Rogue", "Subtlety", "melee"],
  disc: ["Priest", "Discipline", "heal"],
  hpr: ["Priest", "Holy", "heal"],
  sp: ["Priest", "Shadow", "ranged"],
  ele: ["Shaman", "Elemental", "ranged"],
  enh: ["Shaman", "Enhancement", "melee"],
  rsh: ["Shaman", "Restoration", "heal"],
  arc: ["Mage", "Arcane", "ranged"],
  fire: ["Mage", "Fire", "ranged"],
  frost: ["Mage", "Frost", "ranged"],
  aff: ["Warlock", "Affliction", "ranged"],
  demo: ["Warlock", "Demonology", "ranged"],
  destro: ["Warlock", "Destruction", "ranged"],
  boom: ["Druid", "Balance", "ranged"],
  bear: ["Druid", "Feral", "tank"],
  cat: ["Druid", "Feral", "melee"],
  rdru: ["Druid", "Restoration", "heal"],
  dream: ["Druid", "Dreamstate", "heal"]
} as const

export const kinds = Object.keys(specs) as ReadonlyArray<keyof typeof specs>

/** `bm`, `bm/Draenei`, `destro+blood_pact` (it brings that), `hpal-kings` (it lacks that), `fury=Aldra` (whose it is). */
export const seatOf = (word: string): Seat => {
  const [, kind = "", race] = /^(\w+)(?:\/([\w ]+))?/.exec(word)!
  const [name, spec, role] = specs[kind as keyof typeof specs]
  const all = (sign: string) => [...word.matchAll(new RegExp(`\\${sign}(\\w+)`, "g"))].map(([, id]) => id!)
  return {
    class: name,
    spec,
    role,
    race: race ?? null,
    player: all("=")[0] ?? null,
    brings: all("+"),
    lacks: all("-")
  }
}

/** A group from words with spaces between; `.` is a free seat. */
const groupOf = (words: string) =>
  words
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => (word === "." ? null : seatOf(word)))

export const raidOf = (...groups: ReadonlyArray<string>) => ({
  size: null,
  starts_at: null,
  targets: null,
  groups: groups.map(groupOf)
})
