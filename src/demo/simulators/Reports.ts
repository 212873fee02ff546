import type { SimCharacter, World } from "./World.ts"
import { localName, realmOf } from "./Realms.ts"
import { hash } from "./World.ts"
import type { Zone } from "./Zones.ts"
import { newestZone, zones } from "./Zones.ts"

/** A player, pet or NPC in a report. */
export interface Actor {
  readonly id: number
  readonly name: string
  readonly type: "Player" | "NPC" | "Pet"
  readonly subType: string
  /** The realm's name, not its slug. */
  readonly server: string | null
  readonly gameID: number
  readonly petOwner: number | null
  readonly icon: string
  readonly character?: SimCharacter
}

/** Times are in milliseconds since the start of the report. */
export interface Fight {
  readonly id: number
  readonly name: string
  readonly encounterID: number
  readonly kill: boolean
  readonly difficulty: number
  readonly size: number
  readonly startTime: number
  readonly endTime: number
  readonly friendlyPlayers: ReadonlyArray<number>
}

export interface Report {
  readonly code: string
  readonly title: string
  /** Milliseconds of the Unix clock. */
  readonly startTime: number
  readonly endTime: number
  readonly archived: boolean
  readonly zone: Zone | undefined
  readonly actors: ReadonlyArray<Actor>
  readonly fights: ReadonlyArray<Fight>
}

const raidZone = zones.find(({ id }) => id === newestZone)
const raidSize = 25
const minute = 60_000
const day = 1440 * minute
const lastRaid = Date.UTC(2026, 10, 19, 19)

const codeOf = (team: string, night: number) => {
  const letters = "ABCDEFGHJKLMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz123456789"
  return Array.from({ length: 16 }, (_, at) => letters[hash(team, night, at) % letters.length]).join("")
}

const player = (id: number, character: SimCharacter, server: string): Actor => ({
  id,
  name: character.name,
  type: "Player",
  subType: character.class,
  server,
  gameID: 7_000_000 + id,
  petOwner: null,
  icon: `${character.class}-${character.spec}`,
  character
})

const creature = (id: number, name: string, gameID: number): Actor => ({
  id,
  name,
  type: "NPC",
  subType: "Boss",
  server: null,
  gameID,
  petOwner: null,
  icon: "Boss"
})

const pet = (id: number, name: string, owner: number): Actor => ({
  ...creature(id, name, 416),
  type: "Pet",
  subType: "Pet",
  petOwner: owner,
  icon: "Pet"
})

/** Every tenth raider has a namesake from another realm in the raid, listed first, and a pet of the same name. */
const actorsOf = (members: ReadonlyArray<SimCharacter>): ReadonlyArray<Actor> => {
  const namesakes = members
    .filter((_, index) => index % 10 === 0)
    .map((member) => ({ ...member, realm: member.realm === "thunderstrike" ? "spineshatter" : "thunderstrike" }))
  const players = [...namesakes, ...members].map((one, index) =>
    player(index + 1, one, localName(realmOf(one.region, one.realm)))
  )
  const pets = namesakes.map(({ name }, index) => pet(200 + index, name, index + 1))
  return [...players, creature(100, "Lady Vashj", 21_212), creature(101, "Environment", -1), ...pets]
}

/** Every eighth raider leaves before the last boss, so the relevant fight differs between raiders. */
const presentAt = (players: ReadonlyArray<Actor>, last: boolean) =>
  players.filter((_, index) => !last || index % 8 !== 7).map(({ id }) => id)

const fightsOf = (actors: ReadonlyArray<Actor>, kill: boolean): ReadonlyArray<Fight> => {
  const players = actors.filter(({ type }) => type === "Player")
  const bosses = raidZone?.encounters.slice(0, 6) ?? []
  return bosses.map(({ id, name }, index) => ({
    id: 3 + index * 4,
    name,
    encounterID: id,
    kill,
    difficulty: 3,
    size: raidSize,
    startTime: (index + 1) * 10 * minute,
    endTime: (index + 1) * 10 * minute + 3 * minute,
    friendlyPlayers: presentAt(players, index === bosses.length - 1)
  }))
}

/** The last raid nights of each team, newest first: the newest has no kill, the oldest is archived. */
const nights = [
  { title: "Progress", kill: false, archived: false },
  { title: "Farm", kill: true, archived: false },
  { title: "Farm, last week", kill: true, archived: false },
  { title: "Farm, long ago", kill: true, archived: true }
]

const reportsOf = (team: string, actors: ReadonlyArray<Actor>): ReadonlyArray<Report> =>
  nights.map(({ title, kill, archived }, night) => {
    const startTime = lastRaid - (archived ? 400 : night * 4) * day
    const fights = fightsOf(actors, kill)
    const endTime = startTime + 180 * minute
    return { code: codeOf(team, night), title, startTime, endTime, archived, zone: raidZone, actors, fights }
  })

const raids = new Set<SimCharacter["wcl"]>(["ranked", "hidden", "no-gear", "failing", "no-rankings", "renamed"])

/** All reports of a world. The raiders of each realm form teams of 25, or as many as told, with the same members each night. */
export class Reports {
  private readonly byCode = new Map<string, Report>()
  private readonly byCharacter = new Map<SimCharacter, ReadonlyArray<Report>>()

  constructor(world: World, size = raidSize) {
    const realms = Map.groupBy(world.all, ({ region, realm }) => `${region}/${realm}`)
    for (const [realm, people] of realms) {
      const raiders = people.filter(({ wcl }) => raids.has(wcl))
      for (let first = 0; first < raiders.length; first += size) {
        this.addTeam(`${realm}/${first}`, raiders.slice(first, first + size))
      }
      // Characters without kills only appear in a report of wipes.
      const trainees = people.filter(({ wcl }) => wcl === "no-kills")
      if (trainees.length > 0) this.addTeam(`${realm}/trainees`, trainees, 1)
    }
  }

  private addTeam(team: string, members: ReadonlyArray<SimCharacter>, count = nights.length) {
    const reports = reportsOf(team, actorsOf(members)).slice(0, count)
    for (const report of reports) this.byCode.set(report.code, report)
    for (const member of members) this.byCharacter.set(member, reports)
  }

  find(code: string) {
    return this.byCode.get(code)
  }

  /** Newest first. */
  of(character: SimCharacter) {
    return this.byCharacter.get(character) ?? []
  }
}
