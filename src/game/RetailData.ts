import { classOf, type GameData, racesOf } from "./GameData.ts"

export const retail: GameData = {
  label: "Retail",
  max_level: 90,
  classes: [
    classOf(
      "Warrior",
      "#c69b6d",
      "classicon_warrior",
      [1, 11],
      ["Arms", "ability_warrior_savageblow", "melee"],
      ["Fury", "ability_warrior_innerrage", "melee"],
      ["Protection", "ability_warrior_defensivestance", "tank"]
    ),
    classOf(
      "Paladin",
      "#f48cba",
      "classicon_paladin",
      [2, 6],
      ["Holy", "spell_holy_holybolt", "heal"],
      ["Protection", "ability_paladin_shieldofthetemplar", "tank"],
      ["Retribution", "spell_holy_auraoflight", "melee"]
    ),
    classOf(
      "Hunter",
      "#aad372",
      "classicon_hunter",
      [3, 3],
      ["BeastMastery", "ability_hunter_bestialdiscipline", "ranged"],
      ["Marksmanship", "ability_hunter_focusedaim", "ranged"],
      ["Survival", "ability_hunter_camouflage", "melee"]
    ),
    classOf(
      "Rogue",
      "#fff468",
      "classicon_rogue",
      [4, 8],
      ["Assassination", "ability_rogue_deadlybrew", "melee"],
      ["Outlaw", "ability_rogue_waylay", "melee"],
      ["Subtlety", "ability_stealth", "melee"]
    ),
    classOf(
      "Priest",
      "#ffffff",
      "classicon_priest",
      [5, 7],
      ["Discipline", "spell_holy_powerwordshield", "heal"],
      ["Holy", "spell_holy_guardianspirit", "heal"],
      ["Shadow", "spell_shadow_shadowwordpain", "ranged"]
    ),
    classOf(
      "Death Knight",
      "#c41e3a",
      "classicon_deathknight",
      [6, 1],
      ["Blood", "spell_deathknight_bloodpresence", "tank"],
      ["Frost", "spell_deathknight_frostpresence", "melee"],
      ["Unholy", "spell_deathknight_unholypresence", "melee"]
    ),
    classOf(
      "Shaman",
      "#0070dd",
      "classicon_shaman",
      [7, 9],
      ["Elemental", "spell_nature_lightning", "ranged"],
      ["Enhancement", "spell_shaman_improvedstormstrike", "melee"],
      ["Restoration", "spell_nature_magicimmunity", "heal"]
    ),
    classOf(
      "Mage",
      "#3fc7eb",
      "classicon_mage",
      [8, 4],
      ["Arcane", "spell_holy_magicalsentry", "ranged"],
      ["Fire", "spell_fire_firebolt02", "ranged"],
      ["Frost", "spell_frost_frostbolt02", "ranged"]
    ),
    classOf(
      "Warlock",
      "#8788ee",
      "classicon_warlock",
      [9, 10],
      ["Affliction", "spell_shadow_deathcoil", "ranged"],
      ["Demonology", "spell_shadow_metamorphosis", "ranged"],
      ["Destruction", "spell_shadow_rainoffire", "ranged"]
    ),
    classOf(
      "Monk",
      "#00ff98",
      "classicon_monk",
      [10, 5],
      ["Brewmaster", "spell_monk_brewmaster_spec", "tank"],
      ["Mistweaver", "spell_monk_mistweaver_spec", "heal"],
      ["Windwalker", "spell_monk_windwalker_spec", "melee"]
    ),
    classOf(
      "Druid",
      "#ff7c0a",
      "classicon_druid",
      [11, 2],
      ["Balance", "spell_nature_starfall", "ranged"],
      ["Feral", "ability_druid_catform", "melee"],
      ["Guardian", "ability_racial_bearform", "tank"],
      ["Restoration", "spell_nature_healingtouch", "heal"]
    ),
    classOf(
      "Demon Hunter",
      "#a330c9",
      "classicon_demonhunter",
      [12, 12],
      ["Havoc", "ability_demonhunter_specdps", "melee"],
      ["Vengeance", "ability_demonhunter_spectank", "tank"],
      ["Devourer", "classicon_demonhunter_void", "ranged"]
    ),
    classOf(
      "Evoker",
      "#33937f",
      "classicon_evoker",
      [13, 13],
      ["Devastation", "classicon_evoker_devastation", "ranged"],
      ["Preservation", "classicon_evoker_preservation", "heal"],
      ["Augmentation", "classicon_evoker_augmentation", "ranged"]
    )
  ],
  races: racesOf({
    alliance: {
      Human: 1,
      Dwarf: 3,
      "Night Elf": 4,
      Gnome: 7,
      Draenei: 11,
      Worgen: 22,
      "Void Elf": 29,
      "Lightforged Draenei": 30,
      "Kul Tiran": 32,
      "Dark Iron Dwarf": 34,
      Mechagnome: 37
    },
    horde: {
      Orc: 2,
      Undead: 5,
      Tauren: 6,
      Troll: 8,
      Goblin: 9,
      "Blood Elf": 10,
      Nightborne: 27,
      "Highmountain Tauren": 28,
      "Zandalari Troll": 31,
      Vulpera: 35,
      "Mag'har Orc": 36
    },
    // Those of both factions have an id for each.
    both: { Pandaren: [24, 25, 26], Dracthyr: [52, 70], Earthen: [84, 85], Haranir: [] }
  })
}
