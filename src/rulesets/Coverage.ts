import { Schema } from "effect"
import { RaidRole } from "../game/Game.ts"
import { field } from "../http/Documented.ts"

const group = field(Schema.Int, "The group, from 0.", 1)
const slot = field(Schema.Int, "The seat in the group, from 0.", 2)

export const Place = Schema.Struct({ group, slot }).annotate({
  identifier: "CoveragePlace",
  description: "A seat of the raid."
})
export type Place = typeof Place.Type

const effect = field(Schema.String, "Its id in the ruleset.", "battle_shout")
const points = (description: string, example: number) => field(Schema.Int, `${description} In points.`, example)

export const Given = Schema.Struct({
  by: field(Place, "Who gives it."),
  class: field(Schema.String, "Whom it helps.", "Mage"),
  tank: field(Schema.Boolean, "Whether it helps the tanks of the class, or its others.", false),
  seat: field(Schema.NullOr(Place), "The one seat that it helps; null when it helps all of them.")
}).annotate({ identifier: "CoverageGiven", description: "To whom an assigned effect is given." })
export type Given = typeof Given.Type

export const Covered = Schema.Struct({
  effect,
  value: points("What it is worth to all that it helps.", 2400),
  by: field(Schema.Array(Place), "Who gives it; any of them is enough, unless it stacks.", [{ group: 0, slot: 0 }]),
  assumed: field(
    Schema.Boolean,
    "Whether it, or how much of it, rests on a talent or fact that is not certain.",
    false
  ),
  to: field(Schema.NullOr(Schema.Array(Given)), "Whom an assigned effect is given to; null of others.", null)
}).annotate({ identifier: "CoveredEffect", description: "An effect that is there." })
export type Covered = typeof Covered.Type

export const Missing = Schema.Struct({ effect, value: points("What it would be worth.", 800) }).annotate({
  identifier: "MissingEffect",
  description: "An effect that would help, and that nobody here can give."
})
export type Missing = typeof Missing.Type

export const Possible = Schema.Struct({
  effect,
  value: points("What it would add.", 350),
  by: field(Schema.Array(Place), "Who could give it.", [{ group: 0, slot: 0 }]),
  reason: field(
    Schema.Literals(["slot_taken", "weaker", "unknown"]),
    "`slot_taken`: they give something else. `weaker`: a rival of it is stronger. `unknown`: nobody says that they bring it.",
    "slot_taken"
  )
}).annotate({ identifier: "PossibleEffect", description: "An effect that could be there, and is not." })
export type Possible = typeof Possible.Type

const effectFields = {
  covered: Schema.Array(Covered),
  missing: Schema.Array(Missing),
  possible: Schema.Array(Possible)
}

const GroupCoverage = Schema.Struct({
  value: points("Of the effects in the group.", 12_400),
  ...effectFields
}).annotate({ identifier: "GroupCoverage", description: "The effects of one group's members on each other." })

const countOf = (whom: string, example: number) => field(Schema.Int, `How many ${whom}.`, example)
const counts = {
  tank: countOf("tanks", 3),
  heal: countOf("healers", 6),
  melee: countOf("melees", 7),
  ranged: countOf("of the ranged", 9)
}

export const RaidCoverage = Schema.Struct({
  value: points("Of all effects in the raid and its groups.", 140_200),
  roles: field(Schema.Struct(counts), "How many of each role sit in it.", { tank: 3, heal: 6, melee: 7, ranged: 9 }),
  ...effectFields,
  groups: field(Schema.Array(GroupCoverage), "In order.")
}).annotate({
  identifier: "RaidCoverage",
  description:
    "The effects on the whole raid, on those they are assigned to and on the target; then those of each group."
})
export type RaidCoverage = typeof RaidCoverage.Type

const raid = field(Schema.Int, "The raid, from 0.", 0)

export const Warning = Schema.Union([
  Schema.Struct({ code: Schema.Literal("no_tank"), raid }).annotate({
    identifier: "NoTank",
    description: "Nobody in the raid is a tank."
  }),
  Schema.Struct({
    code: Schema.Literal("role_count"),
    raid,
    role: field(RaidRole, "Which role.", "heal"),
    seated: field(Schema.Int, "How many there are.", 3),
    min: field(Schema.Int, "The fewest.", 5),
    max: field(Schema.Int, "The most.", 8)
  }).annotate({ identifier: "RoleCount", description: "Too few or too many of a role." }),
  Schema.Struct({
    code: Schema.Literal("party_effect_wasted"),
    raid,
    group,
    slot,
    effect,
    reason: field(
      Schema.Literals(["helps_nobody", "already_given"]),
      "`helps_nobody`: of no use to the others of the group. `already_given`: another gives it there.",
      "already_given"
    ),
    value: points("What it would be worth to the group that wants it most.", 1200)
  }).annotate({
    identifier: "PartyEffectWasted",
    description: "A seat whose effect does nothing in its group, and would help in another that lacks it."
  }),
  Schema.Struct({
    code: Schema.Literal("player_twice"),
    player: field(Schema.String, "Whose seats they are, as the seating says.", "Aldra"),
    seats: Schema.Array(
      Schema.Struct({ raid, group, slot }).annotate({ identifier: "CoverageSeat", description: "A seat of a raid." })
    )
  }).annotate({ identifier: "PlayerTwice", description: "A player in two seats in the same hour." })
])
export type Warning = typeof Warning.Type

export const Coverage = Schema.Struct({
  ruleset: field(Schema.String, "By which it was told.", "tbc-anniversary@1"),
  value: points("Of all raids.", 280_400),
  raids: field(Schema.Array(RaidCoverage), "In order."),
  warnings: field(Schema.Array(Warning), "What an officer should look at.", [])
}).annotate({
  identifier: "Coverage",
  description:
    "What a seating gives its raids. A point is a hundredth of a percent of one spec's output; slots are filled in the way that is worth most, and worths of effects are added up."
})
export type Coverage = typeof Coverage.Type
