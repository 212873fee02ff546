import type { Choice, Given } from "./Choices.ts"
import type { MostOf } from "./Cuts.ts"
import type { Model } from "./Model.ts"
import type { Patterns } from "./Patterns.ts"
import type { Narrowed } from "./Pricing.ts"

export type Bounds = readonly [lower: number, upper: number]

/** What is decided of a part of all plans: bounds of the model's columns and rows, and what some choices give at most. */
export interface Decided {
  readonly columns: ReadonlyMap<number, Bounds>
  readonly rows: ReadonlyMap<number, Bounds>
  readonly choices: ReadonlyMap<Choice, ReadonlyArray<Given>>
}

/** Nothing: of all plans. */
export const undecided: Decided = { columns: new Map(), rows: new Map(), choices: new Map() }

/** One of the ways on from a part. */
export interface Way {
  /** What is asked and what is answered, the same in every part. */
  readonly name: string
  /** How far it is from the relaxation. */
  readonly distance: number
  readonly row?: readonly [number, Bounds]
  readonly column?: readonly [number, Bounds]
  readonly choice?: readonly [Choice, ReadonlyArray<Given>]
}

export const boundsOf = (model: Model, { rows }: Decided, row: number): Bounds =>
  rows.get(row) ?? [model.rows[row]!.lower, model.rows[row]!.upper]

/** What a choice can still be, with no more givers than `most` says of a row that counts them. */
export const optionsIn = (model: Model, decided: Decided, choice: Choice, most: (row: number) => number) => {
  const upper = (row: number) => Math.min(boundsOf(model, decided, row)[1], most(row))
  return choice.options(
    choice.givers.map(({ row }) => upper(row)),
    upper(choice.all),
    decided.choices.get(choice)
  )
}

/** How many there can be of some types in a raid, by what is decided of their kinds. */
export const mostIn = (model: Model, { typeOf }: Pick<Patterns, "typeOf">, decided: Decided): MostOf => {
  const most = new Map<string, number>()
  const lowers = new Map<number, number>()
  for (const { kind, row } of model.heads) lowers.set(kind, (lowers.get(kind) ?? 0) + boundsOf(model, decided, row)[0])
  for (const { raid, kind, row, candidates } of model.heads) {
    const [lower, upper] = boundsOf(model, decided, row)
    const name = `${raid}: ${typeOf[kind]!}`
    // Who must be elsewhere is not here.
    const here = Math.max(0, Math.min(upper, candidates - (lowers.get(kind)! - lower)))
    most.set(name, (most.get(name) ?? 0) + here)
  }
  return (raid, types) => types.reduce((all, type) => all + most.get(`${raid}: ${type}`)!, 0)
}

/** What a relaxation needs to know of a part. */
export const narrowedOf = (model: Model, patterns: Patterns, decided: Decided): Narrowed => ({
  ...decided,
  mostOf: mostIn(model, patterns, decided),
  worth: new Map(model.choices.map((choice) => [choice, optionsIn(model, decided, choice, () => Infinity).worth]))
})

/** A part that goes one of the ways; undefined if nothing is left of it. */
export const wentOn = (model: Model, decided: Decided, { row, column, choice }: Way): Decided | undefined => {
  const columns = new Map(decided.columns)
  if (row !== undefined) {
    const [index, [lower, upper]] = row
    if (lower > upper) return undefined
    for (const { row, on, gain, count } of model.switches) {
      if (row !== index) continue
      if (count <= lower) columns.set(on, [1, 1])
      if (count > upper) columns.set(on, [0, 0]).set(gain, [0, 0])
    }
  }
  if (column !== undefined) columns.set(...column)
  return {
    columns,
    rows: row === undefined ? decided.rows : new Map([...decided.rows, row]),
    choices: choice === undefined ? decided.choices : new Map([...decided.choices, choice])
  }
}
