import type { CharacterId, GearItem } from "../../characters/Character.ts"
import type { LoggedKill, Sheet, Sought } from "./Sheet.ts"

/** A fight to read, for these characters. */
export interface ChosenFight extends Omit<LoggedKill, "players"> {
  readonly characters: ReadonlyArray<Sought & { readonly character: CharacterId }>
}

/** A fight that was read and had no gear of the character. */
export interface Missed {
  readonly character: CharacterId
  readonly code: string
  readonly fight: number
  /** Its id in the report; null when it is not in the report at all. */
  readonly actor: number | null
}

/** How many fights are read to find one character's gear. */
export const mostFights = 3

/** By code unit, as two replicas must agree whatever their locale. */
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const keyOf = ({ code, fight }: Pick<LoggedKill, "code" | "fight">) => `${code} ${fight}`

/** The more were there, the likelier each was; then the newer. */
const likelier = (a: LoggedKill, b: LoggedKill) =>
  (b.players?.length ?? 0) - (a.players?.length ?? 0) || b.at - a.at || byText(a.code, b.code) || a.fight - b.fight

/** Whether the character may be in a kill, after those in which it was missed. */
export const mayHold = (kill: LoggedKill, missed: ReadonlyArray<Missed>) =>
  missed.every(
    ({ code, fight, actor }) =>
      code !== kill.code || (actor !== null && fight !== kill.fight && kill.players?.includes(actor) !== false)
  )

/**
 * Fights such that few of them cover everyone who has a kill: the one that covers most of those left, again and again
 * (at most 1 + ln n times as many as the fewest that could do). A character is in one of them, the newest that has it.
 * Whoever was missed in earlier ones is given another, at most three in all. Equal input, equal answer.
 */
export const chooseFights = (
  sheets: ReadonlyArray<Pick<Sheet, "character" | "name" | "servers" | "reports">>,
  missed: ReadonlyArray<Missed> = []
): ReadonlyArray<ChosenFight> => {
  const missedBy = Map.groupBy(missed, ({ character }) => character)
  const holders = new Map<string, { readonly kill: LoggedKill; readonly sheets: Set<(typeof sheets)[number]> }>()
  for (const sheet of sheets) {
    const mine = missedBy.get(sheet.character) ?? []
    if (mine.length >= mostFights) continue
    for (const kill of sheet.reports) {
      if (!mayHold(kill, mine)) continue
      const key = keyOf(kill)
      const found = holders.get(key) ?? { kill, sheets: new Set() }
      holders.set(key, found)
      found.sheets.add(sheet)
    }
  }
  const fights = [...holders.values()].toSorted((a, b) => likelier(a.kill, b.kill))
  const left = new Set(fights.flatMap((fight) => [...fight.sheets]))
  const chosen: typeof fights = []
  while (left.size > 0) {
    let best = fights[0]!
    let most = 0
    for (const fight of fights) {
      let covers = 0
      for (const sheet of fight.sheets) if (left.has(sheet)) covers += 1
      if (covers > most) [best, most] = [fight, covers]
    }
    chosen.push(best)
    for (const sheet of best.sheets) left.delete(sheet)
  }
  const newest = chosen.toSorted((a, b) => b.kill.at - a.kill.at || likelier(a.kill, b.kill))
  const given = new Set<(typeof sheets)[number]>()
  return newest.flatMap(({ kill: { code, fight, at, finished, startTime, endTime }, sheets: holds }) => {
    const mine = [...holds].filter((sheet) => !given.has(sheet))
    for (const sheet of mine) given.add(sheet)
    const characters = mine.map(({ character, name, servers }) => ({ character, name, servers }))
    return characters.length === 0 ? [] : [{ code, fight, at, finished, startTime, endTime, characters }]
  })
}

/** What a fight's answer has: with `missed`, `chooseFights` finds each another one. */
export interface FightRead {
  readonly gear: ReadonlyMap<CharacterId, ReadonlyArray<GearItem>>
  readonly missed: ReadonlyArray<Missed>
  /** 0 when it was in the cache. */
  readonly requests: 0 | 1
}
