import type { Choice, Given } from "./Choices.ts"
import type { Kinds } from "./Kinds.ts"
import { type Model, pairOf } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize, type Problem } from "./Problem.ts"
import type { Narrowed, Relaxed } from "./Relaxation.ts"

export type Bounds = readonly [lower: number, upper: number]

/** What is decided of a part of all plans. */
export interface Decided {
  readonly columns: ReadonlyMap<number, Bounds>
  readonly rows: ReadonlyMap<number, Bounds>
  readonly choices: ReadonlyMap<Choice, Given>
}

/** One of the ways on from a part: what it decides, and how far that is from the relaxation. */
interface Way {
  readonly name: string
  readonly distance: number
  readonly row?: readonly [number, Bounds]
  readonly column?: readonly [number, Bounds]
  readonly choice?: readonly [Choice, Given]
}

/** A question whose answers are ways that leave no plan out. */
export interface Branching {
  /** What the relaxation has too much, as far as it is known; 0 where it is not. */
  readonly excess: number
  readonly ways: ReadonlyArray<Way>
}

/** How much lower the bound was after a way had been gone, by what was asked: what it will be is guessed from it. */
export class Losses {
  readonly #sums = new Map<string, { loss: number; times: number }>()

  learn({ name, distance }: Way, loss: number) {
    for (const key of [name, name[0]!]) {
      const sum = this.#sums.get(key) ?? { loss: 0, times: 0 }
      sum.loss += loss / Math.max(distance, 0.01)
      sum.times += 1
      this.#sums.set(key, sum)
    }
  }

  #guess({ name, distance }: Way, excess: number) {
    const own = this.#sums.get(name)
    if (process.env.PC === '0' && excess > 0) return excess
    if (process.env.PC === '2' && excess > 0) return own === undefined ? excess : Math.sqrt(excess * Math.max(1, (own.loss / own.times) * distance))
    if (own === undefined && excess > 0) return excess
    const sum = own ?? this.#sums.get(name[0]!)
    return sum === undefined ? 0 : (sum.loss / sum.times) * distance
  }

  knows({ ways }: Branching) {
    return ways.every(({ name }) => this.#sums.has(name))
  }

  /** High where both of two ways lower the bound. */
  scoreOf({ ways, excess }: Branching) {
    const [first, second] = ways.map((way) => Math.max(1, this.#guess(way, excess))).toSorted((a, b) => a - b)
    return first! * (second ?? first!)
  }
}

const sum = (all: ReadonlyArray<number>) => all.reduce((one, other) => one + other, 0)
const tolerance = 1e-5
const isInside = (value: number) => value - Math.floor(value) > tolerance && Math.ceil(value) - value > tolerance

const boundsOf = (model: Model, { rows }: Pick<Decided, "rows">, row: number): Bounds =>
  rows.get(row) ?? [model.rows[row]!.lower, model.rows[row]!.upper]

const optionsIn = (model: Model, decided: Decided, choice: Choice, most?: (row: number) => number) => {
  const upper = (row: number) => Math.min(boundsOf(model, decided, row)[1], most?.(row) ?? Infinity)
  return choice.options(
    choice.givers.map(({ row }) => upper(row)),
    upper(choice.all),
    decided.choices.get(choice)
  )
}

/** The bounds of a part, and what its choices are worth in it. */
export const narrowedOf = (model: Model, decided: Decided): Narrowed => ({
  ...decided,
  worth: new Map(model.choices.map((choice) => [choice, optionsIn(model, decided, choice).worth]))
})

/** At most so many, and more. */
const ofRow = (model: Model, decided: Decided, kind: string, row: number, value: number): ReadonlyArray<Way> => {
  const [lower, upper] = boundsOf(model, decided, row)
  const most = Math.floor(value + tolerance)
  return [
    { name: `${kind}${row}+`, distance: most + 1 - value, row: [row, [Math.max(lower, most + 1), upper]] },
    { name: `${kind}${row}-`, distance: Math.max(value - most, 0), row: [row, [lower, Math.min(upper, most)]] }
  ]
}

/** Questions that the relaxation's values, or those of a plan, leave open; where there are none it is exact. */
export const branchingsOf = (
  model: Model,
  { of, seats }: Kinds,
  decided: Decided,
  values: ArrayLike<number>
): ReadonlyArray<Branching> => {
  const found: Array<Branching> = []
  // What rows count, of those that are asked about.
  const counted = new Map<number, number>()
  const byRow = new Map<number, number>()
  for (const { raid, on: _, gain, givers, row, count } of model.switches) {
    const there = counted.get(row) ?? sum(givers.map((giver) => values[model.seat(giver, raid)]!))
    counted.set(row, there)
    const part = there - (count - 1)
    if (values[gain]! >= 1 && part > tolerance && part < 1 - tolerance)
      byRow.set(row, (byRow.get(row) ?? 0) + values[gain]! * (1 - part))
  }
  for (const [row, excess] of byRow) found.push({ excess, ways: ofRow(model, decided, "switch ", row, counted.get(row)!) })

  const heads = new Map<number, number>()
  const present = new Map<string, number>()
  for (const { raid, kind, row } of model.heads) {
    let there = 0
    of.forEach((own, candidate) => {
      if (own === kind) there += values[model.seat(candidate, raid)]!
    })
    present.set(`${raid}:${kind}`, there)
    heads.set(row, there)
    counted.set(row, there)
    if (isInside(there) && !byRow.has(row)) found.push({ excess: 0, ways: ofRow(model, decided, "head ", row, there) })
  }
  for (let column = 0; column < model.seats; column++)
    if (isInside(values[column]!))
      found.push({
        excess: 0,
        ways: [
          { name: `seat ${column}+`, distance: 1 - values[column]!, column: [column, [1, 1]] },
          { name: `seat ${column}-`, distance: values[column]!, column: [column, [0, 0]] }
        ]
      })

  for (const bundle of Map.groupBy(model.choices, ({ bundle }) => bundle).values()) {
    const gained = sum(bundle[0]!.gains.map((gain) => values[gain]!))
    const worthOf = (worth: Int32Array, raid: number) => {
      let all = 0
      worth.forEach((points, kind) => {
        if (points !== 0) all += points * present.get(`${raid}:${kind}`)!
      })
      return all
    }
    const looked = bundle.map((choice) => {
      const open = optionsIn(model, decided, choice)
      const close = optionsIn(model, decided, choice, (row) => Math.ceil((counted.get(row) ?? Infinity) - tolerance))
      const true_ = Math.max(...close.all.map(({ worth }) => worthOf(worth, choice.raid)))
      return { choice, open, close, true_, counted: worthOf(open.worth, choice.raid), closer: worthOf(close.worth, choice.raid) }
    })
    const slack = gained - sum(looked.map(({ true_ }) => true_))
    if (process.env.DBG) console.log('bundle', bundle[0]!.raid, 'gained', gained, 'slack', slack, JSON.stringify(looked.map((l) => [l.true_, l.closer, l.counted, l.open.all.length, l.close.all.length, l.choice.givers.map((g) => counted.get(g.row)), counted.get(l.choice.all), decided.choices.get(l.choice)])))
    if (slack < 1) continue
    const byGiver = new Map<number, number>()
    for (const { choice, open, closer, true_, counted: all } of looked) {
      const option = Math.min(slack, closer - true_)
      if (option >= 0.5 && open.all.length > 1)
        found.push({
          excess: option,
          ways: open.all.map(({ given }) => ({
            name: `choice ${choice.row}:${given.join()}`,
            distance: 1,
            choice: [choice, given] as const
          }))
        })
      // Where more givers are allowed than are there, fewer leave less to choose from.
      const looser = all - closer + (open.all.length === 1 ? option : 0)
      if (looser < 0.5) continue
      for (const row of [choice.all, ...choice.givers.map(({ row }) => row)]) {
        const there = counted.get(row)
        if (there === undefined) continue
        const most = Math.ceil(there - tolerance)
        if (boundsOf(model, decided, row)[1] <= most) continue
        byGiver.set(row, (byGiver.get(row) ?? 0) + looser)
      }
    }
    for (const [row, excess] of byGiver) {
      const there = counted.get(row)!
      if (isInside(there)) continue
      found.push({ excess: Math.min(slack, excess), ways: ofRow(model, decided, "giver ", row, there) })
    }
  }
  void seats
  return found
}

/** Who is with whom in groups, where the relaxation cannot tell. */
export const pairingsOf = (
  problem: Problem,
  model: Model,
  patterns: Patterns,
  decided: Decided,
  { groups }: Pick<Relaxed, "groups">
): ReadonlyArray<Branching> => {
  const pairs = new Map<string, { raid: number; one: number; other: number; value: number }>()
  for (const { cell, pattern, value } of groups) {
    const { raid } = model.cells[cell]!
    const members = [...patterns.members.subarray(pattern * groupSize, (pattern + 1) * groupSize)]
    const seen = new Set<string>()
    members.forEach((one, at) => {
      for (const other of members.slice(at + 1)) {
        const name = `${raid}:${one}:${other}`
        if (seen.has(name)) continue
        seen.add(name)
        const pair = pairs.get(name) ?? { raid, one, other, value: 0 }
        pair.value += value
        pairs.set(name, pair)
      }
    })
  }
  const distance = ({ value }: { value: number }) => Math.abs(value - Math.floor(value) - 0.5)
  return [...pairs.values()]
    .filter(({ value }) => isInside(value))
    .toSorted((one, other) => distance(one) - distance(other))
    .slice(0, 20)
    .map(({ raid, one, other, value }) => ({
      excess: 0,
      ways: ofRow(model, decided, "pair ", pairOf(model, patterns, problem, raid, one, other).row, value)
    }))
}

/** A part that goes one of the ways. */
export const gone = (model: Model, decided: Decided, { row, column, choice }: Way): Decided | undefined => {
  const rows = new Map(decided.rows)
  const columns = new Map(decided.columns)
  const choices = new Map(decided.choices)
  if (row !== undefined) {
    const [index, [lower, upper]] = row
    if (lower > upper) return undefined
    rows.set(index, [lower, upper])
    for (const { row, on, count } of model.switches) {
      if (row !== index) continue
      if (count <= lower) columns.set(on, [1, 1])
      if (count > upper) columns.set(on, [0, 0])
    }
  }
  if (column !== undefined) {
    const [lower, upper] = columns.get(column[0]) ?? [model.columns[column[0]]!.lower, model.columns[column[0]]!.upper]
    const [least, most] = column[1]
    if (most < lower || least > upper) return undefined
    columns.set(...column)
  }
  if (choice !== undefined) choices.set(...choice)
  return { rows, columns, choices }
}
