import type { RaidRole } from "../game/Game.ts"
import { gameVersions } from "../game/GameVersions.ts"
import type { Overrides, Ruleset } from "./Ruleset.ts"

export interface Fault {
  readonly field: string
  readonly reason: string
}

/** What a ruleset's game version has, by exact name. */
const specsOf = (version: string) =>
  new Map(
    (gameVersions.get(version)?.classes ?? []).map(({ name, specs }) => [
      name,
      new Map(specs.map((spec) => [spec.name, spec]))
    ])
  )

const known = new Map([...gameVersions.keys()].map((version) => [version, specsOf(version)]))

/** Whether the game has whom the word means. */
export const isKnown = (version: string, who: string) => {
  if (who === "*") return true
  const [className, spec, role] = who.split(":") as [string, string?, RaidRole?]
  const specs = known.get(version)?.get(className)
  if (specs === undefined || spec === undefined) return specs !== undefined
  const found = specs.get(spec)
  return found !== undefined && (role === undefined || found.roles.includes(role))
}

/** The words of values that the ruleset or its game does not know. */
export const valueFaults = ({ effects, game_version }: Ruleset, values: Overrides): Array<Fault> => {
  const ids = new Set(effects.map(({ id }) => id))
  return Object.entries(values).flatMap(([effect, byWho]) => {
    if (!ids.has(effect)) return [{ field: `values.${effect}`, reason: "is no effect of this ruleset" }]
    return Object.keys(byWho)
      .filter((who) => !isKnown(game_version, who))
      .map((who) => ({ field: `values.${effect}.${who}`, reason: "is no class, spec or role of this game" }))
  })
}

/** What is wrong with a ruleset beyond its shape: words that it or the game does not have, or has twice. */
export const rulesetFaults = (ruleset: Ruleset): ReadonlyArray<string> => {
  const { effects, game_version, slots, sources, targets } = ruleset
  const twice = (ids: ReadonlyArray<string | number>) => ids.filter((id, at) => ids.indexOf(id) !== at)
  const races = new Set(gameVersions.get(game_version)?.races.map(({ name }) => name))
  const slotIds = new Set(slots.map(({ id }) => id))
  return [
    ...(gameVersions.has(game_version) ? [] : [`${game_version} is no game version`]),
    ...twice([...effects, ...slots].map(({ id }) => id)).map((id) => `${id} is there twice`),
    ...twice(targets.map(({ size }) => size)).map((size) => `size ${size} is there twice`),
    ...effects.flatMap(({ id, providers, improved, values, slot, race, scope, stacks, rivals, source }) => [
      ...[...providers, ...improved.map(({ by }) => by), ...Object.keys(values)]
        .filter((who) => !isKnown(game_version, who))
        .map((who) => `${id}: ${who} is not of ${game_version}`),
      ...(slot === null || slotIds.has(slot) ? [] : [`${id}: ${slot} is no slot`]),
      ...(race === null || races.has(race) ? [] : [`${id}: ${race} is no race`]),
      ...(Object.keys(sources).includes(source.split(/[ ;]/, 1)[0]!) ? [] : [`${id}: ${source} is no source`]),
      // What is solved slot by slot: a slot's effects have one scope, and none of them rivals another.
      ...(slot !== null && effects.some((one) => one.slot === slot && one.scope !== scope)
        ? [`${id}: ${slot} has effects of two scopes`]
        : []),
      ...(rivals !== null && (slot !== null || stacks || scope === "assigned")
        ? [`${id}: rivals have no slot, do not stack and are not assigned`]
        : []),
      ...(rivals !== null && effects.some((one) => one.rivals === rivals && one.scope !== scope)
        ? [`${id}: rivals have one scope`]
        : []),
      ...(scope === "assigned" && (stacks || (slot === null && improved.length > 0))
        ? [`${id}: what is assigned does not stack, and without a slot nobody gives more of it`]
        : []),
      ...(stacks && scope !== "party" ? [`${id}: only what helps a group stacks`] : []),
      // The table of the assignment doubles with each.
      ...(slot !== null && effects.filter((one) => one.slot === slot).length > 10
        ? [`${id}: ${slot} has more than 10 effects`]
        : [])
    ])
  ]
}
