import { Effect } from "effect"
import type { wordsOf } from "../game/GameVersions.ts"
import { emptyGroups, factsOf, seatsOf } from "./Layout.ts"
import { limits, type Plan, PlanConflict, type Raid, type RaidFacts, type Rule, type Seat } from "./Plan.ts"
import type { Op } from "./PlanBodies.ts"
import type { PlanState, RosterEntry } from "./PlanState.ts"

/** A rule that a seating breaks, thrown on the way; `orConflict` makes it a failure. */
class Broken extends Error {
  readonly conflict: PlanConflict
  constructor(rule: Rule, entry?: string) {
    super(rule)
    this.conflict = PlanConflict.of(rule, entry)
  }
}

/** What `work` makes, or the rule that it breaks. */
export const orConflict = <A>(work: () => A) =>
  Effect.suspend((): Effect.Effect<A, PlanConflict> => {
    try {
      return Effect.succeed(work())
    } catch (error) {
      if (error instanceof Broken) return Effect.fail(error.conflict)
      throw error
    }
  })

interface DraftRaid extends RaidFacts {
  readonly groups: Array<Array<Seat | null>>
  readonly bench: Array<Seat>
}

interface Spot {
  readonly raid: number
  /** −1 is the bench. */
  readonly group: number
  readonly slot: number
}

type Words = ReturnType<typeof wordsOf>

/** Who is seated by a name that somebody wrote, or by a name and a specialisation. */
export class Cast {
  readonly #entries: ReadonlyMap<string, RosterEntry>
  readonly #seated: ReadonlyMap<string, Seat>
  readonly #words: Words

  constructor(state: PlanState, words: Words) {
    this.#entries = new Map(state.entries.map((one) => [one.seat.entry_id, one]))
    this.#seated = new Map(state.plan.raids.flatMap(seatsOf).map((seat) => [seat.entry_id, seat]))
    this.#words = words
  }

  /** Whether it is in the plan or may come into it. */
  has(entry: string) {
    return this.#seated.has(entry) || this.#entries.get(entry)?.seat.gone === false
  }

  /** As it is in the plan, or else on the roster. */
  seat(entry: string, spec?: string) {
    const seated = this.#seated.get(entry)
    const listed = this.#entries.get(entry)?.seat
    if (seated === undefined && listed === undefined) throw new Broken("not_on_roster", entry)
    if (seated === undefined && listed!.gone) throw new Broken("player_inactive", entry)
    const seat = seated ?? listed!
    return spec === undefined || spec === seat.spec ? seat : this.playing(seat, spec)
  }

  playing(seat: Seat, text: string): Seat {
    const own = this.#entries.get(seat.entry_id)?.seat
    if (text === own?.spec) return { ...seat, spec: text, role: own.role }
    const spec = this.#words.specOf(seat.class, text)
    if (spec === undefined) throw new Broken("spec_of_another_class", seat.entry_id)
    return { ...seat, spec: spec.name, role: spec.name === own?.spec ? own.role : spec.role }
  }
}

export class Draft {
  readonly raids: Array<DraftRaid>
  readonly #cast: Cast

  constructor({ raids }: Pick<Plan, "raids">, cast: Cast) {
    this.raids = raids.map((raid) => ({
      ...factsOf(raid),
      groups: raid.groups.map((seats) => [...seats]),
      bench: [...raid.bench]
    }))
    this.#cast = cast
  }

  #spotOf(entry: string): Spot | undefined {
    for (const [raid, { groups, bench }] of this.raids.entries()) {
      for (const [group, seats] of [...groups.entries(), [-1, bench] as const]) {
        const slot = seats.findIndex((seat) => seat?.entry_id === entry)
        if (slot >= 0) return { raid, group, slot }
      }
    }
    return undefined
  }

  #raid(index: number, entry?: string) {
    const raid = this.raids[index]
    if (raid === undefined) throw new Broken("no_such_seat", entry)
    return raid
  }

  #at({ raid, group, slot }: Spot) {
    const { groups, bench } = this.raids[raid]!
    return group < 0 ? bench[slot]! : groups[group]![slot]!
  }

  #put({ raid, group, slot }: Spot, seat: Seat) {
    const { groups, bench } = this.raids[raid]!
    if (group < 0) bench[slot] = seat
    else groups[group]![slot] = seat
  }

  /** Takes a character out; as it was, or as it is on the roster. */
  #take(entry: string) {
    const spot = this.#spotOf(entry)
    if (spot === undefined) return this.#cast.seat(entry)
    const seat = this.#at(spot)
    const { groups, bench } = this.raids[spot.raid]!
    if (spot.group < 0) bench.splice(spot.slot, 1)
    else groups[spot.group]![spot.slot] = null
    return seat
  }

  #swap(a: string, b: string) {
    const [first, second] = [this.#spotOf(a), this.#spotOf(b)]
    if (first === undefined && second === undefined) throw new Broken("not_in_plan", a)
    const seatA = first === undefined ? this.#cast.seat(a) : this.#at(first)
    const seatB = second === undefined ? this.#cast.seat(b) : this.#at(second)
    if (first !== undefined) this.#put(first, seatB)
    if (second !== undefined) this.#put(second, seatA)
  }

  #setRaid(index: number, facts: Partial<RaidFacts>) {
    const raid = this.#raid(index)
    const next = { ...factsOf(raid), ...facts }
    const groups = emptyGroups(next.size).map((free, group) => raid.groups[group] ?? free)
    const outside = raid.groups.slice(groups.length).flat()
    const left = outside.find((seat) => seat !== null)
    if (left) throw new Broken("no_such_seat", left.entry_id)
    this.raids[index] = { ...next, groups, bench: raid.bench }
  }

  run(op: Op) {
    switch (op.op) {
      case "seat": {
        const { entry_id: entry, raid, group, slot } = op
        const seats = this.#raid(raid, entry).groups[group]
        if (seats === undefined) throw new Broken("no_such_seat", entry)
        const sitting = seats[slot]
        if (sitting && sitting.entry_id !== entry) throw new Broken("seat_taken", sitting.entry_id)
        seats[slot] = this.#take(entry)
        break
      }
      case "bench":
        this.#raid(op.raid, op.entry_id).bench.push(this.#take(op.entry_id))
        break
      case "remove":
        if (this.#spotOf(op.entry_id) === undefined) throw new Broken("not_in_plan", op.entry_id)
        this.#take(op.entry_id)
        break
      case "swap":
        this.#swap(op.a, op.b)
        break
      case "set_spec": {
        const spot = this.#spotOf(op.entry_id)
        if (spot === undefined) throw new Broken("not_in_plan", op.entry_id)
        this.#put(spot, this.#cast.playing(this.#at(spot), op.spec))
        break
      }
      case "set_raid": {
        const { op: _, raid, ...facts } = op
        this.#setRaid(raid, facts)
      }
    }
  }
}

/** A raid as it is written: groups and seats that are left out are free. */
export const raidOf = (
  facts: RaidFacts,
  groups: ReadonlyArray<ReadonlyArray<Seat | null>>,
  bench: ReadonlyArray<Seat>
): Raid => {
  const seats = emptyGroups(facts.size).map((free, group) => free.map((_, slot) => groups[group]?.[slot] ?? null))
  const outside = groups.slice(seats.length).flat()
  const left = outside.find((seat) => seat !== null)
  if (left) throw new Broken("no_such_seat", left.entry_id)
  return { ...factsOf(facts), groups: seats, bench }
}

/**
 * Holds a seating to the rules, against the plan as it was. Answers the entries that are a player's second in a raid and
 * were not when they were seated: the roster has changed since, which no write of the plan can help.
 */
export const checked = (state: PlanState, raids: ReadonlyArray<Raid>): ReadonlySet<string> => {
  const before = new Map(
    state.plan.raids.flatMap((raid, index) => seatsOf(raid).map((seat) => [seat.entry_id as string, index]))
  )
  const listed = new Map(state.entries.map((one) => [one.seat.entry_id as string, one.character_id]))
  const characters = new Map<string, string>()
  const entries = new Set<string>()
  const doubled = new Set<string>()
  for (const [index, raid] of raids.entries()) {
    if (raid.bench.length > limits.bench) throw new Broken("bench_full")
    const players = new Map<string, Seat>()
    // Whoever sat here before comes first, so that the newcomer is the one who is told.
    const seats = seatsOf(raid)
    const settled = (seat: Seat) => before.get(seat.entry_id) === index
    for (const seat of [...seats.filter(settled), ...seats.filter((seat) => !settled(seat))]) {
      const { entry_id: entry } = seat
      if (entries.has(entry)) throw new Broken("character_twice", entry)
      entries.add(entry)
      const character = state.characters[entry] ?? listed.get(entry)!
      const other = characters.get(character)
      if (other !== undefined) throw new Broken("character_twice", other)
      characters.set(character, entry)
      if (!players.has(seat.player.id)) players.set(seat.player.id, seat)
      else if (settled(seat)) doubled.add(entry)
      else throw new Broken("player_twice", entry)
    }
  }
  return doubled
}
