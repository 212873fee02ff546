import type { Faction, RaidRole } from "../game/Game.ts"
import type { Effect, Overrides, Ruleset } from "./Ruleset.ts"

/** Somebody in a raid. Class, spec and role are words of the ruleset's game version. */
export interface Seat {
  readonly class: string
  readonly spec: string
  readonly role: RaidRole
  /** Null when unknown: then what only a race gives is not there. */
  readonly race: string | null
  /** Whose it is; null when unknown. */
  readonly player: string | null
  /** Effects that it is known to give: talents, items, pets. */
  readonly brings: ReadonlyArray<string>
  /** Effects that it is known not to give. */
  readonly lacks: ReadonlyArray<string>
}

/** The percent of its value to which a seat gives an effect, and whether that is certain. */
export interface Gift {
  readonly percent: number
  readonly certain: boolean
}

/** A kind of seat: what each effect, by its index, is worth to it, and to how many percent it gives it. */
interface Kind {
  readonly worth: ReadonlyArray<number>
  readonly percent: ReadonlyArray<number>
}

const closest = <A>(words: ReadonlyMap<string, A>, { class: name, spec, role }: Seat) =>
  words.get(`${name}:${spec}:${role}`) ?? words.get(`${name}:${spec}`) ?? words.get(name) ?? words.get("*")

/** Effects with the words of each looked up once for each kind of seat. */
export interface Compiled {
  readonly ruleset: Ruleset
  readonly effects: ReadonlyArray<Effect>
  /** What an effect, by its index, is worth to a seat, when it is given to that percent. */
  readonly worth: (effect: number, seat: Seat, percent?: number) => number
  /** What a seat gives of an effect; "unknown" if nobody says whether it does, undefined if it does not. */
  readonly gift: (effect: number, seat: Seat) => Gift | "unknown" | undefined
}

const compiled = new WeakMap<Ruleset, Map<Faction | null, Compiled>>()

/** A ruleset with a guild's values in place of its own, for raids of one faction when that is known. */
export const compile = (ruleset: Ruleset, overrides: Overrides, faction: Faction | null): Compiled => {
  if (Object.keys(overrides).length > 0) return compiledOf(ruleset, overrides, faction)
  const known = compiled.get(ruleset) ?? new Map<Faction | null, Compiled>()
  compiled.set(ruleset, known)
  const made = known.get(faction) ?? compiledOf(ruleset, overrides, faction)
  known.set(faction, made)
  return made
}

const compiledOf = (ruleset: Ruleset, overrides: Overrides, faction: Faction | null): Compiled => {
  const effects = ruleset.effects.filter(
    (effect) => effect.faction === null || faction === null || effect.faction === faction
  )
  const values = effects.map(({ id, values }) => new Map(Object.entries(overrides[id] ?? values)))
  const givers = effects.map(({ providers }) => new Map(providers.map((who) => [who, 100])))
  const improvers = effects.map(({ improved }) => new Map(improved.map(({ by, percent }) => [by, percent])))
  const kinds = new Map<string, Kind>()
  const kindsBySeat = new WeakMap<Seat, Kind>()

  const kindOf = (seat: Seat) => {
    const known = kindsBySeat.get(seat)
    if (known !== undefined) return known
    const kind = kindLike(seat)
    kindsBySeat.set(seat, kind)
    return kind
  }

  const kindLike = (seat: Seat) => {
    const key = `${seat.class}:${seat.spec}:${seat.role}`
    const found = kinds.get(key)
    if (found !== undefined) return found
    const made = {
      worth: values.map((words) => closest(words, seat) ?? 0),
      percent: givers.map((words, effect) =>
        closest(words, seat) === undefined ? 0 : (closest(improvers[effect]!, seat) ?? 100)
      )
    }
    kinds.set(key, made)
    return made
  }

  return {
    ruleset,
    effects,
    worth: (effect, seat, percent = 100) => {
      const worth = kindOf(seat).worth[effect]!
      return percent === 100 ? worth : Math.round((worth * percent) / 100)
    },
    gift: (effect, seat) => {
      const percent = kindOf(seat).percent[effect]!
      if (percent === 0 && seat.brings.length === 0) return undefined
      const { id, race, confidence } = effects[effect]!
      if (seat.lacks.includes(id)) return undefined
      if (seat.brings.includes(id)) return { percent: percent || 100, certain: percent <= 100 }
      if (percent === 0 || (race !== null && race !== seat.race)) return undefined
      return confidence === "flag" ? "unknown" : { percent, certain: confidence === "base" && percent === 100 }
    }
  }
}
