import type { RaidRole } from "../../game/Game.ts"
import { type Choice, optionsOf } from "./Choices.ts"
import type { Kinds, Offer } from "./Kinds.ts"
import { byPlayer, type Problem } from "./Problem.ts"
import type { Entry, Rows } from "./Rows.ts"

/** Something that is there in a raid, or not, and what it is worth to those who are. */
export interface Switch {
  readonly raid: number
  /** Whether it is there: from 0 to 1. */
  readonly on: number
  /** What it is worth, in points. */
  readonly gain: number
  /** It takes so many of those who give it, by candidate; the row counts them. */
  readonly givers: ReadonlyArray<number>
  readonly row: number
  readonly count: number
}

/** Those of a kind in a raid, and the row that counts them. */
export interface Count {
  readonly raid: number
  readonly kind: number
  readonly row: number
  /** How many are of that kind. */
  readonly candidates: number
}

/** How many of a role are to be in a raid, and what the columns of heads missing and too many have in rows. */
export interface Target {
  readonly role: RaidRole
  readonly min: number
  readonly max: number
  readonly missing: Array<Entry>
  readonly extra: Array<Entry>
}

/** A term of a raid's value: worth so much by kind when it is on. */
interface Term {
  readonly worth: Int32Array
  /** By kind. */
  readonly gives: ReadonlyArray<boolean>
}

const sum = (all: ReadonlyArray<number>) => all.reduce((one, other) => one + other, 0)

/**
 * Adds what effects are worth to whole raids. An effect is worth something to everybody who is there, if somebody is
 * there who gives it: a product, told by a switch, a gain that is at most what those who are there have of it, and at most
 * all that anybody could have where the switch is on.
 */
export const addEffects = (
  { row, atMost, add, tie, shared }: Rows,
  problem: Problem,
  kinds: Kinds,
  targets: ReadonlyArray<ReadonlyArray<Target>>,
  balanced: (raid: number, points: number) => ReadonlyArray<Entry>
) => {
  const { candidates, raids } = problem
  const own = byPlayer(problem)

  /** By player, best first: the most that one of theirs has of what is worth so much by kind. */
  const bests = (worth: ArrayLike<number>, isOne: (role: RaidRole) => boolean) =>
    own
      .map((some) =>
        some.reduce((most, candidate) => {
          const kind = kinds.of[candidate]!
          return isOne(kinds.roles[kind]!) ? Math.max(most, worth[kind]!) : most
        }, 0)
      )
      .toSorted((a, b) => b - a)
  /** The most that a raid can have of it. */
  const most = (worth: ArrayLike<number>, size: number) => sum(bests(worth, () => true).slice(0, size))
  /** The most with as many of each role as are wanted, and what each head that is missing or too many may add. */
  const mostWanted = (worth: ArrayLike<number>, raid: number) => {
    const { size } = raids[raid]!
    const wanted = targets[raid]!
    const others = bests(worth, (role) => wanted.every((target) => target.role !== role))
    const roles = wanted.map((target) => ({ ...target, own: bests(worth, (role) => role === target.role) }))
    return {
      upper: sum([
        ...others.slice(0, size - sum(wanted.map(({ min }) => min))),
        ...roles.flatMap(({ own, max }) => own.slice(0, max))
      ]),
      more: roles.flatMap(({ own, missing, extra }) => [
        { entries: missing, by: others[0] ?? 0 },
        { entries: extra, by: own[0] ?? 0 }
      ])
    }
  }
  const switches: Array<Switch> = []
  const choices: Array<Choice> = []
  const givesAt = (level: Uint8Array, least: number) => Array.from(level, (own) => own >= least)
  const giversOf = (gives: ReadonlyArray<boolean>) =>
    candidates.flatMap((_, candidate) => (gives[kinds.of[candidate]!] ? [candidate] : []))
  const ofKind = (kind: number) => giversOf(kinds.seats.map((_, one) => one === kind))
  /** How many of them can sit in a raid. */
  const headsOf = (raid: number, some: ReadonlyArray<number>) =>
    Math.min(raids[raid]!.size, new Set(some.map((candidate) => candidates[candidate]!.player)).size)
  const counts = new Map<string, number>()
  /** The row that counts some in a raid. */
  const countOf = (raid: number, givers: ReadonlyArray<number>) => {
    const name = `${raid}: ${givers.join()}`
    const made = counts.get(name) ?? row(0, headsOf(raid, givers))
    if (!counts.has(name)) for (const candidate of givers) tie(candidate, raid, made, 1)
    counts.set(name, made)
    return made
  }
  const taken = new Map<string, number>()
  const enoughs = new Map<string, { readonly on: number; readonly entries: Array<Entry> }>()
  /** Whether there are so many givers: on for the nth after those before it. */
  const enough = (raid: number, givers: ReadonlyArray<number>, count: number) => {
    const some = `${raid}: ${givers.join()}`
    const known = enoughs.get(`${some}: ${count}`)
    if (known !== undefined) return known
    if (!taken.has(some)) taken.set(some, shared(raid, givers))
    const entries: Array<Entry> = [
      [taken.get(some)!, 1],
      [shared(raid, givers), count]
    ]
    const made = { on: add(0, 1, entries), entries }
    enoughs.set(`${some}: ${count}`, made)
    return made
  }

  /** Adds something that is worth so much by kind when there are so many givers. Answers what it is counted for. */
  const term = (raid: number, { worth, gives }: Term, count: number, gained: Array<Entry> = []) => {
    const upper = most(worth, raids[raid]!.size)
    if (upper === 0) return []
    const givers = giversOf(gives)
    const there = atMost()
    const bounded = atMost()
    candidates.forEach((_, candidate) => tie(candidate, raid, there, -worth[kinds.of[candidate]!]!))
    const { on, entries } = enough(raid, givers, count)
    const wanted = mostWanted(worth, raid)
    entries.push([bounded, -Math.min(upper, wanted.upper)])
    if (wanted.upper < upper) for (const { entries, by } of wanted.more) entries.push([bounded, -by])
    gained.push([there, 1], [bounded, 1], ...balanced(raid, 1))
    const gain = add(1, upper, gained)
    switches.push({ raid, on, gain, givers, row: countOf(raid, givers), count })
    return [gain]
  }

  /** Each level of an offer adds to the one below. */
  const steps = ({ level, worth }: Offer): ReadonlyArray<Term> =>
    worth.map((row, at) => ({
      worth: at === 0 ? row : row.map((points, kind) => points - worth[at - 1]![kind]!),
      gives: givesAt(level, at + 1)
    }))
  const whole = ({ level, worth }: Offer): ReadonlyArray<Term> =>
    worth.map((worth, at) => ({ worth, gives: givesAt(level, at + 1) }))

  const total = (worth: Int32Array) => worth.reduce((all, one) => all + one, 0)
  /** The weakest first. */
  const ranked = (terms: ReadonlyArray<Term>) => terms.toSorted((a, b) => total(a.worth) - total(b.worth))

  /** What givers of a slot make at most is then bounded by what they can give, to each audience for itself. */
  const choose = (
    raid: number,
    offers: ReadonlyArray<Offer>,
    gives: ReadonlyArray<boolean>,
    limit: number,
    gains: ReadonlyArray<number>,
    audience: ReadonlyArray<number>
  ) => {
    const givers = [...gives.keys()].filter((kind) => gives[kind]!)
    for (const own of new Set(audience)) {
      const options = optionsOf(offers, givers, (kind) => audience[kind] === own)
      const { worth } = options(
        givers.map((kind) => headsOf(raid, ofKind(kind))),
        headsOf(raid, giversOf(gives)),
        undefined
      )
      if (worth.every((points) => points === 0)) continue
      const bound = atMost()
      candidates.forEach((_, candidate) => tie(candidate, raid, bound, -worth[kinds.of[candidate]!]!))
      add(0, most(worth, raids[raid]!.size), [
        [limit, -1],
        [bound, 1]
      ])
      choices.push({
        raid,
        bundle: `${limit}`,
        gains,
        row: bound,
        worth,
        givers: givers.map((kind) => ({ kind, row: countOf(raid, ofKind(kind)) })),
        all: countOf(raid, giversOf(gives)),
        options
      })
    }
  }

  // Free terms of the same givers are one.
  const free = Map.groupBy(
    kinds.raid.filter(({ way }) => way === "free").flatMap(({ offers }) => steps(offers[0]!)),
    ({ gives }) => gives.join()
  )
  raids.forEach((_, raid) => {
    for (const some of free.values()) {
      const { gives } = some[0]!
      term(raid, { worth: some[0]!.worth.map((_, kind) => sum(some.map((one) => one.worth[kind]!))), gives }, 1)
    }
    for (const { way, offers } of kinds.raid) {
      if (way === "rivals") {
        // The strongest counts: each that is stronger adds what it has above the others.
        let below = new Int32Array(kinds.seats.length)
        const all = ranked(offers.flatMap(whole))
        all.forEach(({ worth }, at) => {
          const more = worth.map((points, kind) => Math.max(0, points - below[kind]!))
          below = worth.map((points, kind) => Math.max(points, below[kind]!))
          term(
            raid,
            { worth: more, gives: kinds.seats.map((_, kind) => all.slice(at).some((one) => one.gives[kind])) },
            1
          )
        })
      }
      if (way === "slot" || way === "byClass") {
        const gives = kinds.seats.map((_, kind) => offers.some(({ level }) => level[kind]! > 0))
        // The nth giver adds the effect that is worth the nth most, at most; what some give more of is counted apart.
        const sorted = kinds.seats.map((_, kind) =>
          offers.map(({ worth }) => worth[0]![kind]!).toSorted((a, b) => b - a)
        )
        const limit = atMost()
        const gains = offers.flatMap((offer, at) => [
          ...(at < headsOf(raid, giversOf(gives))
            ? term(raid, { worth: Int32Array.from(sorted, (own) => own[at]!), gives }, at + 1, [[limit, 1]])
            : []),
          ...steps(offer)
            .slice(1)
            .flatMap((more) => term(raid, more, 1, [[limit, 1]]))
        ])
        choose(raid, offers, gives, limit, gains, way === "slot" ? kinds.seats.map(() => 0) : kinds.audience)
      }
      if (way === "single")
        for (const { level, worth } of offers) {
          const given = atMost()
          candidates.forEach((_, candidate) => {
            if (level[kinds.of[candidate]!]! > 0) tie(candidate, raid, given, -1)
          })
          kinds.seats.forEach((_, kind) => {
            const points = worth[0]![kind]!
            if (points === 0) return
            const there = atMost()
            candidates.forEach((_, candidate) => {
              if (kinds.of[candidate] === kind) tie(candidate, raid, there, -1)
            })
            add(points, raids[raid]!.size, [[there, 1], [given, 1], ...balanced(raid, points)])
          })
        }
    }
  })

  const heads = raids.flatMap((_, raid) =>
    kinds.seats.map((_, kind): Count => {
      const own = ofKind(kind)
      return { raid, kind, row: countOf(raid, own), candidates: own.length }
    })
  )
  return { switches, choices, heads }
}
