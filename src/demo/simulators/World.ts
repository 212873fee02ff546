import type { Region } from "../../game/Game.ts"
import type { RosterCharacter } from "./roster.ts"
import { realmOf } from "./Realms.ts"
import { roster, rosterRealm } from "./roster.ts"

/** A character that the simulated providers may know. Everything not given here is derived from the name. */
export interface SimCharacter {
  readonly name: string
  readonly region: Region
  /** The slug. */
  readonly realm: string
  readonly class: string
  readonly race: string | null
  readonly spec: string
  readonly role: RosterCharacter["role"]
  readonly faction: "HORDE" | "ALLIANCE"
  /** 70 by default. */
  readonly level?: number
  /**
   * `no-reports` has rankings but no reports, `no-gear` has combatant info without gear, `failing` makes zoneRankings an
   * error beside valid data, `no-rankings` makes it null, `refused` makes the whole request fail without data, `renamed`
   * has a newer name elsewhere.
   */
  readonly wcl: RosterCharacter["wcl"] | "no-reports" | "no-gear" | "failing" | "no-rankings" | "refused" | "renamed"
  /** `invalid` still has a profile, but its status has is_valid false; `sparse` has the fewest fields. */
  readonly bnet: RosterCharacter["bnet"] | "no-talents" | "invalid" | "sparse"
  /** Set to simulate a name that another character has taken over. */
  readonly bnetId?: number
  readonly wclId?: number
  readonly guild?: { readonly name: string; readonly rank: number }
}

/** A number that depends only on the words (FNV-1a, mixed). */
export const hash = (...words: ReadonlyArray<string | number>): number => {
  let state = 0x811c9dc5
  for (const byte of Buffer.from(words.join("\u0000"))) state = Math.imul(state ^ byte, 0x01000193)
  state = Math.imul(state ^ (state >>> 16), 0x45d9f3b)
  state = Math.imul(state ^ (state >>> 16), 0x45d9f3b)
  return (state ^ (state >>> 16)) >>> 0
}

/** From 0 up to, but not including, 1. */
export const share = (...words: ReadonlyArray<string | number>): number => hash(...words) / 2 ** 32

/** One of the choices, depending only on the words. */
export const choice = <A>(choices: readonly [A, ...Array<A>], ...words: ReadonlyArray<string | number>): A =>
  choices[hash(...words) % choices.length] ?? choices[0]

/** Names as both providers compare them: accents matter, case and composition do not. */
export const sameName = (name: string) => name.normalize("NFC").toLowerCase()

const keyOf = (region: string, realm: string, name: string) => `${region}/${realm}/${sameName(name)}`

/** All characters that the providers know; tests add, change and remove characters at runtime. */
export class World {
  private readonly people = new Map<string, SimCharacter>()
  private wclIds = new Map<number, string>()
  /** Incremented with each change, so that derived data can be rebuilt. */
  version = 0

  constructor(characters: ReadonlyArray<SimCharacter>) {
    for (const character of characters) this.put(character)
  }

  get all(): ReadonlyArray<SimCharacter> {
    return [...this.people.values()]
  }

  find(region: string, realm: string, name: string): SimCharacter | undefined {
    return this.people.get(keyOf(region, realm, name))
  }

  /** The members of a guild, by the name as `same` compares it; none if there is no such guild. */
  guild(region: string, realm: string, same: (name: string) => boolean): ReadonlyArray<SimCharacter> {
    return this.all.filter((one) => one.region === region && one.realm === realm && same(one.guild?.name ?? ""))
  }

  /** Throws when the region has no such realm. */
  readonly put = (character: SimCharacter) => {
    realmOf(character.region, character.realm)
    this.people.set(keyOf(character.region, character.realm, character.name), character)
    this.version += 1
  }

  readonly remove = ({ region, realm, name }: Pick<SimCharacter, "region" | "realm" | "name">) => {
    this.people.delete(keyOf(region, realm, name))
    this.version += 1
  }

  wclId({ region, realm, name, wclId }: SimCharacter): number {
    const key = keyOf(region, realm, name)
    let id = wclId ?? 190_000_000 + (hash("wcl", key) % 9_000_000)
    while ((this.wclIds.get(id) ?? key) !== key) id += 1
    this.wclIds.set(id, key)
    return id
  }

  bnetId({ region, realm, name, bnetId }: SimCharacter): number {
    return bnetId ?? 71_000_000 + (hash("bnet", keyOf(region, realm, name)) % 9_000_000)
  }
}

/** Ranks 0 and 1 lead; then mains, then alts. */
const guildRank = (role: "admin" | "officer" | "raider", rank: "main" | "alt") =>
  rank === "alt" ? 4 : role === "admin" ? 0 : role === "officer" ? 1 : 3

const seeded = roster.flatMap(({ characters, role: member }) =>
  characters.map(({ name, class: className, race, spec, role, rank, wcl, bnet }): SimCharacter => ({
    ...rosterRealm,
    name,
    class: className,
    race,
    spec,
    role,
    wcl,
    bnet,
    faction: "HORDE",
    guild: { name: "Ashen Vanguard", rank: guildRank(member, rank) }
  }))
)

const stranger = { region: "eu", faction: "HORDE", wcl: "ranked", bnet: "ok" } as const

/** Characters outside the guild: a namesake, one on a Cyrillic realm, and one to add by hand in the demo. */
const strangers: ReadonlyArray<SimCharacter> = [
  { ...stranger, name: "Cyrandel", realm: "thunderstrike", class: "Warrior", race: "Orc", spec: "Arms", role: "melee" },
  {
    ...stranger,
    name: "Лунодол",
    realm: "chapel-of-ash",
    class: "Hunter",
    race: "Orc",
    spec: "Survival",
    role: "ranged"
  },
  {
    ...stranger,
    name: "Newleaf",
    realm: "spineshatter",
    class: "Druid",
    race: "Tauren",
    spec: "Balance",
    role: "ranged"
  },
  {
    ...stranger,
    name: "Tinysprout",
    realm: "spineshatter",
    class: "Priest",
    race: "Troll",
    spec: "Holy",
    role: "heal",
    level: 14,
    guild: { name: "Ashen Vanguard", rank: 6 },
    wcl: "unknown",
    bnet: "no-talents"
  }
]

/** All characters that the demo's Warcraft Logs and Battle.net know: the seeded roster and some strangers. */
export const demoCharacters: ReadonlyArray<SimCharacter> = [...seeded, ...strangers]
