import { Effect } from "effect"
import { rulesets } from "../rulesets/Rulesets.ts"
import type { Fault } from "../rulesets/Words.ts"
import type { Facts, Offered, World } from "./Asked.ts"
import { CompositionInfeasible, CompositionInvalid, limits } from "./Composition.ts"
import type { SeatWish, Wishes } from "./CompositionBodies.ts"

type Listed = World["entries"][number]

const offersItself = ({ status }: Listed) => status === "active" || status === "trial"

/** What the wishes name that is not there. */
const faultsOf = ({ entries, raids, ruleset }: World, wishes: Wishes): ReadonlyArray<Fault> => {
  const players = new Map(entries.map(({ player_id, status }) => [player_id, status]))
  const listed = new Set(entries.map(({ entry_id }) => entry_id))
  const effects = new Set(rulesets.get(ruleset)?.ruleset.effects.map(({ id }) => id))
  const faults: Array<Fault> = []
  const check = (isRight: boolean, field: string, reason: string) => {
    if (!isRight) faults.push({ field, reason })
  }
  const { available = [], locks = [], targets = {}, prefer = {} } = wishes
  check(effects.size > 0, "ruleset", "is no ruleset any more")
  available.forEach((player, at) => {
    const status = players.get(player)
    check(status !== undefined, `available.${at}`, "has no character on the roster")
    check(status !== "inactive", `available.${at}`, "is inactive")
  })
  locks.forEach(({ entry_id, raid, group = 0 }, at) => {
    check(listed.has(entry_id), `locks.${at}.entry_id`, "is not on the roster")
    check(raid < raids.length, `locks.${at}.raid`, "is no raid of the plan")
    if (raid < raids.length) check(group * 5 < raids[raid]!.size, `locks.${at}.group`, "is no group of the raid")
  })
  for (const name of ["together", "apart"] as const) {
    wishes[name]?.forEach((pair, at) => {
      check(
        pair.every((player) => players.has(player)),
        `${name}.${at}`,
        "names a player who has no character on the roster"
      )
      check(pair[0] !== pair[1], `${name}.${at}`, "names one player twice")
    })
  }
  for (const [role, { min, max }] of Object.entries(targets)) {
    check(min <= max, `targets.${role}`, "has a min over its max")
  }
  for (const effect of Object.keys(prefer.effects ?? {})) {
    check(effects.has(effect), `prefer.effects.${effect}`, "is no effect of the plan's ruleset")
  }
  return faults
}

const offeredOf = ({ entries }: World, { available, mains_only = false }: Wishes) => {
  const names = available === undefined ? undefined : new Set<string>(available)
  return entries.filter(
    (one) => (names === undefined ? offersItself(one) : names.has(one.player_id)) && !(mains_only && one.rank === "alt")
  )
}

/** The guild's values, with the effects that are wished for more or less. */
const valuesOf = ({ ruleset, overrides }: World, percents: Readonly<Record<string, number>>) => {
  const effects = rulesets.get(ruleset)!.ruleset.effects
  const changed = effects
    .filter(({ id }) => percents[id] !== undefined)
    .map(({ id, values }) => {
      const scaled = Object.entries(overrides[id] ?? values).map(([who, points]) => [
        who,
        Math.round((points * percents[id]!) / 100)
      ])
      return [id, Object.fromEntries(scaled)]
    })
  return { ...overrides, ...Object.fromEntries(changed) }
}

const lockOf = ({ entry_id, raid, group = null }: Omit<SeatWish, "group"> & { readonly group?: number | null }) => ({
  entry_id,
  raid,
  group
})

/** What is to be composed: the wishes, held against the plan and the roster. */
export const factsOf = Effect.fnUntraced(function* (world: World, wishes: Wishes) {
  const faults = faultsOf(world, wishes)
  if (faults.length > 0) return yield* new CompositionInvalid({ details: { fields: faults } })
  const offered: ReadonlyArray<Offered> = offeredOf(world, wishes)
  if (offered.length > limits.candidates) {
    const reason = `offers ${offered.length} characters, and at most ${limits.candidates} can be: say who comes, or mains only`
    return yield* new CompositionInvalid({ details: { fields: [{ field: "available", reason }] } })
  }
  const offers = new Set(offered.map(({ entry_id }) => entry_id))
  const locks = (wishes.locks ?? []).map(lockOf)
  const away = locks.find(({ entry_id }) => !offers.has(entry_id))
  if (away !== undefined) {
    const details = { reason: "That character is not offered.", wishes: [{ kind: "lock", ...away }] }
    return yield* new CompositionInfeasible({ details })
  }
  const { targets } = rulesets.get(world.ruleset)!.ruleset
  const comes = new Set(offered.map(({ player_id }) => player_id))
  const pairs = (all: Wishes["apart"] = []) => all.filter((pair) => pair.every((player) => comes.has(player)))
  return {
    ruleset: world.ruleset,
    faction: world.faction,
    overrides: valuesOf(world, wishes.prefer?.effects ?? {}),
    balance: wishes.prefer?.balance ?? false,
    raids: world.raids.map((raid) => {
      const { size: _, ...usual } = targets.find(({ size }) => size === raid.size) ?? { size: 0 }
      return { ...raid, targets: { ...usual, ...wishes.targets } }
    }),
    offered,
    before: world.seats,
    locks,
    together: pairs(wishes.together),
    apart: pairs(wishes.apart)
  } satisfies Facts
})
