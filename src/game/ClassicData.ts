import { classOf, type GameData, racesOf } from "./GameData.ts"

const common = {
  warrior: classOf(
    "Warrior",
    "#c79c6e",
    "classicon_warrior",
    [1, 11],
    ["Arms", "ability_rogue_eviscerate", "melee"],
    ["Fury", "ability_warrior_innerrage", "melee"],
    ["Protection", "inv_shield_06", "tank"]
  ),
  paladin: classOf(
    "Paladin",
    "#f58cba",
    "classicon_paladin",
    [2, 6],
    ["Holy", "spell_holy_holybolt", "heal"],
    ["Protection", "spell_holy_devotionaura", "tank"],
    ["Retribution", "spell_holy_auraoflight", "melee"]
  ),
  hunter: classOf(
    "Hunter",
    "#abd473",
    "classicon_hunter",
    [3, 3],
    ["BeastMastery", "ability_hunter_beasttaming", "ranged"],
    ["Marksmanship", "ability_marksmanship", "ranged"],
    ["Survival", "ability_hunter_swiftstrike", "ranged"]
  ),
  rogue: classOf(
    "Rogue",
    "#fff569",
    "classicon_rogue",
    [4, 8],
    ["Assassination", "ability_rogue_eviscerate", "melee"],
    ["Combat", "ability_backstab", "melee"],
    ["Subtlety", "ability_stealth", "melee"]
  ),
  priest: classOf(
    "Priest",
    "#ffffff",
    "classicon_priest",
    [5, 7],
    ["Discipline", "spell_holy_wordfortitude", "heal"],
    ["Holy", "spell_holy_guardianspirit", "heal"],
    ["Shadow", "spell_shadow_shadowwordpain", "ranged"]
  ),
  shaman: classOf(
    "Shaman",
    "#0070de",
    "classicon_shaman",
    [7, 9],
    ["Elemental", "spell_nature_lightning", "ranged"],
    ["Enhancement", "spell_nature_lightningshield", "melee"],
    ["Restoration", "spell_nature_magicimmunity", "heal"]
  ),
  mage: classOf(
    "Mage",
    "#69ccf0",
    "classicon_mage",
    [8, 4],
    ["Arcane", "spell_holy_magicalsentry", "ranged"],
    ["Fire", "spell_fire_firebolt02", "ranged"],
    ["Frost", "spell_frost_frostbolt02", "ranged"]
  ),
  warlock: classOf(
    "Warlock",
    "#9482c9",
    "classicon_warlock",
    [9, 10],
    ["Affliction", "spell_shadow_deathcoil", "ranged"],
    ["Demonology", "spell_shadow_metamorphosis", "ranged"],
    ["Destruction", "spell_shadow_rainoffire", "ranged"]
  )
}

const druid = (
  ...others: Parameters<typeof classOf> extends [string, string, string, readonly [number, number], ...infer Specs]
    ? Specs
    : never
) =>
  classOf(
    "Druid",
    "#ff7d0a",
    "classicon_druid",
    [11, 2],
    ["Balance", "spell_nature_starfall", "ranged"],
    ["Feral", "ability_racial_bearform", "tank", "melee"],
    ["Restoration", "spell_nature_healingtouch", "heal"],
    ...others
  )

const alliance = { Human: 1, Dwarf: 3, "Night Elf": 4, Gnome: 7 }
const horde = { Orc: 2, Undead: 5, Tauren: 6, Troll: 8 }

export const classicEra: GameData = {
  label: "Classic Era",
  max_level: 60,
  classes: [...Object.values(common), druid()],
  races: racesOf({ alliance, horde, both: {} })
}

export const burningCrusade: GameData = {
  label: "The Burning Crusade",
  max_level: 70,
  // Planners tell a Balance druid who heals by a word of their own.
  classes: [...Object.values(common), druid(["Dreamstate", "ability_druid_dreamstate", "heal"])],
  races: racesOf({ alliance: { ...alliance, Draenei: 11 }, horde: { ...horde, "Blood Elf": 10 }, both: {} })
}
