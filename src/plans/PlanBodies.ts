import { Schema } from "effect"
import { field } from "../http/Documented.ts"
import { EntryId } from "../roster/Roster.ts"
import { limits, RaidSize } from "./Plan.ts"

const MaybeText = Schema.NullOr(Schema.String)

/** Only types and bounds are checked here; `Written` checks texts and times, so that a fault is `plan.validation_failed`. */
const planTitle = field(Schema.String, "Between 1 and 100 visible characters.", "Wednesday", {
  minLength: 1,
  maxLength: 100
})
const raidTitle = field(Schema.String, "Between 1 and 100 visible characters.", "Karazhan A", {
  minLength: 1,
  maxLength: 100
})
const size = field(RaidSize, "Seats, in groups of five.", 25)
const startsAt = field(MaybeText, "RFC 3339; null if that is open.", "2026-12-02T19:30:00Z", { format: "date-time" })
const zone = field(MaybeText, "At most 100 visible characters; null if that is open.", "Karazhan", { maxLength: 100 })

const facts = {
  title: raidTitle,
  size,
  starts_at: Schema.optionalKey(startsAt),
  zone: Schema.optionalKey(zone)
}

const NewRaid = Schema.Struct(facts).annotate({ identifier: "NewRaid", description: "A raid without anybody." })

const raidsOf = <S extends Schema.Top>(raid: S) =>
  Schema.Array(raid).check(Schema.isMinLength(1), Schema.isMaxLength(limits.raids))

export const NewPlan = Schema.Struct({
  title: planTitle,
  ruleset: Schema.optionalKey(
    field(
      Schema.String.check(Schema.isPattern(/^[a-z0-9-]{1,40}@[1-9]\d{0,3}$/)),
      "The one of the guild's game version if left out.",
      "tbc-anniversary@1"
    )
  ),
  raids: field(raidsOf(NewRaid), "One to eight.", [
    { title: "Karazhan A", size: 10, starts_at: "2026-12-02T19:30:00Z" }
  ])
}).annotate({ identifier: "NewPlan", description: "A plan without anybody." })
export type NewPlan = typeof NewPlan.Type

const entry = field(EntryId, "An entry of the guild's roster.")
const spec = field(Schema.String.check(Schema.isMaxLength(64)), "A specialisation of the character's class.", "Frost")

const WrittenSeat = Schema.Struct({
  entry_id: entry,
  spec: Schema.optionalKey(field(spec, "What it has in the plan, or else on the roster, if left out.", "Frost"))
}).annotate({ identifier: "WrittenSeat", description: "Who sits there, and what they play." })

const WrittenRaid = Schema.Struct({
  ...facts,
  groups: field(
    Schema.Array(Schema.Array(Schema.NullOr(WrittenSeat)).check(Schema.isMaxLength(5))).check(Schema.isMaxLength(8)),
    "Each has at most five seats; null is a free one.",
    []
  ),
  bench: field(Schema.Array(WrittenSeat).check(Schema.isMaxLength(limits.bench)), "Who waits, in order.", [])
}).annotate({ identifier: "WrittenRaid", description: "A raid with everybody in it." })

export const WrittenPlan = Schema.Struct({
  title: Schema.optionalKey(planTitle),
  raids: field(raidsOf(WrittenRaid), "One to eight.", [{ title: "Karazhan A", size: 10, groups: [], bench: [] }])
}).annotate({ identifier: "WrittenPlan", description: "The whole seating." })
export type WrittenPlan = typeof WrittenPlan.Type

const raid = field(
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: limits.raids - 1 })),
  "Which raid of the plan, from 0.",
  0
)

const op = <const Name extends string, Fields extends Schema.Struct.Fields>(
  name: Name,
  description: string,
  fields: Fields
) =>
  Schema.Struct({ op: field(Schema.Literal(name), "What is done.", name), ...fields }).annotate({
    identifier: `PlanOp_${name}`,
    description
  })

export const Op = Schema.Union([
  op("seat", "Puts a character on a free seat, wherever it was.", {
    entry_id: entry,
    raid,
    group: field(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7 })), "From 0.", 1),
    slot: field(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 })), "In the group, from 0.", 2)
  }),
  op("bench", "Puts a character at the end of a bench, wherever it was.", { entry_id: entry, raid }),
  op("remove", "Takes a character out of the plan.", { entry_id: entry }),
  op("swap", "Lets two change places. One of them may be out of the plan: the other then leaves it.", {
    a: entry,
    b: entry
  }),
  op("set_spec", "Says what a character plays.", { entry_id: entry, spec }),
  op("set_raid", "Changes a raid, its seats aside.", {
    raid,
    title: Schema.optionalKey(raidTitle),
    size: Schema.optionalKey(size),
    starts_at: Schema.optionalKey(startsAt),
    zone: Schema.optionalKey(zone)
  })
])
export type Op = typeof Op.Type

export const PlanOps = Schema.Struct({
  ops: field(Schema.Array(Op).check(Schema.isMinLength(1), Schema.isMaxLength(500)), "In order; all or nothing.", [
    { op: "set_raid", raid: 0, title: "Karazhan B" }
  ])
}).annotate({ identifier: "PlanOps", description: "Changes of a plan, done together or not at all." })

export const Duplicate = Schema.Struct({
  title: Schema.optionalKey(field(planTitle, "The plan's own if left out.", "Next Wednesday", { maxLength: 100 })),
  shift_days: Schema.optionalKey(
    field(
      Schema.Int.check(Schema.isBetween({ minimum: -366, maximum: 366 })),
      "By how many days raids with a time are moved; 7 if left out.",
      7
    )
  )
})
export type Duplicate = typeof Duplicate.Type

export const ShareOptions = Schema.Struct({
  expires_in_seconds: Schema.optionalKey(
    field(
      Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 31_536_000 }))),
      "Seconds until it ends, at most a year; without it, or with null, it does not end.",
      604_800
    )
  )
})
