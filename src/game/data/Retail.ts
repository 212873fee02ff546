import { classOf, type GameData, racesOf } from "../GameData.ts"

export const retail: GameData = {
  label: "Retail",
  classes: [
    classOf(
      "Warrior",
      "#c69b6d",
      "classicon_warrior",
      ["Arms", "ability_warrior_savageblow", "melee"],
      ["Fury", "ability_warrior_innerrage", "melee"],
      ["Protection", "ability_warrior_defensivestance", "tank"]
    ),
    classOf(
      "Paladin",
      "#f48cba",
      "classicon_paladin",
      ["Holy", "spell_holy_holybolt", "heal"],
      ["Protection", "ability_paladin_shieldofthetemplar", "tank"],
      ["Retribution", "spell_holy_auraoflight", "melee"]
    ),
    classOf(
      "Hunter",
      "#aad372",
      "classicon_hunter",
      ["BeastMastery", "ability_hunter_bestialdiscipline", "ranged"],
      ["Marksmanship", "ability_hunter_focusedaim", "ranged"],
      ["Survival", "ability_hunter_camouflage", "melee"]
    ),
    classOf(
      "Rogue",
      "#fff468",
      "classicon_rogue",
      ["Assassination", "ability_rogue_deadlybrew", "melee"],
      ["Outlaw", "ability_rogue_waylay", "melee"],
      ["Subtlety", "ability_stealth", "melee"]
    ),
    classOf(
      "Priest",
      "#ffffff",
      "classicon_priest",
      ["Discipline", "spell_holy_powerwordshield", "heal"],
      ["Holy", "spell_holy_guardianspirit", "heal"],
      ["Shadow", "spell_shadow_shadowwordpain", "ranged"]
    ),
    classOf(
      "Death Knight",
      "#c41e3a",
      "classicon_deathknight",
      ["Blood", "spell_deathknight_bloodpresence", "tank"],
      ["Frost", "spell_deathknight_frostpresence", "melee"],
      ["Unholy", "spell_deathknight_unholypresence", "melee"]
    ),
    classOf(
      "Shaman",
      "#0070dd",
      "classicon_shaman",
      ["Elemental", "spell_nature_lightning", "ranged"],
      ["Enhancement", "spell_shaman_improvedstormstrike", "melee"],
      ["Restoration", "spell_nature_magicimmunity", "heal"]
    ),
    classOf(
      "Mage",
      "#3fc7eb",
      "classicon_mage",
      ["Arcane", "spell_holy_magicalsentry", "ranged"],
      ["Fire", "spell_fire_firebolt02", "ranged"],
      ["Frost", "spell_frost_frostbolt02", "ranged"]
    ),
    classOf(
      "Warlock",
      "#8788ee",
      "classicon_warlock",
      ["Affliction", "spell_shadow_deathcoil", "ranged"],
      ["Demonology", "spell_shadow_metamorphosis", "ranged"],
      ["Destruction", "spell_shadow_rainoffire", "ranged"]
    ),
    classOf(
      "Monk",
      "#00ff98",
      "classicon_monk",
      ["Brewmaster", "spell_monk_brewmaster_spec", "tank"],
      ["Mistweaver", "spell_monk_mistweaver_spec", "heal"],
      ["Windwalker", "spell_monk_windwalker_spec", "melee"]
    ),
    classOf(
      "Druid",
      "#ff7c0a",
      "classicon_druid",
      ["Balance", "spell_nature_starfall", "ranged"],
      ["Feral", "ability_druid_catform", "melee"],
      ["Guardian", "ability_racial_bearform", "tank"],
      ["Restoration", "spell_nature_healingtouch", "heal"]
    ),
    classOf(
      "Demon Hunter",
      "#a330c9",
      "classicon_demonhunter",
      ["Havoc", "ability_demonhunter_specdps", "melee"],
      ["Vengeance", "ability_demonhunter_spectank", "tank"],
      ["Devourer", "classicon_demonhunter_void", "ranged"]
    ),
    classOf(
      "Evoker",
      "#33937f",
      "classicon_evoker",
      ["Devastation", "classicon_evoker_devastation", "ranged"],
      ["Preservation", "classicon_evoker_preservation", "heal"],
      ["Augmentation", "classicon_evoker_augmentation", "ranged"]
    )
  ],
  races: racesOf({
    alliance: [
      "Human",
      "Dwarf",
      "Night Elf",
      "Gnome",
      "Draenei",
      "Worgen",
      "Void Elf",
      "Lightforged Draenei",
      "Kul Tiran",
      "Dark Iron Dwarf",
      "Mechagnome"
    ],
    horde: [
      "Orc",
      "Undead",
      "Tauren",
      "Troll",
      "Blood Elf",
      "Goblin",
      "Nightborne",
      "Highmountain Tauren",
      "Zandalari Troll",
      "Vulpera",
      "Mag'har Orc"
    ],
    both: ["Pandaren", "Dracthyr", "Earthen", "Haranir"]
  })
}
