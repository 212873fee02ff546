import type { Bundle, Kinds, Offer } from "./Kinds.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize } from "./Patterns.ts"
import type { Problem } from "./Problem.ts"

interface Row {
  lower: number
  upper: number
}

interface Column {
  readonly cost: number
  lower: number
  upper: number
  readonly whole: boolean
  /** Rows and coefficients. */
  readonly rows: ReadonlyArray<number>
  readonly values: ReadonlyArray<number>
}

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

/** Something that is there in a raid, or not, and what it is worth to those who are. */
export interface Switch {
  readonly raid: number
  /** Whether it is there: from 0 to 1. */
  readonly on: number
  /** What it is worth, in points. */
  readonly gain: number
  /** It takes so many of those who give it, by candidate; the row counts them. */
  readonly givers: ReadonlyArray<number>
  readonly row: number
  readonly count: number
  /** Whether enough givers are all that it takes; else they may give something else. */
  readonly sure: boolean
}

/** All but the patterns: what is decided, what it is worth, and the rows between. */
export interface Model {
  readonly rows: ReadonlyArray<Row>
  readonly columns: ReadonlyArray<Column>
  /** How many rows and columns the relaxation takes: the others tell in whole numbers what it bounds already. */
  readonly relaxed: { readonly rows: number; readonly columns: number }
  /** The column of a candidate in a raid. */
  readonly seat: (candidate: number, raid: number) => number
  /** The row that ties a type in a raid to the patterns. */
  readonly link: (type: number, raid: number) => number
  readonly cells: ReadonlyArray<Cell>
  readonly switches: ReadonlyArray<Switch>
  /** The row of a raid's effects, by raid; none if balance is of no weight. */
  readonly balance: ReadonlyArray<number>
}

const sum = (all: ReadonlyArray<number>) => all.reduce((one, other) => one + other, 0)

/** A term of a raid's value: worth so much by kind when it is on. */
interface Term {
  readonly worth: Int32Array
  /** By kind. */
  readonly gives: ReadonlyArray<boolean>
}

export const modelOf = (problem: Problem, kinds: Kinds, { typeOf, types }: Patterns): Model => {
  const { candidates, raids, players, locks, together, apart, sameHour, weights } = problem
  const rows: Array<Row> = []
  const columns: Array<Column> = []
  const row = (lower: number, upper: number) => rows.push({ lower, upper }) - 1
  const column = (
    cost: number,
    upper: number,
    entries: ReadonlyArray<readonly [row: number, value: number]>,
    whole = false
  ) =>
    columns.push({
      cost,
      lower: 0,
      upper,
      whole,
      rows: entries.map(([row]) => row),
      values: entries.map(([, value]) => value)
    }) - 1

  const entriesOf: Array<Array<[number, number]>> = candidates.flatMap(() => raids.map(() => []))
  const seat = (candidate: number, raid: number) => candidate * raids.length + raid
  const tie = (candidate: number, raid: number, row: number, value: number) => {
    if (value !== 0) entriesOf[seat(candidate, raid)]!.push([row, value])
  }

  // The seats' columns come first; their entries are known last.
  const links = raids.flatMap(() => Array.from({ length: types }, () => row(0, 0)))
  const link = (type: number, raid: number) => links[raid * types + type]!
  const later: Array<() => void> = []
  const add = (...words: Parameters<typeof column>) => {
    const index = candidates.length * raids.length + later.length
    later.push(() => column(...words))
    return index
  }

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
  const balanced = (raid: number): ReadonlyArray<[number, number]> =>
    balance.length === 0 ? [] : [[balance[raid]!, 1]]

  candidates.forEach((_, candidate) => {
    const once = row(0, 1)
    raids.forEach((_, raid) => {
      tie(candidate, raid, link(typeOf[kinds.of[candidate]!]!, raid), 1)
      tie(candidate, raid, once, 1)
    })
  })
  const own = Array.from({ length: players }, () => [] as Array<number>)
  candidates.forEach(({ player }, candidate) => own[player]!.push(candidate))
  own.forEach((some) => {
    if (some.length === 0) return
    if (some.length > 1)
      raids.forEach((_, raid) => {
        const once = row(0, 1)
        for (const candidate of some) tie(candidate, raid, once, 1)
      })
    for (const pair of sameHour) {
      const once = row(0, 1)
      for (const candidate of some) for (const raid of pair) tie(candidate, raid, once, 1)
    }
  })

  raids.forEach(({ size, targets }, raid) => {
    for (const role of ["tank", "heal", "melee", "ranged"] as const) {
      const target = targets[role]
      if (target === undefined) continue
      const heads = row(target.min, target.max)
      candidates.forEach((_, candidate) => {
        if (kinds.roles[kinds.of[candidate]!] === role) tie(candidate, raid, heads, 1)
      })
      if (target.min > 0) add(weights.role, size, [[heads, 1]])
      if (target.max < size) add(weights.role, size, [[heads, -1]])
    }
  })
  for (const [one, other] of together)
    raids.forEach((_, raid) => {
      const without = [row(-Infinity, 0), row(-Infinity, 0)] as const
      add(weights.pair, 1, [
        [without[0], -1],
        [without[1], -1]
      ])
      for (const candidate of own[one]!) without.forEach((row, at) => tie(candidate, raid, row, at === 0 ? 1 : -1))
      for (const candidate of own[other]!) without.forEach((row, at) => tie(candidate, raid, row, at === 0 ? -1 : 1))
    })
  for (const [one, other] of apart)
    raids.forEach((_, raid) => {
      const both = row(-Infinity, 1)
      add(weights.pair, 1, [[both, -1]])
      for (const candidate of [...own[one]!, ...own[other]!]) tie(candidate, raid, both, 1)
    })

  /** The most that a raid can have of something that is worth so much by kind. */
  const most = (worth: ArrayLike<number>, size: number) =>
    sum(
      own
        .map((some) => Math.max(0, ...some.map((candidate) => worth[kinds.of[candidate]!]!)))
        .toSorted((a, b) => b - a)
        .slice(0, size)
    )
  const switches: Array<Switch> = []
  let isExact = false
  const givesAt = (level: Uint8Array, least: number) => Array.from(level, (own) => own >= least)
  const giversOf = (gives: ReadonlyArray<boolean>) =>
    candidates.flatMap((_, candidate) => (gives[kinds.of[candidate]!] ? [candidate] : []))
  const counts = new Map<string, number>()
  /** The row that counts some in a raid. */
  const countOf = (raid: number, givers: ReadonlyArray<number>) => {
    const name = `${raid}: ${givers.join()}`
    const made = counts.get(name) ?? row(0, Infinity)
    if (!counts.has(name)) for (const candidate of givers) tie(candidate, raid, made, 1)
    counts.set(name, made)
    return made
  }
  /** A row in which what is given is at most as much as there are givers. */
  const shared = (raid: number, givers: ReadonlyArray<number>) => {
    const made = row(-Infinity, 0)
    for (const candidate of givers) tie(candidate, raid, made, -1)
    return made
  }

  type Entry = [row: number, value: number]
  const taken = new Map<string, number>()
  const enoughs = new Map<string, { readonly on: number; readonly entries: Array<Entry> }>()
  /** Whether there are so many givers: on for the nth after those before it. */
  const enough = (raid: number, givers: ReadonlyArray<number>, count: number) => {
    const some = `${raid}: ${givers.join()}`
    const known = enoughs.get(`${some}: ${count}`)
    if (known !== undefined) return known
    if (!taken.has(some)) taken.set(some, shared(raid, givers))
    const entries: Array<Entry> = [
      [taken.get(some)!, 1],
      [shared(raid, givers), count]
    ]
    const made = { on: add(0, 1, entries, true), entries }
    enoughs.set(`${some}: ${count}`, made)
    return made
  }

  /**
   * Adds something that is worth so much by kind: for sure when there are so many givers, or when `chosen` is on, as a
   * giver may give something else.
   */
  const term = (
    raid: number,
    { worth, gives }: Term,
    count: number,
    gained: Array<Entry> = [],
    chosen?: ReadonlyArray<Entry>
  ) => {
    const upper = most(worth, raids[raid]!.size)
    if (upper === 0) return
    const givers = giversOf(gives)
    const there = row(-Infinity, 0)
    const bounded = row(-Infinity, 0)
    candidates.forEach((_, candidate) => tie(candidate, raid, there, -worth[kinds.of[candidate]!]!))
    const sure = chosen === undefined
    const choice = (): ReturnType<typeof enough> => {
      const entries: Array<Entry> = [[shared(raid, givers), 1], ...chosen!]
      return { on: add(0, 1, entries, true), entries }
    }
    const { on, entries } = sure ? enough(raid, givers, count) : choice()
    entries.push([bounded, -upper])
    gained.push([there, 1], [bounded, 1], ...(sure ? balanced(raid) : []))
    const gain = add(sure ? 1 : 0, upper, gained)
    if (!isExact) switches.push({ raid, on, gain, givers, row: countOf(raid, givers), count, sure })
  }

  /** Each level of an offer adds to the one below. */
  const steps = ({ level, worth }: Bundle["offers"][number]): ReadonlyArray<Term> =>
    worth.map((row, at) => ({
      worth: at === 0 ? row : row.map((points, kind) => points - worth[at - 1]![kind]!),
      gives: givesAt(level, at + 1)
    }))
  const whole = ({ level, worth }: Bundle["offers"][number]): ReadonlyArray<Term> =>
    worth.map((worth, at) => ({ worth, gives: givesAt(level, at + 1) }))

  const total = (worth: Int32Array) => worth.reduce((all, one) => all + one, 0)
  /** The weakest first. */
  const ranked = (terms: ReadonlyArray<Term>) => terms.toSorted((a, b) => total(a.worth) - total(b.worth))

  /** Which effects of a slot are given, to each audience for itself; what givers make at most is then made by them. */
  const choose = (
    raid: number,
    offers: ReadonlyArray<Offer>,
    givers: ReadonlyArray<number>,
    gains: ReadonlyArray<Array<Entry>>,
    audience: ReadonlyArray<number> = kinds.seats.map(() => 0)
  ) => {
    const limit = row(-Infinity, 0)
    for (const gained of gains) gained.push([limit, 1])
    for (const own of new Set(audience)) {
      const used = shared(raid, givers)
      for (const offer of offers) {
        // What is given more strongly is given at all.
        const stronger = offer.worth.slice(1).map(() => row(-Infinity, 0))
        steps(offer).forEach(({ worth, gives }, at) => {
          const chosen: ReadonlyArray<Entry> =
            at === 0 ? [[used, 1], ...stronger.map((row): Entry => [row, -1])] : [[stronger[at - 1]!, 1]]
          const theirs = worth.map((points, kind) => (audience[kind] === own ? points : 0))
          term(raid, { worth: theirs, gives }, 1, [[limit, -1]], chosen)
        })
      }
    }
  }
  const blessings: Array<{
    readonly raid: number
    readonly offers: ReadonlyArray<Offer>
    readonly givers: ReadonlyArray<number>
    readonly gains: ReadonlyArray<Array<Entry>>
  }> = []

  // Free terms of the same givers are one.
  const free = Map.groupBy(
    kinds.raid.filter(({ way }) => way === "free").flatMap(({ offers }) => steps(offers[0]!)),
    ({ gives }) => gives.join()
  )
  raids.forEach((_, raid) => {
    for (const some of free.values()) {
      const { gives } = some[0]!
      term(raid, { worth: some[0]!.worth.map((_, kind) => sum(some.map((one) => one.worth[kind]!))), gives }, 1)
    }
    for (const { way, offers } of kinds.raid) {
      if (way === "rivals") {
        // The strongest counts: each that is stronger adds what it has above the others.
        let below = new Int32Array(kinds.seats.length)
        const all = ranked(offers.flatMap(whole))
        all.forEach(({ worth }, at) => {
          const more = worth.map((points, kind) => Math.max(0, points - below[kind]!))
          below = worth.map((points, kind) => Math.max(points, below[kind]!))
          term(
            raid,
            { worth: more, gives: kinds.seats.map((_, kind) => all.slice(at).some((one) => one.gives[kind])) },
            1
          )
        })
      }
      if (way === "slot" || way === "byClass") {
        const gives = kinds.seats.map((_, kind) => offers.some(({ level }) => level[kind]! > 0))
        const givers = giversOf(gives)
        // The nth adds the effect that is worth the nth most, at most.
        const sorted = kinds.seats.map((_, kind) =>
          offers.map(({ worth }) => worth.at(-1)![kind]!).toSorted((a, b) => b - a)
        )
        const gains: Array<Array<Entry>> = []
        for (let count = 1; count <= Math.min(offers.length, givers.length); count++) {
          const gained: Array<Entry> = []
          gains.push(gained)
          term(raid, { worth: Int32Array.from(sorted, (own) => own[count - 1]!), gives }, count, gained)
        }
        if (way === "slot") choose(raid, offers, givers, gains)
        else blessings.push({ raid, offers, givers, gains })
      }
      if (way === "single")
        for (const { level, worth } of offers) {
          const given = row(-Infinity, 0)
          candidates.forEach((_, candidate) => {
            if (level[kinds.of[candidate]!]! > 0) tie(candidate, raid, given, -1)
          })
          kinds.seats.forEach((_, kind) => {
            const points = worth[0]![kind]!
            if (points === 0) return
            const there = row(-Infinity, 0)
            candidates.forEach((_, candidate) => {
              if (kinds.of[candidate] === kind) tie(candidate, raid, there, -1)
            })
            add(points, raids[raid]!.size, [
              [there, 1],
              [given, 1],
              ...(balance.length === 0 ? [] : [[balance[raid]!, points] as const])
            ])
          })
        }
    }
  })

  const relaxed = { rows: rows.length, columns: candidates.length * raids.length + later.length }
  isExact = true
  for (const { raid, offers, givers, gains } of blessings) choose(raid, offers, givers, gains, kinds.audience)

  candidates.forEach(({ main, debt }, candidate) =>
    raids.forEach((_, raid) => {
      const value = weights.seated + weights.debt * debt + (main ? weights.main : 0)
      const merged = new Map<number, number>()
      for (const [row, coefficient] of entriesOf[seat(candidate, raid)]!)
        merged.set(row, (merged.get(row) ?? 0) + coefficient)
      column(
        value,
        1,
        [...merged].filter(([, coefficient]) => coefficient !== 0),
        true
      )
    })
  )
  for (const put of later) put()
  for (const { candidate, raid } of locks) columns[seat(candidate, raid)]!.lower = 1
  return { rows, columns, relaxed, seat, link, cells, switches, balance }
}
