/** The simulator's locales; any other is treated as if no locale had been requested. */
const locales = ["en_US", "en_GB", "de_DE", "ru_RU"] as const

const german: Readonly<Record<string, string>> = {
  Warrior: "Krieger",
  Paladin: "Paladin",
  Hunter: "Jäger",
  Rogue: "Schurke",
  Priest: "Priester",
  Shaman: "Schamane",
  Mage: "Magier",
  Warlock: "Hexenmeister",
  Druid: "Druide",
  Undead: "Untoter",
  "Blood Elf": "Blutelf",
  Male: "Männlich",
  Female: "Weiblich"
}

const russian: Readonly<Record<string, string>> = {
  Warrior: "Воин",
  Paladin: "Паладин",
  Hunter: "Охотник",
  Rogue: "Разбойник",
  Priest: "Жрец",
  Shaman: "Шаман",
  Mage: "Маг",
  Warlock: "Чернокнижник",
  Druid: "Друид",
  Orc: "Орк",
  Undead: "Нежить",
  Tauren: "Таурен",
  Troll: "Тролль",
  "Blood Elf": "Эльф крови",
  Horde: "Орда",
  Alliance: "Альянс",
  Male: "Мужской",
  Female: "Женский"
}

const inLocale = (english: string, locale: string) =>
  (locale === "de_DE" ? german[english] : locale === "ru_RU" ? russian[english] : undefined) ?? english

/** A name in the requested locale; without one, an object with all locales. `others` are translations of its own. */
export const localised = (
  english: string,
  locale: string | null,
  others: Readonly<Record<string, string>> = {}
): string | Readonly<Record<string, string>> => {
  const all: Readonly<Record<string, string>> = {
    ...Object.fromEntries(locales.map((known) => [known, inLocale(english, known)])),
    ...others
  }
  return all[locale ?? ""] ?? all
}

const races: Readonly<Record<string, number>> = {
  Human: 1,
  Orc: 2,
  Dwarf: 3,
  "Night Elf": 4,
  Undead: 5,
  Tauren: 6,
  Gnome: 7,
  Troll: 8,
  "Blood Elf": 10,
  Draenei: 11
}

/** Battle.net knows every character's race, even where the roster does not. */
const usualRace: Readonly<Record<string, string>> = {
  Paladin: "Blood Elf",
  Shaman: "Orc",
  Druid: "Tauren",
  Warrior: "Orc",
  Mage: "Undead"
}

export const raceOf = ({ race, class: className }: { readonly race: string | null; readonly class: string }) => {
  const name = race ?? usualRace[className] ?? "Troll"
  return { name, id: races[name] ?? 0 }
}
