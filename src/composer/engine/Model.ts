import { RaidRole } from "../../game/Game.ts"
import type { Choice } from "./Choices.ts"
import { addEffects, type Count, type Switch, type Target } from "./Effects.ts"
import type { Feature } from "./Features.ts"
import type { Kinds } from "./Kinds.ts"
import type { Patterns } from "./Patterns.ts"
import { byPlayer, groupSize, type Pair, type Problem } from "./Problem.ts"
import { type Column, type Entry, type Row, rowsOf } from "./Rows.ts"

/** Some groups of a raid that take the same patterns: one that a lock names, or all others. */
interface Cell {
  readonly raid: number
  readonly groups: number
  /** The group's number; null of those that nobody names. */
  readonly group: number | null
  /** How many of each type must be in it, by type. */
  readonly need: ReadonlyMap<number, number>
  /** The row that counts its patterns. */
  readonly row: number
}

/** How many groups of a cell have a pattern: a fraction, unless it is a plan. */
export interface Group {
  readonly cell: number
  readonly pattern: number
  readonly value: number
}

/** A pair that is to be together in a raid, or apart, and the column of its wish that is broken. */
interface Wish {
  readonly isTogether: boolean
  readonly players: Pair
  readonly column: number
  readonly rows: ReadonlyArray<number>
}

/** All but the patterns: what is decided, what it is worth, and the rows between. */
export interface Model {
  readonly rows: Array<Row>
  readonly columns: ReadonlyArray<Column>
  /** How many columns are seats; they are the first. */
  readonly seats: number
  /** The column of a candidate in a raid. */
  readonly seat: (candidate: number, raid: number) => number
  /** The row that ties a type in a raid to the patterns. */
  readonly link: (type: number, raid: number) => number
  readonly cells: ReadonlyArray<Cell>
  /** By candidate, the row by which it sits once. */
  readonly once: ReadonlyArray<number>
  /** They grow as they are asked about, and rows with them. */
  readonly features: Array<Feature>
  /** Rows by which one of a player's candidates sits in a raid. */
  readonly alts: ReadonlyArray<{ readonly row: number; readonly candidates: ReadonlyArray<number> }>
  readonly targets: ReadonlyArray<Target>
  readonly wishes: ReadonlyArray<Wish>
  readonly switches: ReadonlyArray<Switch>
  readonly choices: ReadonlyArray<Choice>
  /** Of each kind in each raid. */
  readonly heads: ReadonlyArray<Count>
  /** The row of a raid's effects, by raid; none if balance is of no weight. */
  readonly balance: ReadonlyArray<number>
}

export const modelOf = (problem: Problem, kinds: Kinds, { typeOf, types }: Patterns): Model => {
  const { candidates, raids, locks, together, apart, sameHour, weights } = problem
  const rows = rowsOf(problem)
  const { row, add, tie, seat } = rows
  const links = raids.flatMap(() => Array.from({ length: types }, () => row(0, 0)))
  const link = (type: number, raid: number) => links[raid * types + type]!
  const cells = raids.flatMap(({ size }, raid): ReadonlyArray<Cell> => {
    const named = Map.groupBy(
      locks.filter((lock) => lock.raid === raid && lock.group !== null),
      ({ group }) => group!
    )
    const own = [...named].map(([group, some]): Cell => {
      const need = new Map<number, number>()
      for (const { candidate } of some) {
        const type = typeOf[kinds.of[candidate]!]!
        need.set(type, (need.get(type) ?? 0) + 1)
      }
      return { raid, groups: 1, group, need, row: row(1, 1) }
    })
    const others = size / groupSize - own.length
    return others === 0
      ? own
      : [...own, { raid, groups: others, group: null, need: new Map(), row: row(others, others) }]
  })

  const balance = weights.balance === 0 ? [] : raids.map(() => row(0, 0))
  if (balance.length > 0) {
    const all = 1e7
    const most = raids.map(() => row(0, Infinity))
    const least = raids.map(() => row(0, Infinity))
    raids.forEach((_, raid) =>
      add(0, all, [
        [balance[raid]!, -1],
        [most[raid]!, -1],
        [least[raid]!, 1]
      ])
    )
    add(
      -weights.balance,
      all,
      most.map((row) => [row, 1] as const)
    )
    add(
      weights.balance,
      all,
      least.map((row) => [row, -1] as const)
    )
  }
  const balanced = (raid: number, points: number): ReadonlyArray<Entry> =>
    balance.length === 0 ? [] : [[balance[raid]!, points]]

  const alts: Array<Model["alts"][number]> = []
  const once = candidates.map(() => row(0, 1))
  candidates.forEach((_, candidate) => {
    raids.forEach((_, raid) => {
      tie(candidate, raid, link(typeOf[kinds.of[candidate]!]!, raid), 1)
      tie(candidate, raid, once[candidate]!, 1)
    })
  })
  const own = byPlayer(problem)
  own.forEach((some) => {
    if (some.length === 0) return
    if (some.length > 1)
      raids.forEach((_, raid) => {
        const once = row(0, 1)
        alts.push({ row: once, candidates: some })
        for (const candidate of some) tie(candidate, raid, once, 1)
      })
    for (const pair of sameHour) {
      const once = row(0, 1)
      for (const candidate of some) for (const raid of pair) tie(candidate, raid, once, 1)
    }
  })

  const wanted = raids.map(({ size, targets }, raid) =>
    RaidRole.literals.flatMap((role): ReadonlyArray<Target> => {
      const target = targets[role]
      if (target === undefined) return []
      const heads = row(target.min, target.max)
      candidates.forEach((_, candidate) => {
        if (kinds.roles[kinds.of[candidate]!] === role) tie(candidate, raid, heads, 1)
      })
      const missing: Target["missing"] = [[heads, 1]]
      const extra: Target["extra"] = [[heads, -1]]
      for (const entries of [missing, extra]) add(weights.role, size, entries)
      return [{ role, ...target, missing, extra }]
    })
  )
  const wishes: Array<Wish> = []
  for (const [one, other] of together)
    raids.forEach((_, raid) => {
      const without = [row(-Infinity, 0), row(-Infinity, 0)] as const
      const column = add(weights.pair, 1, [
        [without[0], -1],
        [without[1], -1]
      ])
      wishes.push({ isTogether: true, players: [one, other], column, rows: without })
      for (const candidate of own[one]!) without.forEach((row, at) => tie(candidate, raid, row, at === 0 ? 1 : -1))
      for (const candidate of own[other]!) without.forEach((row, at) => tie(candidate, raid, row, at === 0 ? -1 : 1))
    })
  for (const [one, other] of apart)
    raids.forEach((_, raid) => {
      const both = row(-Infinity, 1)
      const column = add(weights.pair, 1, [[both, -1]])
      wishes.push({ isTogether: false, players: [one, other], column, rows: [both] })
      for (const candidate of [...own[one]!, ...own[other]!]) tie(candidate, raid, both, 1)
    })

  const effects = addEffects(rows, problem, kinds, wanted, balanced)
  return {
    ...rows.made(),
    ...effects,
    seats: candidates.length * raids.length,
    seat,
    link,
    cells,
    alts,
    targets: wanted.flat(),
    wishes,
    balance,
    once,
    features: []
  }
}
