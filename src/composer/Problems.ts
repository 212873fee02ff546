import { rulesets } from "../rulesets/Rulesets.ts"
import { isSameHour } from "../rulesets/Warnings.ts"
import type { Facts, Offered, SeatRow } from "./Asked.ts"
import { numbered } from "./Numbering.ts"
import { type Pair, type Problem, type Seats, weights } from "./engine/Problem.ts"

/** Points for each that one raid has more than another, if balance is wished for. */
const balanceWeight = 1

const pairsOf = <A>(all: ReadonlyArray<A>, belong: (one: A, other: A) => boolean): ReadonlyArray<Pair> =>
  all.flatMap((one, at) =>
    all.slice(at + 1).flatMap((other, n): ReadonlyArray<Pair> => (belong(one, other) ? [[at, at + 1 + n]] : []))
  )

/** The facts in the engine's words. */
export const problemOf = (facts: Facts): Problem => {
  const { offered, raids } = facts
  const players = [...new Set(offered.map(({ player_id }) => player_id))]
  const numbers = new Map(players.map((player, at) => [player, at]))
  const at = new Map(offered.map(({ entry_id }, at) => [entry_id, at]))
  const pair = ([one, other]: ReadonlyArray<string>): Pair => [numbers.get(one!)!, numbers.get(other!)!]
  return {
    ruleset: rulesets.get(facts.ruleset)!.ruleset,
    overrides: facts.overrides,
    faction: facts.faction,
    raids: raids.map(({ size, targets }) => ({ size, targets })),
    players: players.length,
    candidates: offered.map((one) => ({
      player: numbers.get(one.player_id)!,
      seat: {
        class: one.class,
        spec: one.spec,
        role: one.role,
        race: one.race,
        player: one.player_id,
        brings: [],
        lacks: []
      },
      main: one.rank === "main",
      debt: one.debt
    })),
    locks: facts.locks.map(({ entry_id, raid, group }) => ({ candidate: at.get(entry_id)!, raid, group })),
    together: facts.together.map(pair),
    apart: facts.apart.map(pair),
    sameHour: pairsOf(raids, isSameHour),
    weights: facts.balance ? { ...weights, balance: balanceWeight } : weights
  }
}

const placed = (one: Offered, raid: number, group: number, slot: number): SeatRow => ({ ...one, raid, group, slot })

/** The seats as they are stored. Who was offered and sits nowhere waits on the first raid's bench, by their main. */
export const rowsOf = (facts: Facts, seats: Seats): ReadonlyArray<SeatRow> => {
  const { offered } = facts
  const rows = numbered(facts, seats).flatMap((groups, raid) =>
    groups.flatMap((group, at) => group.map((candidate, slot) => placed(offered[candidate]!, raid, at, slot)))
  )
  const seated = new Set(rows.map(({ player_id }) => player_id))
  const left = Map.groupBy(
    offered.filter(({ player_id }) => !seated.has(player_id)),
    ({ player_id }) => player_id
  )
  const bench = [...left.values()].map((own) => own.find(({ rank }) => rank === "main") ?? own[0]!)
  return [...rows, ...bench.slice(0, 100).map((one, slot) => placed(one, 0, -1, slot))]
}

const keyOf = ({ entry_id, spec, role }: Offered) => `${entry_id} ${spec} ${role}`

/** Two seatings in one problem: whoever only one of them has is offered in it, too. */
export const comparable = (facts: Facts, seatings: ReadonlyArray<ReadonlyArray<SeatRow>>) => {
  const offered = new Map(facts.offered.map((one) => [keyOf(one), one]))
  const debts = new Map(facts.offered.map(({ player_id, debt }) => [player_id, debt]))
  for (const one of seatings.flat()) {
    if (!offered.has(keyOf(one))) offered.set(keyOf(one), { ...one, debt: debts.get(one.player_id) ?? 0 })
  }
  const numbers = new Map([...offered.keys()].map((key, at) => [key, at]))
  const seats = seatings.map((rows): Seats =>
    facts.raids.map(({ size }, raid) =>
      Array.from({ length: size / 5 }, (_, group) =>
        rows.filter((row) => row.raid === raid && row.group === group).map((row) => numbers.get(keyOf(row))!)
      )
    )
  )
  return { problem: problemOf({ ...facts, offered: [...offered.values()] }), seats }
}
