/** A boss with its Warcraft Logs id. */
export interface Encounter {
  readonly id: number
  readonly name: string
}

export interface Zone {
  readonly id: number
  readonly name: string
  readonly size: number
  readonly encounters: ReadonlyArray<Encounter>
}

const numbered = (first: number, ...names: ReadonlyArray<string>): ReadonlyArray<Encounter> =>
  names.map((name, index) => ({ id: first + index, name }))

/** The zones of the anniversary realms, in the order they open. */
export const zones: ReadonlyArray<Zone> = [
  {
    id: 1047,
    name: "Karazhan",
    size: 10,
    encounters: numbered(
      50652,
      "Attumen the Huntsman",
      "Moroes",
      "Maiden of Virtue",
      "Opera Hall",
      "The Curator",
      "Terestian Illhoof",
      "Shade of Aran",
      "Netherspite",
      "Chess Event",
      "Prince Malchezaar",
      "Nightbane"
    )
  },
  {
    id: 1048,
    name: "Gruul / Magtheridon",
    size: 25,
    encounters: numbered(50649, "High King Maulgar", "Gruul the Dragonkiller", "Magtheridon")
  },
  {
    id: 1056,
    name: "SSC / TK",
    size: 25,
    encounters: [
      ...numbered(
        100623,
        "Hydross the Unstable",
        "The Lurker Below",
        "Leotheras the Blind",
        "Fathom-Lord Karathress",
        "Morogrim Tidewalker",
        "Lady Vashj"
      ),
      ...numbered(100730, "Al'ar", "Void Reaver", "High Astromancer Solarian", "Kael'thas Sunstrider")
    ]
  },
  {
    id: 1060,
    name: "BT / Hyjal",
    size: 25,
    encounters: numbered(
      100601,
      "High Warlord Naj'entus",
      "Supremus",
      "Shade of Akama",
      "Teron Gorefiend",
      "Gurtogg Bloodboil",
      "Reliquary of Souls",
      "Mother Shahraz",
      "The Illidari Council",
      "Illidan Stormrage",
      "Rage Winterchill",
      "Anetheron",
      "Kaz'rogal",
      "Azgalor",
      "Archimonde"
    )
  }
]

/** The zone of a request without one, until the next phase opens. */
export const newestZone = 1056

/** The zone with the given id, if it has opened. */
export const openZone = (id: number, newest: number): Zone | undefined =>
  zones.find((zone) => zone.id === id && zone.id <= newest)
