import type { RaidRole } from "../../src/game/Game.ts"
import { type Candidate, type Problem, weights } from "../../src/composer/engine/Problem.ts"
import { randomOf } from "../../src/composer/engine/Random.ts"
import { rulesets } from "../../src/rulesets/Rulesets.ts"

export interface Shape {
  readonly raids: number
  readonly size: 10 | 25
  readonly players: number
  readonly characters: number
}

export const shapes = {
  "2×25": { raids: 2, size: 25, players: 43, characters: 60 },
  "1×25": { raids: 1, size: 25, players: 30, characters: 40 },
  "1×10": { raids: 1, size: 10, players: 14, characters: 22 },
  "3×10": { raids: 3, size: 10, players: 26, characters: 45 }
} as const satisfies Record<string, Shape>

const { ruleset } = rulesets.get("tbc-anniversary@1")!

/** Specs that guilds have, by how many of a hundred. */
const mix: ReadonlyArray<readonly [className: string, spec: string, role: RaidRole, weight: number]> = [
  ["Warrior", "Protection", "tank", 5],
  ["Warrior", "Fury", "melee", 7],
  ["Warrior", "Arms", "melee", 2],
  ["Paladin", "Protection", "tank", 3],
  ["Paladin", "Holy", "heal", 7],
  ["Paladin", "Retribution", "melee", 3],
  ["Druid", "Feral", "tank", 3],
  ["Druid", "Feral", "melee", 2],
  ["Druid", "Restoration", "heal", 4],
  ["Druid", "Balance", "ranged", 3],
  ["Priest", "Holy", "heal", 5],
  ["Priest", "Discipline", "heal", 2],
  ["Priest", "Shadow", "ranged", 5],
  ["Shaman", "Restoration", "heal", 6],
  ["Shaman", "Elemental", "ranged", 4],
  ["Shaman", "Enhancement", "melee", 4],
  ["Rogue", "Combat", "melee", 6],
  ["Rogue", "Assassination", "melee", 1],
  ["Hunter", "BeastMastery", "ranged", 8],
  ["Hunter", "Survival", "ranged", 2],
  ["Mage", "Arcane", "ranged", 4],
  ["Mage", "Fire", "ranged", 4],
  ["Mage", "Frost", "ranged", 2],
  ["Warlock", "Destruction", "ranged", 6],
  ["Warlock", "Affliction", "ranged", 3],
  ["Warlock", "Demonology", "ranged", 1]
]

const targetsOf = (size: number) => {
  const { tank, heal } = ruleset.targets.find((one) => one.size === size)!
  return { tank, heal }
}

const total = mix.reduce((all, [, , , weight]) => all + weight, 0)

/** Somebody as a guild has them. */
export const seatOf = (random: () => number, player: number) => {
  let left = random() * total
  const [className, spec, role] = mix.find(([, , , weight]) => (left -= weight) < 0) ?? mix[0]!
  return { class: className, spec, role, race: "Troll", player: String(player), brings: [], lacks: [] }
}

/** A roster as guilds have it: mains, some alts, and who is there this week; with wishes of every kind. */
export const rosterOf = (seed: number, { raids, size, players, characters }: Shape): Problem => {
  const random = randomOf(seed)
  const below = (count: number) => Math.floor(random() * count)
  const here = Array.from({ length: players }, () => random() < 0.9)
  const debts = Array.from({ length: players }, () => (random() < 0.25 ? 1 + below(3) : 0))
  const candidates: Array<Candidate> = []
  const add = (player: number, main: boolean) =>
    candidates.push({ player, main, debt: debts[player]!, seat: seatOf(random, player) })
  for (let player = 0; player < players; player++) if (here[player]) add(player, true)
  const own = new Map<number, number>()
  while (candidates.length < characters) {
    const player = below(players)
    if (!here[player] || (own.get(player) ?? 0) >= 6) continue
    own.set(player, (own.get(player) ?? 0) + 1)
    add(player, false)
  }
  const present = here.flatMap((is, player) => (is ? [player] : []))
  const other = () => present[below(present.length)]!
  const pairs = (count: number) =>
    Array.from({ length: count }, () => [other(), other()] as const).filter(([one, two]) => one !== two)
  const locks = Array.from({ length: 1 + below(2) }, (_, at) => ({
    candidate: at * 3,
    raid: below(raids),
    group: null
  }))
  return {
    ruleset,
    overrides: {},
    faction: "horde",
    raids: Array.from({ length: raids }, () => ({ size, targets: targetsOf(size) })),
    players,
    candidates,
    locks,
    together: pairs(2),
    apart: pairs(2),
    sameHour: [],
    weights
  }
}
