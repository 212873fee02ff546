import type { RaidRole } from "../../game/Game.ts"

/** An invented character of the demo guild, and how much the simulated providers know about it. */
export interface RosterCharacter {
  readonly name: string
  readonly class: string
  readonly race: string | null
  readonly spec: string
  readonly role: RaidRole
  readonly rank: "main" | "alt"
  readonly wcl: "ranked" | "hidden" | "unknown" | "no-kills"
  readonly bnet: "ok" | "unknown" | "no-media"
}

/** An invented player; a player without a Discord id was entered by an officer. */
export interface RosterPlayer {
  readonly discordId: string | null
  readonly username: string
  readonly globalName: string | null
  readonly role: "admin" | "officer" | "raider"
  readonly characters: ReadonlyArray<RosterCharacter>
}

/** The realm of every character in the roster. */
export const rosterRealm = { region: "eu", realm: "spineshatter" } as const

const tank = "tank"
const heal = "heal"
const melee = "melee"
const ranged = "ranged"

type Known = Partial<Pick<RosterCharacter, "wcl" | "bnet">>

const as =
  (rank: RosterCharacter["rank"]) =>
  (name: string, className: string, race: string | null, spec: string, role: RaidRole, known: Known = {}) => ({
    name,
    class: className,
    race,
    spec,
    role,
    rank,
    wcl: known.wcl ?? "ranked",
    bnet: known.bnet ?? "ok"
  })
const main = as("main")
const alt = as("alt")

type Seat = readonly [number: number, username: string, globalName: string | null, role: RosterPlayer["role"]]

const player = (
  [seat, username, globalName, role]: Seat,
  ...characters: ReadonlyArray<RosterCharacter>
): RosterPlayer => ({
  discordId: String(900_000_000_000_000_000n + BigInt(seat)),
  username,
  globalName,
  role,
  characters
})

const withoutDiscord = (username: string, ...characters: ReadonlyArray<RosterCharacter>): RosterPlayer => ({
  discordId: null,
  username,
  globalName: null,
  role: "raider",
  characters
})

/** The players of the demo guild. The roster seed contains the same players, so change both together. */
export const roster: ReadonlyArray<RosterPlayer> = [
  player(
    [1, "aldra.sim", "Aldra", "admin"],
    main("Aldrakh", "Warrior", "Orc", "Protection", tank),
    alt("Aldrasong", "Priest", "Undead", "Holy", heal)
  ),
  player(
    [2, "borin.sim", "Borin", "officer"],
    main("Borînhoof", "Druid", "Tauren", "Feral", tank),
    alt("Borintide", "Shaman", "Tauren", "Restoration", heal)
  ),
  player(
    [3, "cyra.sim", "Cyra", "raider"],
    main("Cyrandel", "Mage", "Blood Elf", "Arcane", ranged),
    alt("Cyrabloom", "Druid", "Tauren", "Restoration", heal),
    alt("Cyrashade", "Rogue", "Blood Elf", "Combat", melee, { wcl: "hidden" }),
    alt("Cyrawisp", "Warlock", "Blood Elf", "Demonology", ranged, { wcl: "unknown", bnet: "unknown" })
  ),
  player(
    [4, "dorvek.sim", "Dorvek", "officer"],
    main("Dorvekka", "Shaman", "Troll", "Enhancement", melee),
    alt("Dorvelune", "Paladin", "Blood Elf", "Holy", heal)
  ),
  player(
    [5, "elunis.sim", "Élunis", "officer"],
    main("Élunisse", "Paladin", "Blood Elf", "Holy", heal),
    alt("Elunefang", "Hunter", "Blood Elf", "Survival", ranged)
  ),
  player(
    [6, "farrag.sim", "Farrag", "raider"],
    main("Farragash", "Warrior", "Orc", "Fury", melee),
    alt("Farrahex", "Warlock", "Orc", "Affliction", ranged, { wcl: "no-kills" })
  ),
  player(
    [7, "grimkor.sim", "Grimkor", "raider"],
    main("Grimkôr", "Rogue", "Undead", "Combat", melee),
    alt("Grimlight", "Priest", "Undead", "Discipline", heal)
  ),
  player(
    [8, "hazzul.sim", "Hazzul", "raider"],
    main("Hazzulan", "Hunter", "Troll", "BeastMastery", ranged),
    alt("Hazzumend", "Priest", "Troll", "Holy", heal)
  ),
  player(
    [9, "ishara.sim", null, "raider"],
    main("Isharae", "Priest", "Blood Elf", "Shadow", ranged),
    alt("Ishablade", "Rogue", "Blood Elf", "Assassination", melee)
  ),
  player(
    [10, "jorgun.sim", "Jorgun", "raider"],
    main("Jörgunn", "Shaman", "Orc", "Elemental", ranged),
    alt("Jorghorn", "Warrior", "Tauren", "Protection", tank)
  ),
  player(
    [11, "kaelith.sim", "Kaelith", "raider"],
    main("Kaelithra", "Paladin", "Blood Elf", "Protection", tank),
    alt("Kaelfrost", "Mage", "Blood Elf", "Frost", ranged)
  ),
  player(
    [12, "lokmar.sim", "Lokmar", "raider"],
    main("Lokmarra", "Warlock", "Orc", "Destruction", ranged),
    alt("Loktusk", "Hunter", "Orc", "Marksmanship", ranged)
  ),
  player(
    [13, "mirelle.sim", "Mirelle", "raider"],
    main("Mirêlle", "Priest", "Blood Elf", "Holy", heal),
    alt("Mirebolt", "Mage", "Undead", "Fire", ranged)
  ),
  player(
    [14, "nazrok.sim", "Nazrok", "raider"],
    main("Nazrokh", "Warrior", "Undead", "Arms", melee),
    alt("Nazmojo", "Shaman", "Troll", "Restoration", heal, { bnet: "no-media" })
  ),
  player(
    [15, "oshawa.sim", "Oshawa", "raider"],
    main("Oshawahe", "Druid", "Tauren", "Restoration", heal),
    alt("Oshatotem", "Shaman", "Tauren", "Enhancement", melee)
  ),
  player(
    [16, "pyrelia.sim", "Pyrélia", "raider"],
    main("Pyrélia", "Mage", "Blood Elf", "Fire", ranged),
    alt("Pyrebrand", "Paladin", "Blood Elf", "Retribution", melee)
  ),
  player(
    [17, "quorra.sim", "Quorra", "raider"],
    main("Quorrash", "Warlock", "Undead", "Affliction", ranged),
    alt("Quorrafang", "Druid", "Tauren", "Feral", melee)
  ),
  player(
    [18, "rasko.sim", "Раско", "raider"],
    main("Раскогром", "Shaman", "Orc", "Restoration", heal),
    alt("Раскоклык", "Warrior", "Orc", "Fury", melee)
  ),
  player(
    [19, "sulwen.sim", "Sulwen", "raider"],
    main("Sülwen", "Hunter", "Blood Elf", "Survival", ranged),
    alt("Sulwhisper", "Priest", "Blood Elf", "Shadow", ranged, { wcl: "no-kills" })
  ),
  player(
    [20, "thazrik.sim", "Thazrik", "raider"],
    main("Thazrik", "Rogue", "Troll", "Subtlety", melee),
    alt("Thazvoodoo", "Mage", "Troll", "Frost", ranged)
  ),
  player(
    [21, "umbriel.sim", "Ümbriel ⚔️", "raider"],
    main("Ûmbriel", "Warlock", "Blood Elf", "Destruction", ranged, { wcl: "hidden" }),
    alt("Umbrastep", "Rogue", "Undead", "Assassination", melee)
  ),
  player(
    [22, "varkan.sim", "Varkan", "raider"],
    main("Varkanosh", "Druid", "Tauren", "Balance", ranged),
    alt("Varkanox", "Warrior", "Tauren", "Arms", melee)
  ),
  player(
    [23, "wulfgrim.sim", "Wulfgrim", "raider"],
    main("Wulfgrîm", "Hunter", "Orc", "BeastMastery", ranged),
    alt("Wulfspark", "Shaman", "Orc", "Elemental", ranged)
  ),
  player(
    [24, "xandris.sim", "Xandris", "raider"],
    main("Xandrisse", "Paladin", "Blood Elf", "Retribution", melee),
    alt("Xandrune", "Mage", "Blood Elf", "Arcane", ranged, { bnet: "no-media" })
  ),
  player(
    [25, "yarrowen.sim", "Yarrowen", "raider"],
    main("Yarrowen", "Priest", "Undead", "Discipline", heal),
    alt("Yarrowgrim", "Warlock", "Undead", "Demonology", ranged)
  ),
  player(
    [26, "zorbash.sim", "Zorbash", "raider"],
    main("Zorbashk", "Warrior", "Orc", "Fury", melee),
    alt("Zorbadin", "Paladin", "Blood Elf", "Protection", tank)
  ),
  player(
    [27, "chernov.sim", "Чернов", "raider"],
    main("Чернолап", "Druid", "Tauren", "Feral", melee),
    alt("Чернозуб", "Hunter", "Troll", "Marksmanship", ranged, { wcl: "no-kills" })
  ),
  player(
    [28, "brannoc.sim", "Brannoc", "raider"],
    main("Brannokk", "Mage", "Troll", "Frost", ranged),
    alt("Brannbark", "Druid", "Tauren", "Balance", ranged)
  ),
  player(
    [29, "delmora.sim", null, "raider"],
    main("Delmôra", "Shaman", "Troll", "Restoration", heal),
    alt("Delmoratus", "Rogue", "Orc", "Combat", melee)
  ),
  player(
    [30, "fenrisk.sim", "Fenrisk", "raider"],
    main("Fenriska", "Rogue", "Orc", "Combat", melee),
    alt("Fenrime", "Warlock", "Orc", "Destruction", ranged, { bnet: "unknown" })
  ),
  player(
    [31, "hollowmere.sim", "Hollowmere", "raider"],
    main("Hollowmere", "Priest", "Undead", "Shadow", ranged),
    alt("Hollowhoof", "Warrior", null, "Protection", tank, { wcl: "hidden" })
  ),
  player(
    [32, "ketterin.sim", "Ketterin", "raider"],
    main("Ketterîn", "Mage", null, "Fire", ranged, { wcl: "no-kills" })
  ),
  withoutDiscord(
    "Oldmossback",
    main("Mossbackk", "Druid", "Tauren", "Restoration", heal),
    alt("Mosshunter", "Hunter", "Tauren", "Survival", ranged, { wcl: "unknown" })
  ),
  withoutDiscord("Silverquill", main("Silverquill", "Paladin", null, "Holy", heal, { wcl: "unknown", bnet: "unknown" }))
]
