import type { Seat } from "../../src/rulesets/Compiled.ts"
import type { Effect, Overrides, Ruleset } from "../../src/rulesets/Ruleset.ts"

/*
 * What effects are worth, told from their definition by trying every choice there is. It shares no code with what it
 * checks.
 */

interface Choice {
  readonly provider: number
  readonly options: ReadonlyArray<Effect>
}

const matches = (who: string, { class: name, spec, role }: Seat) => {
  const [first, second, third] = who.split(":")
  return (
    who === "*" ||
    (first === name && (second === undefined || second === spec) && (third === undefined || third === role))
  )
}

const closest = <A>(pairs: ReadonlyArray<readonly [string, A]>, seat: Seat) =>
  pairs
    .filter(([who]) => matches(who, seat))
    .toSorted(([one], [other]) => other.split(":").length + other.length / 99 - one.split(":").length - one.length / 99)
    .map(([, value]) => value)[0]

const percentOf = ({ id, providers, improved, race, confidence }: Effect, seat: Seat) => {
  const more = closest(
    improved.map(({ by, percent }) => [by, percent] as const),
    seat
  )
  const able = providers.some((who) => matches(who, seat))
  if (seat.lacks.includes(id)) return 0
  if (seat.brings.includes(id)) return able ? (more ?? 100) : 100
  if (!able || confidence === "flag" || (race !== null && seat.race !== race)) return 0
  return more ?? 100
}

/** How many leaves were looked at, so that a test can see that it looked. */
export const looked = { leaves: 0, whole: 0 }

const product = (choices: ReadonlyArray<Choice>) => choices.reduce((all, { options }) => all * (options.length + 1), 1)

const judge = (overrides: Overrides) => {
  const worthOf = ({ id, values }: Effect, audience: ReadonlyArray<Seat>, percent: number) =>
    audience.reduce(
      (all, seat) => all + Math.round(((closest(Object.entries(overrides[id] ?? values), seat) ?? 0) * percent) / 100),
      0
    )

  /** What some effects are worth when each provider gives what it chose of those with slots, and all it can of the rest. */
  const total = (
    effects: ReadonlyArray<Effect>,
    providers: ReadonlyArray<Seat>,
    audience: ReadonlyArray<Seat>,
    chosen: ReadonlyMap<string, Effect>
  ) => {
    looked.leaves += 1
    const best = new Map<string, number>()
    for (const effect of effects) {
      const percents = providers.flatMap((seat, at) => {
        if (effect.slot !== null && chosen.get(`${at}:${effect.slot}`) !== effect) return []
        const percent = percentOf(effect, seat)
        return percent === 0 ? [] : [percent]
      })
      if (percents.length === 0) continue
      const worths = percents.map((percent) => worthOf(effect, audience, percent))
      const worth = effect.stacks ? worths.reduce((all, one) => all + one, 0) : Math.max(...worths)
      const kind = effect.rivals ?? effect.id
      best.set(kind, Math.max(best.get(kind) ?? 0, worth))
    }
    return [...best.values()].reduce((all, one) => all + one, 0)
  }

  const choicesOf = (effects: ReadonlyArray<Effect>, providers: ReadonlyArray<Seat>) =>
    [...new Set(effects.map(({ slot }) => slot))].flatMap((slot) =>
      providers.flatMap((seat, provider): ReadonlyArray<Choice> => {
        const options = effects.filter((effect) => slot !== null && effect.slot === slot && percentOf(effect, seat) > 0)
        return options.length === 0 ? [] : [{ provider, options }]
      })
    )

  const search = (effects: ReadonlyArray<Effect>, providers: ReadonlyArray<Seat>, audience: ReadonlyArray<Seat>) => {
    const choices = choicesOf(effects, providers)
    const chosen = new Map<string, Effect>()
    const from = (at: number): number => {
      const choice = choices[at]
      if (choice === undefined) return total(effects, providers, audience, chosen)
      let best = from(at + 1)
      for (const option of choice.options) {
        const key = `${choice.provider}:${option.slot}`
        chosen.set(key, option)
        best = Math.max(best, from(at + 1))
        chosen.delete(key)
      }
      return best
    }
    return from(0)
  }

  /** All slots together where that can be done, else each for itself. */
  const exhaust = (effects: ReadonlyArray<Effect>, providers: ReadonlyArray<Seat>, audience: ReadonlyArray<Seat>) => {
    if (product(choicesOf(effects, providers)) <= 400) {
      looked.whole += 1
      return search(effects, providers, audience)
    }
    return [...Map.groupBy(effects, ({ slot }) => slot).values()].reduce(
      (all, some) => all + search(some, providers, audience),
      0
    )
  }

  return { worthOf, exhaust }
}

/** The most that a party's effects can be worth. */
export const partyValue = (ruleset: Ruleset, overrides: Overrides, party: ReadonlyArray<Seat>) =>
  judge(overrides).exhaust(
    ruleset.effects.filter(({ scope }) => scope === "party"),
    party,
    party
  )

/** The most that the effects on a raid, its members and its target can be worth. */
export const raidValue = (ruleset: Ruleset, overrides: Overrides, raid: ReadonlyArray<Seat>) => {
  const { worthOf, exhaust } = judge(overrides)
  const common = ruleset.effects.filter(({ scope }) => scope === "raid" || scope === "target")
  const assigned = ruleset.effects.filter(({ scope }) => scope === "assigned")
  const blessings = assigned.filter(({ slot }) => slot !== null)
  const audiences = Map.groupBy(raid, ({ class: name, role }) => `${name}:${role === "tank"}`)

  /** Everybody who has it chooses one whom nobody chose before, or nobody. */
  const single = (effect: Effect) => {
    const givers = raid.filter((seat) => percentOf(effect, seat) > 0).length
    const from = (left: number, free: ReadonlyArray<Seat>): number =>
      left === 0
        ? 0
        : Math.max(
            from(left - 1, free),
            ...free.map(
              (seat) =>
                worthOf(effect, [seat], 100) +
                from(
                  left - 1,
                  free.filter((one) => one !== seat)
                )
            )
          )
    return from(givers, raid)
  }

  return (
    [...Map.groupBy(common, ({ slot }) => slot).values()].reduce((all, some) => all + exhaust(some, raid, raid), 0) +
    [...audiences.values()].reduce((all, audience) => all + exhaust(blessings, raid, audience), 0) +
    assigned.filter(({ slot }) => slot === null).reduce((all, effect) => all + single(effect), 0)
  )
}
