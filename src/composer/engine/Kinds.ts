import type { RaidRole } from "../../game/Game.ts"
import { compile, type Seat } from "../../rulesets/Compiled.ts"
import type { Effect } from "../../rulesets/Ruleset.ts"
import type { Problem } from "./Problem.ts"

/** An effect that somebody here gives and that helps somebody. */
export interface Offer {
  readonly stacks: boolean
  /** By kind: how strongly it gives the effect, from 1; 0 does not. */
  readonly level: Uint8Array
  /** By level from 1, by kind: what the effect is worth to it, in points. */
  readonly worth: ReadonlyArray<Int32Array>
}

/**
 * Effects that bear on each other. `free`: one that does not, `rivals`: the one worth most counts, `slot`: a giver gives
 * one of them, `byClass`: one to each audience, `single`: each giver gives it to one.
 */
export interface Bundle {
  readonly way: "free" | "rivals" | "slot" | "byClass" | "single"
  readonly offers: ReadonlyArray<Offer>
}

/** Candidates alike in all that effects, roles and blessings look at are of one kind. */
export interface Kinds {
  /** By candidate. */
  readonly of: ReadonlyArray<number>
  readonly seats: ReadonlyArray<Seat>
  readonly roles: ReadonlyArray<RaidRole>
  /** By kind: whom one blessing is set for, a class with or without its tanks. */
  readonly audience: ReadonlyArray<number>
  readonly audiences: number
  readonly party: ReadonlyArray<Bundle>
  readonly raid: ReadonlyArray<Bundle>
}

const wayOf = ({ slot, rivals, scope }: Effect): Bundle["way"] => {
  if (rivals !== null) return "rivals"
  if (slot !== null) return scope === "assigned" ? "byClass" : "slot"
  return scope === "assigned" ? "single" : "free"
}

export const kindsOf = ({ ruleset, overrides, faction, candidates }: Problem): Kinds => {
  const compiled = compile(ruleset, overrides, faction)
  const indexes = compiled.effects.map((_, effect) => effect)
  const percentOf = (effect: number, seat: Seat) => {
    const gift = compiled.gift(effect, seat)
    return gift === undefined || gift === "unknown" ? 0 : gift.percent
  }
  const audienceOf = (seat: Seat) => `${seat.class}:${seat.role === "tank"}`
  const keyOf = (seat: Seat) =>
    JSON.stringify([
      audienceOf(seat),
      seat.role,
      indexes.map((effect) => percentOf(effect, seat)),
      indexes.map((effect) => compiled.worth(effect, seat))
    ])
  const keys = candidates.map(({ seat }) => keyOf(seat))
  const names = [...new Set(keys)]
  const seats = names.map((name) => candidates[keys.indexOf(name)]!.seat)
  const audiences = [...new Set(seats.map(audienceOf))]

  const offerOf = (effect: number): Offer | undefined => {
    const percents = seats.map((seat) => percentOf(effect, seat))
    const levels = [...new Set(percents)].filter((percent) => percent > 0).toSorted((a, b) => a - b)
    const worth = levels.map((percent) => Int32Array.from(seats, (seat) => compiled.worth(effect, seat, percent)))
    if (!worth.some((row) => row.some((points) => points > 0))) return undefined
    const level = Uint8Array.from(percents, (percent) => levels.indexOf(percent) + 1)
    return { stacks: compiled.effects[effect]!.stacks, level, worth }
  }

  const bundlesOf = (scopes: ReadonlyArray<string>): ReadonlyArray<Bundle> => {
    const own = indexes.filter((effect) => scopes.includes(compiled.effects[effect]!.scope))
    const together = Map.groupBy(own, (effect) => {
      const { slot, rivals } = compiled.effects[effect]!
      return slot ?? (rivals === null ? effect : `rivals:${rivals}`)
    })
    return [...together.values()].flatMap((some) => {
      const offers = some.flatMap((effect) => offerOf(effect) ?? [])
      return offers.length === 0 ? [] : [{ way: wayOf(compiled.effects[some[0]!]!), offers }]
    })
  }

  return {
    of: keys.map((key) => names.indexOf(key)),
    seats,
    roles: seats.map(({ role }) => role),
    audience: seats.map((seat) => audiences.indexOf(audienceOf(seat))),
    audiences: audiences.length,
    party: bundlesOf(["party"]),
    raid: bundlesOf(["raid", "assigned", "target"])
  }
}

/**
 * The most that givers make of one slot, when each gives one effect: of `worth[giver][effect]`. An effect counts once,
 * unless it stacks. It is not the coverage's own assignment, which judges what is found with this one.
 */
export const bestOfSlot = (worth: ReadonlyArray<ArrayLike<number>>, stacks: ReadonlyArray<boolean>) => {
  const sets = 1 << stacks.length
  const best = new Int32Array(sets).fill(-1)
  best[0] = 0
  let most = 0
  for (const row of worth)
    // Larger sets first: what they are made of does not have this giver yet.
    for (let set = sets - 1; set >= 0; set--) {
      let highest = best[set]!
      for (let effect = 0; effect < stacks.length; effect++) {
        const gain = row[effect]!
        const bit = 1 << effect
        const from = stacks[effect] ? set : set & bit ? set ^ bit : -1
        if (gain > 0 && from >= 0 && best[from]! >= 0) highest = Math.max(highest, best[from]! + gain)
      }
      best[set] = highest
      if (highest > most) most = highest
    }
  return most
}

/** What effects are worth among a few members, told by their kinds. */
export const valueAmong = (bundles: ReadonlyArray<Bundle>, members: ReadonlyArray<number>) => {
  const worthOf = ({ worth }: Offer, level: number) => {
    const row = worth[level - 1]!
    let all = 0
    for (const kind of members) all += row[kind]!
    return all
  }
  const strongest = ({ level }: Offer) => {
    let most = 0
    for (const kind of members) if (level[kind]! > most) most = level[kind]!
    return most
  }
  let value = 0
  for (const { way, offers } of bundles) {
    if (way === "free") {
      const offer = offers[0]!
      if (offer.stacks) {
        for (const kind of members) if (offer.level[kind]! > 0) value += worthOf(offer, offer.level[kind]!)
      } else {
        const level = strongest(offer)
        if (level > 0) value += worthOf(offer, level)
      }
      continue
    }
    if (way === "rivals") {
      let most = 0
      for (const offer of offers) {
        const level = strongest(offer)
        if (level > 0) most = Math.max(most, worthOf(offer, level))
      }
      value += most
      continue
    }
    const rows: Array<Array<number>> = []
    for (const kind of members) {
      let gives = false
      for (const { level } of offers) if (level[kind]! > 0) gives = true
      if (gives) rows.push(offers.map((offer) => (offer.level[kind]! > 0 ? worthOf(offer, offer.level[kind]!) : 0)))
    }
    if (rows.length === 1) value += Math.max(...rows[0]!)
    else if (rows.length > 1)
      value += bestOfSlot(
        rows,
        offers.map(({ stacks }) => stacks)
      )
  }
  return value
}
