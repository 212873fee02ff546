import type { Choice } from "./Choices.ts"
import type { Kinds } from "./Kinds.ts"
import { type Feature, pairOf, patternOf } from "./Features.ts"
import type { Model } from "./Model.ts"
import { boundsOf, type Decided, optionsIn, type Way } from "./Part.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize } from "./Problem.ts"
import type { Relaxed } from "./Relaxation.ts"

/** A question whose answers are ways that leave no plan out. */
export interface Branching {
  readonly ways: ReadonlyArray<Way>
  /** What the relaxation counts too much for want of an answer, in points, as far as that is known. */
  readonly excess: number
}

/** High where at least two ways lower the bound. */
export const scoreOf = (losses: ReadonlyArray<number>) => {
  const [first = Infinity, second = first] = losses.toSorted((a, b) => a - b)
  return Math.max(1, first) * Math.max(1, second)
}

/** How much lower the bound was after ways that were gone; what is to come is guessed from it. */
export class Losses {
  readonly #sums = new Map<string, { loss: number; times: number }>()

  learn({ name, distance }: Way, loss: number) {
    const sum = this.#sums.get(name) ?? { loss: 0, times: 0 }
    this.#sums.set(name, { loss: sum.loss + loss / Math.max(distance, 0.01), times: sum.times + 1 })
  }

  #guess({ name, distance }: Way, excess: number) {
    const sum = this.#sums.get(name)
    const own = sum === undefined ? undefined : Math.max(1, (sum.loss / sum.times) * distance)
    // What was seen elsewhere and what is seen here are as good as each other.
    return own === undefined || excess < 1 ? (own ?? Math.max(1, excess)) : Math.sqrt(own * excess)
  }

  /** Whether each of the ways was gone before, from whatever part. */
  isKnown({ ways }: Branching) {
    return ways.every(({ name }) => this.#sums.has(name))
  }

  /** How much lower each way brings the bound, as far as one can tell. */
  guessesOf({ ways, excess }: Branching) {
    return ways.map((way) => this.#guess(way, excess))
  }
}

const tolerance = 1e-5
const sum = (all: ReadonlyArray<number>) => all.reduce((one, other) => one + other, 0)
const isInside = (value: number) => value - Math.floor(value) > tolerance && Math.ceil(value) - value > tolerance

/** More than a row counts, or no more than that. */
const ofRow = (model: Model, decided: Decided, row: number, value: number): ReadonlyArray<Way> => {
  const [lower, upper] = boundsOf(model, decided, row)
  const most = Math.floor(value + tolerance)
  return [
    { name: `${row}+`, distance: most + 1 - value, row: [row, [most + 1, upper]] },
    { name: `${row}-`, distance: Math.max(value - most, 0), row: [row, [lower, most]] }
  ]
}

/** What is there, by the relaxation: how many of each kind in a raid, and how many a row counts. */
const countsOf = (model: Model, { of }: Kinds, values: Float64Array) => {
  const rows = new Map<number, number>()
  for (const { raid, givers, row } of model.switches)
    if (!rows.has(row)) rows.set(row, sum(givers.map((giver) => values[model.seat(giver, raid)]!)))
  const kinds = new Map<number, Map<number, number>>()
  for (const { raid, kind, row } of model.heads) {
    let there = 0
    of.forEach((own, candidate) => {
      if (own === kind) there += values[model.seat(candidate, raid)]!
    })
    rows.set(row, there)
    kinds.set(raid, (kinds.get(raid) ?? new Map<number, number>()).set(kind, there))
  }
  return { rows, kinds }
}

type Counts = ReturnType<typeof countsOf>

/** Whether there are enough givers of something. Heads that a role lacks may let it be gained without any. */
const ofSwitches = (model: Model, decided: Decided, { rows }: Counts, values: Float64Array) => {
  const excesses = new Map<number, number>()
  for (const { gain, row, count } of model.switches) {
    const there = Math.max(0, rows.get(row)! - (count - 1))
    // Nobody gives it: nothing else would ask about the least of it.
    const least = there > tolerance ? 1 : tolerance
    if (there < 1 - tolerance && values[gain]! >= least)
      excesses.set(row, (excesses.get(row) ?? 0) + values[gain]! * (1 - there))
  }
  return [...excesses].map(([row, excess]): Branching => ({ excess, ways: ofRow(model, decided, row, rows.get(row)!) }))
}

/** What givers of a slot give; where there can be more of them than there are, first whether there are. */
const ofChoices = (model: Model, decided: Decided, { rows, kinds }: Counts, values: Float64Array) => {
  const found: Array<Branching> = []
  const worthOf = (worth: Int32Array, { raid }: Choice) => {
    let all = 0
    for (const [kind, there] of kinds.get(raid)!) all += worth[kind]! * there
    return all
  }
  const present = (row: number) => Math.ceil(rows.get(row)! - tolerance)
  for (const bundle of Map.groupBy(model.choices, ({ bundle }) => bundle).values()) {
    const looked = bundle.map((choice) => {
      const { all: options, worth } = optionsIn(model, decided, choice, () => Infinity)
      const now = optionsIn(model, decided, choice, present)
      return {
        choice,
        options,
        counted: worthOf(worth, choice),
        now: worthOf(now.worth, choice),
        real: Math.max(...now.all.map(({ worth }) => worthOf(worth, choice)))
      }
    })
    const excess = sum(bundle[0]!.gains.map((gain) => values[gain]!)) - sum(looked.map(({ real }) => real))
    if (excess < 1) continue
    const byGivers = new Map<number, number>()
    for (const { choice, options, counted, now, real } of looked) {
      if (now - real >= 0.5 && options.length > 1)
        found.push({
          excess: Math.min(excess, now - real),
          ways: options.map(({ givens }) => ({
            name: `${choice.row}: ${givens.join(":")}`,
            distance: 1,
            choice: [choice, givens] as const
          }))
        })
      const looser = counted - now + (options.length === 1 ? now - real : 0)
      if (looser < 0.5) continue
      for (const row of [choice.all, ...choice.givers.map(({ row }) => row)])
        if (boundsOf(model, decided, row)[1] > present(row) && !isInside(rows.get(row)!))
          byGivers.set(row, (byGivers.get(row) ?? 0) + looser)
    }
    for (const [row, own] of byGivers)
      found.push({ excess: Math.min(excess, own), ways: ofRow(model, decided, row, rows.get(row)!) })
  }
  return found
}

/** Who is with whom in groups, or which pattern groups have if no pair tells. */
const ofGroups = (model: Model, patterns: Patterns, decided: Decided, { groups }: Relaxed) => {
  const pairs = new Map<string, { value: number; readonly feature: () => Feature }>()
  const whole = new Map<string, { value: number; readonly feature: () => Feature }>()
  const count = (counts: typeof pairs, name: string, value: number, feature: () => Feature) => {
    const one = counts.get(name) ?? { value: 0, feature }
    one.value += value
    counts.set(name, one)
  }
  for (const { cell, pattern, value } of groups) {
    const { raid } = model.cells[cell]!
    const members = [...patterns.members.subarray(pattern * groupSize, (pattern + 1) * groupSize)]
    const seen = new Set<string>()
    members.forEach((one, at) => {
      for (const other of members.slice(at + 1)) {
        const name = `${raid}: ${one} ${other}`
        if (seen.has(name)) continue
        seen.add(name)
        count(pairs, name, value, () => pairOf(model, patterns, raid, one, other))
      }
    })
    count(whole, `${raid}: ${pattern}`, value, () => patternOf(model, patterns, raid, pattern))
  }
  const fromHalf = ({ value }: { readonly value: number }) => Math.abs(value - Math.floor(value) - 0.5)
  const open = (counts: typeof pairs) =>
    [...counts.values()]
      .filter(({ value }) => isInside(value))
      .toSorted((one, other) => fromHalf(one) - fromHalf(other))
      .slice(0, looks)
      .map(({ value, feature }): Branching => ({ excess: 0, ways: ofRow(model, decided, feature().row, value) }))
  const found = open(pairs)
  return found.length > 0 ? found : open(whole)
}

/** Each pair that is asked about is a row more. */
const looks = 20

/** The share of the gap that a question must be worth to come before all others. */
const telling = 0.25

/**
 * What to ask next of a part, what promises most first: what is worth most of the gap, else how many of a kind are there,
 * then who, then who is with whom. If there is nothing to ask, the relaxation is a plan.
 */
export const branchingOf = (
  model: Model,
  kinds: Kinds,
  patterns: Patterns,
  decided: Decided,
  relaxed: Relaxed,
  gap: number,
  losses: Losses
): ReadonlyArray<Branching> => {
  const { values } = relaxed
  const counts = countsOf(model, kinds, values)
  const effects = [...ofSwitches(model, decided, counts, values), ...ofChoices(model, decided, counts, values)]
  const heads = () =>
    model.heads.flatMap(({ row }): ReadonlyArray<Branching> => {
      const there = counts.rows.get(row)!
      return isInside(there) ? [{ excess: 0, ways: ofRow(model, decided, row, there) }] : []
    })
  const seats = () =>
    Array.from({ length: model.seats }, (_, column) => column).flatMap((column): ReadonlyArray<Branching> => {
      const value = values[column]!
      const ways: ReadonlyArray<Way> = [
        { name: `seat ${column}+`, distance: 1 - value, column: [column, [1, 1]] },
        { name: `seat ${column}-`, distance: value, column: [column, [0, 0]] }
      ]
      return isInside(value) ? [{ excess: 0, ways }] : []
    })
  for (const ask of [
    () => effects.filter(({ excess }) => excess > gap * telling),
    () => [...effects, ...heads()],
    seats,
    () => ofGroups(model, patterns, decided, relaxed)
  ]) {
    const all = ask()
    if (all.length > 0)
      return all.toSorted((one, other) => scoreOf(losses.guessesOf(other)) - scoreOf(losses.guessesOf(one)))
  }
  return []
}
