import type { Model } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import { groupSize } from "./Problem.ts"

/** Something that patterns have or have not; a row counts how often the groups of a raid have it. */
export interface Feature {
  readonly raid: number
  readonly name: string
  readonly row: number
  /** By pattern: how often it has it. */
  readonly has: Uint8Array
  /** Of a cut: the types of whom it counts the pairs. */
  readonly types: ReadonlyArray<number>
}

/** A feature by its name, with a row of its own from when it is first asked about. */
const featureOf = (
  { rows, features, cells }: Model,
  raid: number,
  name: string,
  has: () => Uint8Array,
  types: ReadonlyArray<number> = []
): Feature => {
  const known = features.find((feature) => feature.raid === raid && feature.name === name)
  if (known !== undefined) return known
  const groups = cells.reduce((all, cell) => (cell.raid === raid ? all + cell.groups : all), 0)
  const upper = groups * (types.length === 0 ? 1 : groupSize >> 1)
  const made = { raid, name, has: has(), types, row: rows.push({ lower: 0, upper }) - 1 }
  features.push(made)
  return made
}

/** By pattern: how many of some types are in it. */
const countsOf = ({ members, count, types }: Patterns, some: ReadonlyArray<number>) => {
  const isOne = new Uint8Array(types + 1)
  for (const type of some) isOne[type] = 1
  const counts = new Uint8Array(count)
  for (let at = 0, pattern = 0; pattern < count; pattern++)
    for (const end = at + groupSize; at < end; at++) counts[pattern]! += isOne[members[at]!]!
  return counts
}

/** Two types are together, or two of one are. */
export const pairOf = (model: Model, patterns: Patterns, raid: number, one: number, other: number) =>
  featureOf(model, raid, `${one} ${other}`, () => {
    const [ones, others] = [countsOf(patterns, [one]), countsOf(patterns, [other])]
    const least = one === other ? 2 : 1
    return ones.map((count, pattern) => (count >= least && others[pattern]! > 0 ? 1 : 0))
  })

/** It is just that pattern. */
export const patternOf = (model: Model, { count }: Patterns, raid: number, pattern: number) =>
  featureOf(model, raid, `${pattern}`, () => {
    const has = new Uint8Array(count)
    has[pattern] = 1
    return has
  })

/** How many pairs of some types are in one group each, whatever type each of a pair is of. */
export const pairsOf = (model: Model, patterns: Patterns, raid: number, types: ReadonlyArray<number>) =>
  featureOf(model, raid, `pairs of ${types.join()}`, () => countsOf(patterns, types).map((count) => count >> 1), types)
