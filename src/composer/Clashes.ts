import type { RaidRole } from "../game/Game.ts"
import { isSameHour } from "../rulesets/Warnings.ts"
import type { Facts } from "./Asked.ts"
import type { Wishes } from "./CompositionBodies.ts"

type Lock = Facts["locks"][number]

/** Up to three wishes that no plan can fulfil together. */
export interface Clash {
  readonly reason: string
  readonly wishes: ReadonlyArray<object>
}

const lockWish = (lock: Lock) => ({ kind: "lock", ...lock })
const pairWish = (kind: "together" | "apart", players: ReadonlyArray<string>) => ({ kind, players })

const pairsOf = <A>(all: ReadonlyArray<A>) =>
  all.flatMap((one, at) => all.slice(at + 1).map((other) => [one, other] as const))

const isPair = (one: ReadonlyArray<string>, other: ReadonlyArray<string>) =>
  one.every((player) => other.includes(player))

const lockClash = ({ locks, offered, raids, apart }: Facts): Clash | undefined => {
  const players = new Map(offered.map(({ entry_id, player_id }) => [entry_id, player_id]))
  for (const [one, other] of pairsOf(locks)) {
    const wishes = [lockWish(one), lockWish(other)]
    const [player, second] = [players.get(one.entry_id)!, players.get(other.entry_id)!]
    if (one.entry_id === other.entry_id) {
      if (one.raid === other.raid && (one.group === null || other.group === null || one.group === other.group)) continue
      return { reason: "A character sits once.", wishes }
    }
    if (player === second && one.raid === other.raid) return { reason: "A player sits once in a raid.", wishes }
    if (player === second && isSameHour(raids[one.raid]!, raids[other.raid]!))
      return { reason: "A player sits once in an hour.", wishes }
    const kept = apart.find((pair) => one.raid === other.raid && isPair(pair, [player, second]))
    if (kept !== undefined)
      return { reason: "They want no raid in common.", wishes: [...wishes, pairWish("apart", kept)] }
  }
  const distinct = [...new Map(locks.map((lock) => [lock.entry_id, lock])).values()]
  for (const [raid, { size }] of raids.entries()) {
    const inRaid = distinct.filter((lock) => lock.raid === raid)
    if (inRaid.length > size)
      return { reason: `${inRaid.length} are to sit on ${size} seats.`, wishes: inRaid.slice(-3).map(lockWish) }
    for (const own of Map.groupBy(inRaid, ({ group }) => group).values()) {
      if (own[0]!.group === null || own.length <= 5) continue
      return { reason: `${own.length} are to sit in a group of 5.`, wishes: own.slice(-3).map(lockWish) }
    }
  }
  return undefined
}

const pairClash = ({ together, apart }: Facts): Clash | undefined => {
  const both = together.flatMap((pair) => apart.filter((other) => isPair(pair, other)).map((other) => [pair, other]))
  if (both.length === 0) return undefined
  const [pair, other] = both[0]!
  return {
    reason: "They cannot be in the same raids and in none in common.",
    wishes: [pairWish("together", pair!), pairWish("apart", other!)]
  }
}

/** Only of what was wished for: a raid may lack what the ruleset thinks it should have. */
const roleClash = ({ offered, raids }: Facts, { targets = {} }: Wishes): Clash | undefined => {
  for (const [role, { min, max }] of Object.entries(targets)) {
    const able = offered.filter((one) => one.role === (role as RaidRole))
    const players = new Set(able.map(({ player_id }) => player_id)).size
    if (min <= players && min * raids.length <= able.length) continue
    const heads = `${min} of the role ${role} in each of ${raids.length} raids`
    return {
      reason: `${heads} are more than the ${able.length} characters of ${players} players that are offered.`,
      wishes: [{ kind: "target", role, min, max }]
    }
  }
  const heads = Object.values(targets).reduce((all, { min }) => all + min, 0)
  const small = raids.find(({ size }) => heads > size)
  if (small === undefined) return undefined
  const most = Object.entries(targets).toSorted(([, one], [, other]) => other.min - one.min)
  return {
    reason: `${heads} are to sit on ${small.size} seats.`,
    wishes: most.slice(0, 3).map(([role, { min, max }]) => ({ kind: "target", role, min, max }))
  }
}

/** Wishes that clash, found without composing. */
export const clashOf = (facts: Facts, wishes: Wishes) =>
  lockClash(facts) ?? pairClash(facts) ?? roleClash(facts, wishes)
