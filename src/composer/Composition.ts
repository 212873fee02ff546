import { Schema } from "effect"
import { UserId } from "../auth/User.ts"
import { apiError } from "../http/ApiError.ts"
import { field } from "../http/Documented.ts"
import { NullableTimestamp, Timestamp } from "../http/Timestamp.ts"
import { PlanId, Raid } from "../plans/Plan.ts"
import { EntryId } from "../roster/Roster.ts"
import { stages } from "./engine/Problem.ts"

export const CompositionId = Schema.String.check(Schema.isUUID())
  .annotate({ identifier: "CompositionId", examples: ["0199c3f6-1a2b-7e0f-9a1b-2c3d4e5f6071"] })
  .pipe(Schema.brand("CompositionId"))
export type CompositionId = typeof CompositionId.Type

/** The most that a wish may name; `kept` is days. */
export const limits = { available: 400, locks: 320, pairs: 100, seconds: 60, candidates: 200, listed: 20, kept: 30 }

const points = (description: string, example: number) => field(Schema.Int, `${description} In points.`, example)
const maybePoints = (description: string, example: number | null) =>
  field(Schema.NullOr(Schema.Int), `${description} In points.`, example)

const partFields = {
  party: points("Effects in groups.", 92_400),
  raid: points("Effects in raids: with those in groups it is what a coverage says.", 141_200),
  mains: points("Mains who are seated.", 60_000),
  seated: points("Everybody who is seated, and more for each of the last plans in which they only waited.", 52_400),
  empty: points("Free seats.", -10_000),
  roles: points("Heads too few or too many of a role.", -15_000),
  pairs: points("Wishes for two players that are not kept.", 0),
  balance: points("What the raids differ by, if that was to count.", 0)
}

const Parts = Schema.Struct(partFields).annotate({
  identifier: "CompositionParts",
  description: "What a value is made of; the parts add up to it."
})

const Given = Schema.Struct({
  effect: field(Schema.String, "Its id in the ruleset.", "windfury_totem"),
  value: points("What it is worth there.", 800)
}).annotate({ identifier: "SeatEffect", description: "An effect of a seat." })

const Why = Schema.Struct({
  entry_id: EntryId,
  gives: field(Schema.Array(Given), "What its group and its raid would lose of the effects that it gives."),
  receives: field(Schema.Array(Given), "What is lost with it of effects that others give."),
  loss: points("What the whole would lose if the seat were free.", 4200)
}).annotate({ identifier: "SeatReason", description: "Why a character sits where it sits." })

const State = Schema.Literals(["queued", "running", "done", "stopped", "lost"])

const summary = {
  id: field(CompositionId, "Of the composition."),
  plan_id: field(PlanId, "The plan."),
  parent_id: field(Schema.NullOr(CompositionId), "Of which it asks why not; null of others.", null),
  state: field(
    State,
    "`done`, `stopped` and `lost` are final. `stopped`: somebody did. `lost`: its server stopped; ask again.",
    "running"
  ),
  stage: field(
    Schema.NullOr(Schema.Literals(stages)),
    "What is being done, or was last; null until it runs.",
    "proving"
  ),
  requested_by: field(Schema.NullOr(UserId), "Who asked for it; null if that user no longer exists."),
  revision: field(Schema.Int, "The plan's revision that it was made from.", 12),
  created_at: field(Timestamp, "When it was asked for."),
  started_at: field(NullableTimestamp, "When its work began; null until then."),
  finished_at: field(NullableTimestamp, "Null until it is final.", null),
  value: maybePoints("What the best plan so far is worth; null until there is one.", 331_200),
  bound: maybePoints("No plan is worth more; null until that is known.", 331_900),
  gap: maybePoints("The bound less the value.", 700),
  gap_percent: field(Schema.NullOr(Schema.Finite), "The same in percent of the value.", 0.21),
  proof: field(
    Schema.NullOr(Schema.Literals(["lp", "mip"])),
    "On what the bound rests. `lp`: checked again in integers, outside the solver. `mip`: the solver's word, in answers of earlier versions alone.",
    "lp"
  ),
  ended_by: field(
    Schema.NullOr(Schema.Literals(["optimal", "work", "time", "cancel"])),
    "`optimal`: no plan is worth more. `work`: its budget of work was spent. `time`: so was its time, and another run may answer otherwise.",
    "work"
  )
}

export const CompositionSummary = Schema.Struct(summary).annotate({
  identifier: "CompositionSummary",
  description: "How far a composition is, without its plan."
})
export type CompositionSummary = typeof CompositionSummary.Type

export const Composition = Schema.Struct({
  ...summary,
  raids: field(
    Schema.NullOr(Schema.Array(Raid)),
    "The best plan so far; null until there is one. On the first raid's bench: who was offered and sits nowhere.",
    null
  ),
  parts: field(Schema.NullOr(Parts), "What the value is made of; null until it is final.", null),
  why: field(Schema.NullOr(Schema.Array(Why)), "For each seat; null until it is final.", null)
}).annotate({
  identifier: "Composition",
  description: "Raids of a plan, composed from the roster, with their certificate."
})
export type Composition = typeof Composition.Type

/** The news of a composition: as it now is, without its plan. */
export const CompositionNews = Schema.Struct({ composition: CompositionSummary }).annotate({
  identifier: "CompositionNews",
  description: "How far a composition is by now."
})
export type CompositionNews = typeof CompositionNews.Type

const Change = Schema.Struct({
  raid: field(Schema.Int, "The raid, from 0.", 0),
  group: field(Schema.NullOr(Schema.Int), "The group, from 0; null of an effect on the whole raid.", 1),
  effect: field(Schema.String, "Its id in the ruleset.", "windfury_totem"),
  from: points("What it is worth in this composition.", 0),
  to: points("What it is worth in the other.", 2400)
}).annotate({
  identifier: "EffectChange",
  description: "An effect that differs between two seatings."
})

const Side = Schema.Struct({ value: points("What it is worth.", 331_200), parts: Parts }).annotate({
  identifier: "ComparedSeating",
  description: "One of two seatings that are compared."
})

export const Comparison = Schema.Struct({
  from: field(Side, "This composition."),
  to: field(Side, "The other, valued by what this one was asked for."),
  effects: field(Schema.Array(Change), "What differs, by raid and group.")
}).annotate({ identifier: "Comparison", description: "What one seating has that another has not." })
export type Comparison = typeof Comparison.Type

export class CompositionNotFound extends apiError("composition.not_found", 404, "Composition was not found.") {}
export class CompositionInvalid extends apiError(
  "composition.validation_failed",
  400,
  "The wishes name something that is not there.",
  { fields: [{ field: "locks.0.raid", reason: "is no raid of the plan" }] }
) {}
export class CompositionInfeasible extends apiError(
  "composition.infeasible",
  422,
  "No plan can fulfil these wishes together.",
  {
    reason: "They are one player's, in one raid.",
    wishes: [{ kind: "lock", entry_id: "0199c3f4-3c4d-7e0f-9a1b-2c3d4e5f6071", raid: 0, group: null }]
  }
) {}
export class CompositionBusy extends apiError(
  "composition.busy",
  429,
  "Others are being composed. Please try again shortly."
) {}
export class CompositionNotFinished extends apiError(
  "composition.not_finished",
  409,
  "The composition has no plan yet, or is not final."
) {}
