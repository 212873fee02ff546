import { RaidRole } from "../game/Game.ts"
import type { Compiled } from "./Compiled.ts"
import type { RaidCoverage, Warning } from "./Coverage.ts"
import { membersOf, type SeatedRaid, type Seating, type Targets } from "./Seating.ts"
import type { Member } from "./Parts.ts"
import type { Ruleset } from "./Ruleset.ts"

type Wasted = Extract<Warning, { readonly code: "party_effect_wasted" }>

const roles = RaidRole.literals

const targetsOf = ({ targets }: Ruleset, raid: SeatedRaid): Targets => {
  if (raid.targets !== null) return raid.targets
  const size = raid.size ?? raid.groups.length * 5
  const { tank, heal } = targets.find((one) => one.size === size) ?? {}
  return { ...(tank && { tank }), ...(heal && { heal }) }
}

const roleWarnings = (ruleset: Ruleset, seated: SeatedRaid, raid: number, coverage: RaidCoverage) => {
  if (Object.values(coverage.roles).every((count) => count === 0)) return []
  const targets = targetsOf(ruleset, seated)
  return roles.flatMap((role): ReadonlyArray<Warning> => {
    const count = coverage.roles[role]
    const { min, max } = targets[role] ?? { min: 0, max: Infinity }
    if (role === "tank" && count === 0 && max > 0) return [{ code: "no_tank", raid }]
    return count < min || count > max ? [{ code: "role_count", raid, role, seated: count, min, max }] : []
  })
}

/** Seats whose party effect does nothing for the others of their group, where another group lacks it. */
const wasteWarnings = (compiled: Compiled, seated: SeatedRaid, raid: number, coverage: RaidCoverage) => {
  const { effects } = compiled
  const groups = membersOf(seated)
  const ofParties = effects.flatMap(({ scope }, effect) => (scope === "party" ? [effect] : []))
  const worthTo = (members: ReadonlyArray<Member>, effect: number) =>
    members.reduce((all, { seat }) => all + compiled.worth(effect, seat), 0)
  const covering = (group: number, id: string) => coverage.groups[group]!.covered.find(({ effect }) => effect === id)
  /** The most that an effect would be worth to another group that lacks it; 0 if none wants it. */
  const elsewhere = (effect: number, own: number) =>
    Math.max(
      0,
      ...groups.map((members, group) =>
        group === own || covering(group, effects[effect]!.id) !== undefined ? 0 : worthTo(members, effect)
      )
    )

  return groups.flatMap((members, group) =>
    members.flatMap((member): ReadonlyArray<Wasted> => {
      const { slot, seat } = member
      const others = members.filter((one) => one !== member)
      const isBy = (place: { readonly slot: number }) => place.slot === slot
      const busy = new Set(
        coverage.groups[group]!.covered.filter(({ by }) => by.some(isBy)).map(
          ({ effect }) => effects.find(({ id }) => id === effect)!.slot
        )
      )
      /** Without a slot whoever gives most comes first; with one, a seat that gives nothing of it has nothing left to give. */
      const reasonOf = (effect: number): Wasted["reason"] | undefined => {
        const { id, slot: takes, stacks } = effects[effect]!
        const first = covering(group, id)?.by[0]
        if (takes !== null) return busy.has(takes) || first === undefined ? undefined : "already_given"
        if (worthTo(others, effect) === 0) return "helps_nobody"
        return stacks || first === undefined || isBy(first) ? undefined : "already_given"
      }
      const wasted = ofParties.flatMap((effect): ReadonlyArray<Wasted> => {
        const gift = compiled.gift(effect, seat)
        if (gift === undefined || gift === "unknown") return []
        const reason = reasonOf(effect)
        const value = reason === undefined ? 0 : elsewhere(effect, group)
        if (reason === undefined || value === 0) return []
        return [{ code: "party_effect_wasted", raid, group, slot, effect: effects[effect]!.id, reason, value }]
      })
      // Of a slot the one that is worth most.
      const slotOf = ({ effect }: Wasted) => effects.find(({ id }) => id === effect)!.slot ?? effect
      return [...Map.groupBy(wasted, slotOf).values()].map((some) =>
        some.reduce((most, one) => (one.value > most.value ? one : most))
      )
    })
  )
}

const hour = 60 * 60 * 1000

type Begins = Pick<SeatedRaid, "starts_at">

export const isSameHour = (one: Begins, other: Begins) =>
  one === other ||
  (one.starts_at !== null &&
    other.starts_at !== null &&
    Math.abs(Date.parse(one.starts_at) - Date.parse(other.starts_at)) < hour)

const playerWarnings = ({ raids }: Seating): ReadonlyArray<Warning> => {
  const seats = raids.flatMap((seated, raid) =>
    membersOf(seated)
      .flat()
      .map(({ seat, group, slot }) => ({ seated, player: seat.player, place: { raid, group, slot } }))
  )
  return [...Map.groupBy(seats, ({ player }) => player)].flatMap(([player, own]) => {
    const twice = own.filter((one) => own.some((other) => other !== one && isSameHour(one.seated, other.seated)))
    if (player === null || twice.length === 0) return []
    return [{ code: "player_twice" as const, player, seats: twice.map(({ place }) => place) }]
  })
}

/** What an officer should look at, in the order of raids and seats. */
export const warningsOf = (
  compiled: Compiled,
  seating: Seating,
  coverage: ReadonlyArray<RaidCoverage>
): ReadonlyArray<Warning> => [
  ...seating.raids.flatMap((seated, raid) => [
    ...roleWarnings(compiled.ruleset, seated, raid, coverage[raid]!),
    ...wasteWarnings(compiled, seated, raid, coverage[raid]!)
  ]),
  ...playerWarnings(seating)
]
