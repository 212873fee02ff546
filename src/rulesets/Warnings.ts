import type { RaidRole } from "../game/Game.ts"
import type { Compiled } from "./Compiled.ts"
import type { RaidCoverage, Warning } from "./Coverage.ts"
import { membersOf, type SeatedRaid, type Seating, type Targets } from "./Evaluate.ts"
import type { Member } from "./Parts.ts"
import type { Ruleset } from "./Ruleset.ts"

const roles = ["tank", "heal", "melee", "ranged"] as const satisfies ReadonlyArray<RaidRole>

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
    const [min, max] = targets[role] ?? [0, Infinity]
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
  const isLacking = (group: number, effect: number) =>
    covering(group, effects[effect]!.id) === undefined && worthTo(groups[group]!, effect) > 0
  const isWanted = (effect: number, own: number) => groups.some((_, group) => group !== own && isLacking(group, effect))

  return groups.flatMap((members, group) => {
    const given = coverage.groups[group]!.covered
    return members.flatMap((member): ReadonlyArray<Warning> => {
      const { slot, seat } = member
      const isBy = (place: { readonly slot: number }) => place.slot === slot
      const wasted = (effect: number): ReadonlyArray<Warning> => {
        const { id, slot: takes, stacks } = effects[effect]!
        const gift = compiled.gift(effect, seat)
        if (gift === undefined || gift === "unknown" || !isWanted(effect, group)) return []
        const warning = { code: "party_effect_wasted", raid, group, slot, effect: id } as const
        const others = members.filter((one) => one !== member)
        if (takes !== null) {
          // Nothing of the slot is left for them to give: of what they could, others give it already, or nobody needs it.
          const isIdle = !given.some(
            ({ effect, by }) => effects.find(({ id }) => id === effect)!.slot === takes && by.some(isBy)
          )
          if (!isIdle) return []
          return [{ ...warning, reason: covering(group, id) === undefined ? "helps_nobody" : "already_given" }]
        }
        if (worthTo(others, effect) === 0) return [{ ...warning, reason: "helps_nobody" }]
        const first = covering(group, id)?.by[0]
        return stacks || first === undefined || isBy(first) ? [] : [{ ...warning, reason: "already_given" }]
      }
      const all = ofParties.flatMap(wasted)
      // One effect of a slot is enough to tell.
      const slotOf = (id: string) => effects.find((one) => one.id === id)!.slot ?? id
      return all.filter(
        (one, at) =>
          all.findIndex(
            (other) => "effect" in other && "effect" in one && slotOf(other.effect) === slotOf(one.effect)
          ) === at
      )
    })
  })
}

const hour = 60 * 60 * 1000

const isSameHour = (one: SeatedRaid, other: SeatedRaid) =>
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
