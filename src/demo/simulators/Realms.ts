/** The game that is simulated, by the word in its namespaces; retail has no such word. */
export type GameVersion = "retail" | "classic" | "classicann" | "classic1x"

interface Realm {
  readonly id: number
  readonly slug: string
  /** In most languages. */
  readonly name: string
  /** By locale. */
  readonly names?: Readonly<Record<string, string>>
  /** A region and game only; in all of them if absent. */
  readonly place?: string
}

const everywhere: ReadonlyArray<Realm> = [
  { id: 6299, name: "Spineshatter", slug: "spineshatter" },
  { id: 6298, name: "Thunderstrike", slug: "thunderstrike" },
  { id: 6301, name: "Змейталак", slug: "chapel-of-ash" },
  { id: 6302, name: "Nek'Rosh", slug: "nekrosh" },
  { id: 6303, name: "Living Flame", slug: "living-flame" },
  { id: 6304, name: "Pozzo dell'Eternità", slug: "pozzo-delleternità" }
]

type Row = readonly [slug: string, name: string, names?: Realm["names"]]

const places: Readonly<Record<string, ReadonlyArray<Row>>> = {
  "eu retail": [
    ["azjolnerub", "Azjol-Nerub"],
    ["arakarahm", "Arak-arahm"],
    ["aggra-português", "Aggra (Português)"],
    ["howling-fjord", "Howling Fjord", { ru_RU: "Ревущий фьорд" }],
    ["gordunni", "Gordunni", { ru_RU: "Гордунни" }],
    ["soulflayer", "Soulflayer", { ru_RU: "Свежеватель Душ" }],
    ["ashenvale", "Ashenvale", { ru_RU: "Ясеневый лес" }],
    ["festung-der-stürme", "Festung der Stürme"],
    ["confrérie-du-thorium", "Confrérie du Thorium"],
    ["chants-éternels", "Chants éternels"],
    ["drekthar", "Drek'Thar"],
    ["tarren-mill", "Tarren Mill"]
  ],
  "us retail": [
    ["raden", "Ra-den"],
    ["azjolnerub", "Azjol-Nerub"],
    ["area-52", "Area 52"],
    ["malganis", "Mal'Ganis"],
    ["sisters-of-elune", "Sisters of Elune"]
  ],
  "kr retail": [
    ["azshara", "Azshara", { ko_KR: "아즈샤라" }],
    ["hyjal", "Hyjal", { ko_KR: "하이잘" }],
    ["burning-legion", "Burning Legion", { ko_KR: "불타는 군단" }]
  ],
  "tw retail": [
    ["shadowmoon", "Shadowmoon", { zh_TW: "暗影之月" }],
    ["world-tree", "World Tree", { zh_TW: "世界之樹" }],
    ["arthas", "Arthas", { zh_TW: "阿薩斯" }]
  ],
  "eu classic1x": [
    ["flamegor", "Flamegor", { ru_RU: "Пламегор" }],
    ["harbinger-of-doom", "Harbinger of Doom", { ru_RU: "Вестник Рока" }],
    ["hydraxian-waterlords", "Hydraxian Waterlords"]
  ],
  "us classic1x": [
    ["arugal-au", "Arugal (AU)"],
    ["bloodsail-buccaneers", "Bloodsail Buccaneers"]
  ],
  "kr classic1x": [["hillsbrad", "Hillsbrad", { ko_KR: "힐스브래드" }]],
  "tw classic1x": [["ivus", "Ivus", { zh_TW: "伊弗斯" }]],
  "eu classic": [
    ["pyrewood-village", "Pyrewood Village"],
    ["everlook", "Everlook"]
  ],
  "us classic": [["old-blanchy", "Old Blanchy"]],
  "us classicann": [["dreamscythe", "Dreamscythe"]]
}

/** Realms of every region and game, among them those whose slug does not follow from the name. */
const realms: ReadonlyArray<Realm> = [
  ...everywhere,
  ...Object.entries(places)
    .flatMap(([place, rows]) => rows.map((row) => ({ place, row })))
    .map(({ place, row: [slug, name, names = {}] }, index) => ({ id: 6400 + index, slug, name, names, place }))
]

/** The realms of a region, in one game or in all. */
export const realmsOf = (region: string, game?: GameVersion) =>
  realms.filter(({ place = `${region} ${game ?? ""}` }) =>
    game === undefined ? place.startsWith(`${region} `) : place === `${region} ${game}`
  )

export const realmOf = (region: string, slug: string): Realm => {
  const found = realmsOf(region).find((realm) => realm.slug === slug)
  if (found === undefined) throw new Error(`The region ${region} has no realm "${slug}" (see Realms.ts).`)
  return found
}

/** The name as those who play there see it. */
export const localName = ({ name, names = {} }: Realm) => Object.values(names)[0] ?? name
