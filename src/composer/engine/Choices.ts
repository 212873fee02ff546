import type { Offer } from "./Kinds.ts"

/** By effect: how strongly it is given, 0 not at all. */
export type Given = ReadonlyArray<number>

/** What is worth so much by kind; no other option is worth more to everybody. */
interface Option {
  readonly worth: Int32Array
  /** What can be given that is worth no more to anybody: with fewer givers it may be what is left of the option. */
  readonly givens: ReadonlyArray<Given>
}

/** Of some options: at most what the best of them is worth to each kind by itself. */
interface Options {
  readonly all: ReadonlyArray<Option>
  readonly worth: Int32Array
}

/**
 * Givers of a slot give one of its effects each, to everybody or to one audience: which ones is a choice, and what it is
 * worth depends on who is there. As long as it is open each kind is given what suits it best.
 */
export interface Choice {
  readonly raid: number
  /** The choices whose effects are counted together. */
  readonly bundle: string
  /** What all of a bundle is counted for: columns of the model. */
  readonly gains: ReadonlyArray<number>
  /** At most what the options are worth to those who are there: its coefficients are those of a part. */
  readonly row: number
  /** What they are in the model, with as many givers as there are. */
  readonly worth: Int32Array
  /** Kinds who give something, the rows that count them, and the row that counts them all. */
  readonly givers: ReadonlyArray<{ readonly kind: number; readonly row: number }>
  readonly all: number
  /** With at most so many of each giver and so many of all, and no more given than one of those, if it was decided. */
  readonly options: (most: ReadonlyArray<number>, all: number, decided: ReadonlyArray<Given> | undefined) => Options
}

const isAtMost = (one: ArrayLike<number>, other: ArrayLike<number>) => {
  for (let at = 0; at < one.length; at++) if (one[at]! > other[at]!) return false
  return true
}

/** Those that no other surpasses, one of each that are equal. */
const highest = <A>(all: ReadonlyArray<A>, of: (one: A) => ArrayLike<number>) =>
  all.filter((one, at) =>
    all.every(
      (other, index) => index === at || !isAtMost(of(one), of(other)) || (index > at && isAtMost(of(other), of(one)))
    )
  )

/** What can be given at all when giver `at` is there `most[at]` times. */
const everythingGiven = (
  levels: ReadonlyArray<ReadonlyArray<number>>,
  most: ReadonlyArray<number>,
  all: number
): ReadonlyArray<Given> => {
  const found = new Map<string, Given>()
  const left = [...most]
  const given: Array<number> = []
  const extend = (free: number) => {
    if (given.length === levels.length) {
      found.set(given.join(), [...given])
      return
    }
    const own = levels[given.length]!
    given.push(0)
    extend(free)
    if (free > 0)
      own.forEach((level, giver) => {
        if (level === 0 || left[giver] === 0) return
        left[giver]! -= 1
        given[given.length - 1] = level
        extend(free - 1)
        left[giver]! += 1
      })
    given.pop()
  }
  extend(all)
  return highest([...found.values()], (one) => one)
}

/** The options for those kinds of whom `isFor` says so; what was found is remembered. */
export const optionsOf = (
  offers: ReadonlyArray<Offer>,
  givers: ReadonlyArray<number>,
  isFor: (kind: number) => boolean
): Choice["options"] => {
  const useful = offers.filter(({ worth }) => worth.at(-1)!.some((points, kind) => points > 0 && isFor(kind)))
  const levels = useful.map(({ level }) => givers.map((kind) => level[kind]!))
  const worthOf = (given: Given) =>
    Int32Array.from(offers[0]!.worth[0]!, (_, kind) =>
      isFor(kind)
        ? useful.reduce((all, { worth }, at) => (given[at] === 0 ? all : all + worth[given[at]! - 1]![kind]!), 0)
        : 0
    )
  const known = new Map<string, Options>()
  return (most, all, decided) => {
    // More than there are effects are no help.
    const enough = most.map((count) => Math.min(count, useful.length))
    const free = Math.min(all, useful.length)
    const key = `${enough.join()}:${free}:${decided?.join(":") ?? ""}`
    const found = known.get(key)
    if (found !== undefined) return found
    const given = everythingGiven(levels, enough, free).flatMap((one) =>
      decided === undefined ? [one] : decided.map((most) => one.map((level, at) => Math.min(level, most[at]!)))
    )
    const worths = new Map(given.map((one) => [one, worthOf(one)]))
    const highestOf = highest([...worths.values()], (one) => one)
    const covered = Map.groupBy(given, (one) => highestOf.find((worth) => isAtMost(worths.get(one)!, worth))!)
    const best = [...covered].map(([worth, givens]): Option => ({ worth, givens }))
    const worth = worthOf(useful.map(() => 0)).map((_, kind) =>
      best.reduce((most, option) => Math.max(most, option.worth[kind]!), 0)
    )
    const made: Options = { all: best, worth }
    known.set(key, made)
    return made
  }
}
