import { classOf, type GameData, racesOf } from "../GameData.ts"

const common = {
  warrior: classOf(
    "Warrior",
    "#c79c6e",
    "classicon_warrior",
    ["Arms", "ability_rogue_eviscerate", "melee"],
    ["Fury", "ability_warrior_innerrage", "melee"],
    ["Protection", "inv_shield_06", "tank"]
  ),
  paladin: classOf(
    "Paladin",
    "#f58cba",
    "classicon_paladin",
    ["Holy", "spell_holy_holybolt", "heal"],
    ["Protection", "spell_holy_devotionaura", "tank"],
    ["Retribution", "spell_holy_auraoflight", "melee"]
  ),
  hunter: classOf(
    "Hunter",
    "#abd473",
    "classicon_hunter",
    ["BeastMastery", "ability_hunter_beasttaming", "ranged"],
    ["Marksmanship", "ability_marksmanship", "ranged"],
    ["Survival", "ability_hunter_swiftstrike", "ranged"]
  ),
  rogue: classOf(
    "Rogue",
    "#fff569",
    "classicon_rogue",
    ["Assassination", "ability_rogue_eviscerate", "melee"],
    ["Combat", "ability_backstab", "melee"],
    ["Subtlety", "ability_stealth", "melee"]
  ),
  priest: classOf(
    "Priest",
    "#ffffff",
    "classicon_priest",
    ["Discipline", "spell_holy_wordfortitude", "heal"],
    ["Holy", "spell_holy_guardianspirit", "heal"],
    ["Shadow", "spell_shadow_shadowwordpain", "ranged"]
  ),
  shaman: classOf(
    "Shaman",
    "#0070de",
    "classicon_shaman",
    ["Elemental", "spell_nature_lightning", "ranged"],
    ["Enhancement", "spell_nature_lightningshield", "melee"],
    ["Restoration", "spell_nature_magicimmunity", "heal"]
  ),
  mage: classOf(
    "Mage",
    "#69ccf0",
    "classicon_mage",
    ["Arcane", "spell_holy_magicalsentry", "ranged"],
    ["Fire", "spell_fire_firebolt02", "ranged"],
    ["Frost", "spell_frost_frostbolt02", "ranged"]
  ),
  warlock: classOf(
    "Warlock",
    "#9482c9",
    "classicon_warlock",
    ["Affliction", "spell_shadow_deathcoil", "ranged"],
    ["Demonology", "spell_shadow_metamorphosis", "ranged"],
    ["Destruction", "spell_shadow_rainoffire", "ranged"]
  )
}

const druid = (
  ...others: Parameters<typeof classOf> extends [string, string, string, ...infer Specs] ? Specs : never
) =>
  classOf(
    "Druid",
    "#ff7d0a",
    "classicon_druid",
    ["Balance", "spell_nature_starfall", "ranged"],
    ["Feral", "ability_racial_bearform", "tank", "melee"],
    ["Restoration", "spell_nature_healingtouch", "heal"],
    ...others
  )

const alliance = ["Human", "Dwarf", "Night Elf", "Gnome"]
const horde = ["Orc", "Undead", "Tauren", "Troll"]

export const classicEra: GameData = {
  label: "Classic Era",
  classes: [...Object.values(common), druid()],
  races: racesOf({ alliance, horde, both: [] })
}

export const burningCrusade: GameData = {
  label: "The Burning Crusade",
  // Planners tell a Balance druid who heals by a word of their own.
  classes: [...Object.values(common), druid(["Dreamstate", "ability_druid_dreamstate", "heal"])],
  races: racesOf({ alliance: [...alliance, "Draenei"], horde: [...horde, "Blood Elf"], both: [] })
}
