import { Schema } from "effect"
import { field } from "../http/Documented.ts"
import { limits as planLimits } from "../plans/Plan.ts"
import { EntryId, PlayerId } from "../roster/Roster.ts"
import { limits } from "./Composition.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const raid = field(between(0, planLimits.raids - 1), "Which raid of the plan, from 0.", 0)
const group = Schema.optionalKey(field(between(0, 7), "The group, from 0; any if left out.", 1))

export const SeatWish = Schema.Struct({
  entry_id: field(EntryId, "An entry of the guild's roster."),
  raid,
  group
}).annotate({ identifier: "SeatWish", description: "Who sits in which raid." })
export type SeatWish = typeof SeatWish.Type

// A tuple's JSON Schema has no `items`, which linters of the document ask for.
const Pair = Schema.Array(PlayerId).check(Schema.isMinLength(2), Schema.isMaxLength(2))
const Pairs = Schema.Array(Pair).check(Schema.isMaxLength(limits.pairs))

const Range = Schema.Struct({
  min: field(between(0, 40), "The fewest.", 2),
  max: field(between(0, 40), "The most.", 4)
}).annotate({ identifier: "RoleWish", description: "How many of a role each raid should have." })
const range = (min: number, max: number) => Schema.optionalKey(field(Range, "Each raid's.", { min, max }))

const Preferences = Schema.Struct({
  effects: Schema.optionalKey(
    field(
      Schema.Record(Schema.String.check(Schema.isMaxLength(64)), between(0, 1000)),
      "Percent of an effect's value that counts, by its id; 100 of those left out.",
      { bloodlust: 200 }
    )
  ),
  balance: Schema.optionalKey(field(Schema.Boolean, "Whether raids should be as good as each other.", false))
}).annotate({ identifier: "CompositionPreferences", description: "What counts more than usual." })

const Targets = Schema.Struct({
  tank: range(2, 3),
  heal: range(5, 7),
  melee: range(0, 10),
  ranged: range(0, 15)
}).annotate({ identifier: "RoleWishes", description: "By role." })

export const Wishes = Schema.Struct({
  available: Schema.optionalKey(
    field(
      Schema.Array(PlayerId).check(Schema.isMaxLength(limits.available)),
      "Players who can come; all that are active or on trial if left out."
    )
  ),
  locks: Schema.optionalKey(
    field(Schema.Array(SeatWish).check(Schema.isMaxLength(limits.locks)), "Who sits where, whatever it costs.", [])
  ),
  together: Schema.optionalKey(field(Pairs, "Two players each who want the same raids.", [])),
  apart: Schema.optionalKey(field(Pairs, "Two players each who want no raid in common.", [])),
  targets: Schema.optionalKey(
    field(Targets, "How many of a role each raid should have; the ruleset's, by size, of those left out.", {
      tank: { min: 2, max: 3 }
    })
  ),
  mains_only: Schema.optionalKey(field(Schema.Boolean, "Whether alts stay at home.", false)),
  prefer: Schema.optionalKey(field(Preferences, "What counts more than usual.", { balance: false })),
  seconds: Schema.optionalKey(field(between(1, limits.seconds), "The most that its work may take; 60 if left out.", 30))
}).annotate({
  identifier: "CompositionWishes",
  description: "Who can come, and what is wished for. A character plays the specialisation that it has on the roster."
})
export type Wishes = typeof Wishes.Type

const strangerIn = (json: unknown, fields: object, at: string) => {
  const keys = typeof json === "object" && json !== null ? Object.keys(json) : []
  const stranger = keys.find((key) => !Object.hasOwn(fields, key))
  return stranger === undefined ? undefined : `has no field ${at}${stranger.slice(0, 64)}`
}

/** A wish that is not understood is refused, as it would not be kept. */
export const strangerInWishes = (json: unknown) => {
  const { prefer, targets } = (json ?? {}) as Readonly<Record<string, unknown>>
  return (
    strangerIn(json, Wishes.fields, "") ??
    strangerIn(prefer, Preferences.fields, "prefer.") ??
    strangerIn(targets, Targets.fields, "targets.")
  )
}
