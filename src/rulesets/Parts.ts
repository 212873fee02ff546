import { assign } from "./Assignment.ts"
import type { Compiled, Gift, Seat } from "./Compiled.ts"
import type { Covered, Given, Missing, Place, Possible } from "./Coverage.ts"

/** A seat that is taken, and where it is. */
export interface Member extends Place {
  readonly seat: Seat
}

/** What effects do among some members. */
export interface Part {
  readonly covered: ReadonlyArray<Covered>
  readonly missing: ReadonlyArray<Missing>
  readonly possible: ReadonlyArray<Possible>
}

interface Giver extends Gift {
  readonly at: number
}

/** An effect with those who give it, and those of whom nobody knows. */
interface Offer {
  readonly effect: number
  readonly givers: ReadonlyArray<Giver>
  readonly unsure: ReadonlyArray<number>
}

const sum = (all: ReadonlyArray<number>) => all.reduce((one, other) => one + other, 0)
export const valueOf = ({ covered }: Part) => sum(covered.map(({ value }) => value))

/** Whom one assigned effect can be set for: a class, its tanks apart, as no tank takes what the others do. */
const audiences = (members: ReadonlyArray<Member>) =>
  Map.groupBy(members, ({ seat }) => `${seat.class}:${seat.role === "tank"}`)

/** Solves effects among the members of a party, or of a raid. Each slot and each rivalry stands for itself, so each is best alone. */
export const solve = (compiled: Compiled, scopes: ReadonlyArray<string>, members: ReadonlyArray<Member>): Part => {
  const covered: Array<Covered> = []
  const missing: Array<Missing> = []
  const possible: Array<Possible> = []
  const { effects } = compiled

  const placeOf = (at: number): Place => ({ group: members[at]!.group, slot: members[at]!.slot })
  const worthTo = (audience: ReadonlyArray<Member>, effect: number, percent: number) => {
    let all = 0
    for (const { seat } of audience) all += compiled.worth(effect, seat, percent)
    return all
  }
  const strongest = (givers: ReadonlyArray<Gift>) => Math.max(...givers.map(({ percent }) => percent))

  const offerOf = (effect: number): Offer => {
    const givers: Array<Giver> = []
    const unsure: Array<number> = []
    members.forEach(({ seat }, at) => {
      const gift = compiled.gift(effect, seat)
      if (gift === "unknown") unsure.push(at)
      else if (gift !== undefined) givers.push({ ...gift, at })
    })
    return { effect, givers, unsure }
  }

  const cover = (
    effect: number,
    value: number,
    by: ReadonlyArray<number>,
    assumed: boolean,
    to: Covered["to"] = null
  ) => covered.push({ effect: effects[effect]!.id, value, by: by.map(placeOf), assumed, to })
  const could = (effect: number, value: number, by: ReadonlyArray<number>, reason: Possible["reason"]) => {
    if (value > 0) possible.push({ effect: effects[effect]!.id, value, by: by.map(placeOf), reason })
  }
  /** Nobody gives it for sure; `value` is what it would add. */
  const lack = ({ effect, unsure }: Offer, value: number) => {
    if (unsure.length > 0) could(effect, value, unsure, "unknown")
    else if (value > 0) missing.push({ effect: effects[effect]!.id, value })
  }

  const free = ({ effect, givers }: Offer) => {
    const { stacks } = effects[effect]!
    const value = stacks
      ? sum(givers.map(({ percent }) => worthTo(members, effect, percent)))
      : worthTo(members, effect, strongest(givers))
    // One who surely gives as much is enough.
    const counted = stacks ? givers : givers.filter(({ percent }) => percent === strongest(givers))
    const assumed = stacks ? !counted.every(({ certain }) => certain) : !counted.some(({ certain }) => certain)
    cover(effect, value, stacks ? givers.map(({ at }) => at) : inOrder(givers), assumed)
  }

  const rivals = (offers: ReadonlyArray<Offer>) => {
    const given = offers.filter(({ givers }) => givers.length > 0)
    const worths = given.map(({ effect, givers }) => worthTo(members, effect, strongest(givers)))
    const first = worths.indexOf(Math.max(...worths))
    given.forEach((offer, at) => {
      if (at === first) free(offer)
      else could(offer.effect, worths[at]!, inOrder(offer.givers), "weaker")
    })
    if (given.length === 0) offers.forEach((offer) => lack(offer, worthTo(members, offer.effect, 100)))
  }

  /** Fills one slot for an audience: who gives what, and what is left. */
  const fill = (offers: ReadonlyArray<Offer>, audience: ReadonlyArray<Member>) => {
    const providers = [...new Set(offers.flatMap(({ givers }) => givers.map(({ at }) => at)))].toSorted((a, b) => a - b)
    const worth = providers.map((provider) =>
      offers.map(({ effect, givers }) => {
        const gift = givers.find(({ at }) => at === provider)
        return gift === undefined ? 0 : worthTo(audience, effect, gift.percent)
      })
    )
    const { choices } = assign(
      worth,
      offers.map(({ effect }) => effects[effect]!.stacks)
    )
    return offers.map((offer, index) => {
      const by = providers.filter((_, at) => choices[at] === index)
      const gifts = offer.givers.filter(({ at }) => by.includes(at))
      return {
        offer,
        by,
        value: sum(gifts.map(({ percent }) => worthTo(audience, offer.effect, percent))),
        assumed: gifts.some(({ certain }) => !certain),
        left:
          by.length > 0 ? 0 : worthTo(audience, offer.effect, offer.givers.length > 0 ? strongest(offer.givers) : 100)
      }
    })
  }

  const inSlot = (offers: ReadonlyArray<Offer>) => {
    for (const { offer, by, value, assumed, left } of fill(offers, members)) {
      if (by.length > 0) cover(offer.effect, value, by, assumed)
      else if (offer.givers.length > 0)
        could(
          offer.effect,
          left,
          offer.givers.map(({ at }) => at),
          "slot_taken"
        )
      else lack(offer, left)
    }
  }

  /** A provider may give each class something else. */
  const byClass = (offers: ReadonlyArray<Offer>) => {
    const groups = [...audiences(members).values()].map((audience) => ({ audience, filled: fill(offers, audience) }))
    offers.forEach((offer, index) => {
      const parts = groups.map(({ audience, filled }) => ({ audience, ...filled[index]! }))
      const given = parts.filter(({ by }) => by.length > 0)
      const to = given.map(({ audience, by }): Given => {
        const { seat } = audience[0]!
        return { by: placeOf(by[0]!), class: seat.class, tank: seat.role === "tank", seat: null }
      })
      const left = sum(parts.map(({ left }) => left))
      if (given.length > 0) {
        const by = [...new Set(given.flatMap(({ by }) => by))].toSorted((a, b) => a - b)
        const value = sum(given.map(({ value }) => value))
        cover(
          offer.effect,
          value,
          by,
          given.some(({ assumed }) => assumed),
          to
        )
      }
      const able = offer.givers.map(({ at }) => at)
      if (able.length > 0) could(offer.effect, left, able, "slot_taken")
      else lack(offer, left)
    })
  }

  /** Each who has it gives it to one: to those whom it helps most. */
  const single = (offer: Offer) => {
    const { effect, givers } = offer
    const helped = members
      .map((member, at) => ({ at, value: compiled.worth(effect, member.seat) }))
      .filter(({ value }) => value > 0)
      .toSorted((one, other) => other.value - one.value || one.at - other.at)
    if (givers.length === 0) return lack(offer, helped[0]?.value ?? 0)
    const to = helped.slice(0, givers.length).map(({ at }, index): Given => {
      const { seat } = members[at]!
      return { by: placeOf(givers[index]!.at), class: seat.class, tank: seat.role === "tank", seat: placeOf(at) }
    })
    const used = givers.slice(0, Math.max(1, to.length))
    const value = sum(helped.slice(0, to.length).map(({ value }) => value))
    return cover(
      effect,
      value,
      used.map(({ at }) => at),
      used.some(({ certain }) => !certain),
      to
    )
  }

  const offers = effects.flatMap(({ scope }, effect) => (scopes.includes(scope) ? [offerOf(effect)] : []))
  const together = Map.groupBy(offers, ({ effect }) => {
    const { slot, rivals } = effects[effect]!
    return slot ?? (rivals === null ? effect : `rivals:${rivals}`)
  })
  for (const [, some] of together) {
    const { slot, scope, rivals: word } = effects[some[0]!.effect]!
    if (word !== null) rivals(some)
    else if (slot !== null && scope === "assigned") byClass(some)
    else if (slot !== null) inSlot(some)
    else if (scope === "assigned") single(some[0]!)
    else if (some[0]!.givers.length > 0) free(some[0]!)
    else lack(some[0]!, worthTo(members, some[0]!.effect, 100))
  }
  return { covered, missing, possible }
}

/** The strongest first. */
const inOrder = (givers: ReadonlyArray<Giver>) =>
  givers.toSorted((one, other) => other.percent - one.percent || one.at - other.at).map(({ at }) => at)
