import { type Problem, seatedWorth } from "./Problem.ts"

export interface Row {
  lower: number
  upper: number
  /** Whatever is decided, it holds where what is counted for it is nothing. */
  readonly isLoose?: boolean
}

export interface Column {
  cost: number
  lower: number
  upper: number
  /** Rows and coefficients. */
  readonly rows: ReadonlyArray<number>
  readonly values: ReadonlyArray<number>
}

/** A coefficient. */
export type Entry = [row: number, value: number]

/** Rows and columns in the making. The seats' columns come first, though their entries are known last. */
export interface Rows {
  readonly row: (lower: number, upper: number) => number
  /** A row that something to be gained is at most as much as others allow. */
  readonly atMost: () => number
  /** A column of its own; its entries may grow until the end. */
  readonly add: (cost: number, upper: number, entries: ReadonlyArray<Readonly<Entry>>) => number
  /** The column of a candidate in a raid. */
  readonly seat: (candidate: number, raid: number) => number
  /** A coefficient of a seat. */
  readonly tie: (candidate: number, raid: number, row: number, value: number) => void
  /** A row in which what is given is at most as much as there are givers in the raid. */
  readonly shared: (raid: number, givers: ReadonlyArray<number>) => number
  readonly made: () => { readonly rows: Array<Row>; readonly columns: ReadonlyArray<Column> }
}

export const rowsOf = (problem: Problem): Rows => {
  const { candidates, raids, locks } = problem
  const rows: Array<Row> = []
  const seats = candidates.flatMap(() => raids.map(() => new Map<number, number>()))
  const others: Array<() => Column> = []
  const columnOf = (cost: number, upper: number, entries: Iterable<Readonly<Entry>>): Column => {
    const all = [...entries].filter(([, value]) => value !== 0)
    return { cost, lower: 0, upper, rows: all.map(([row]) => row), values: all.map(([, value]) => value) }
  }
  const row: Rows["row"] = (lower, upper) => rows.push({ lower, upper }) - 1
  const seat: Rows["seat"] = (candidate, raid) => candidate * raids.length + raid
  const tie: Rows["tie"] = (candidate, raid, row, value) => {
    const own = seats[seat(candidate, raid)]!
    own.set(row, (own.get(row) ?? 0) + value)
  }
  return {
    row,
    atMost: () => rows.push({ lower: -Infinity, upper: 0, isLoose: true }) - 1,
    seat,
    tie,
    add: (cost, upper, entries) => seats.length + others.push(() => columnOf(cost, upper, entries)) - 1,
    shared: (raid, givers) => {
      const made = row(-Infinity, 0)
      for (const candidate of givers) tie(candidate, raid, made, -1)
      return made
    },
    made: () => {
      const ofSeats = candidates.flatMap((own, candidate) =>
        raids.map((_, raid) => {
          const isLocked = locks.some((lock) => lock.candidate === candidate && lock.raid === raid)
          return {
            ...columnOf(seatedWorth(problem, own), 1, seats[seat(candidate, raid)]!),
            lower: isLocked ? 1 : 0
          }
        })
      )
      return { rows, columns: [...ofSeats, ...others.map((make) => make())] }
    }
  }
}
