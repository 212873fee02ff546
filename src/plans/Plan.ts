import { Schema } from "effect"
import { Actor, UserId } from "../auth/User.ts"
import { RaidRole } from "../game/Game.ts"
import { GuildId } from "../guilds/Guild.ts"
import { apiError } from "../http/ApiError.ts"
import { field } from "../http/Documented.ts"
import { NullableTimestamp, Timestamp } from "../http/Timestamp.ts"
import { EntryId, PlayerId, Rank } from "../roster/Roster.ts"

const idOf = (identifier: string, example: string) =>
  Schema.String.check(Schema.isUUID()).annotate({ identifier, examples: [example] })

export const PlanId = idOf("PlanId", "0199c3f5-5e6f-7e0f-9a1b-2c3d4e5f6071").pipe(Schema.brand("PlanId"))
export type PlanId = typeof PlanId.Type

export const ShareId = idOf("ShareId", "0199c3f5-7a8b-7e0f-9a1b-2c3d4e5f6071").pipe(Schema.brand("ShareId"))
export type ShareId = typeof ShareId.Type

export const sizes = [10, 20, 25, 40] as const
export const RaidSize = Schema.Literals(sizes)

/** The most that a guild and a plan hold; `bench` is of one raid. */
export const limits = { raids: 8, plans: 500, revisions: 1000, bench: 100, shares: 20, title: 100 }

const MaybeText = Schema.NullOr(Schema.String)

export const Seat = Schema.Struct({
  entry_id: field(EntryId, "The character's entry on the roster."),
  spec: field(Schema.String, "The specialisation that it plays here.", "Frost"),
  name: field(Schema.String, "Name in the game.", "Cyrandel"),
  class: field(Schema.String, "In English.", "Mage"),
  role: field(RaidRole, "What it does in that specialisation.", "ranged"),
  rank: field(Rank, "Whether it is its player's main.", "main"),
  player: Schema.Struct({
    id: field(PlayerId, "Of the player."),
    name: field(Schema.String, "The guild's word.", "Aldra")
  }),
  gone: field(Schema.Boolean, "Whether it has left the roster, or its player is inactive, since it was seated.", false)
}).annotate({ identifier: "PlanSeat", description: "A character of the roster in a raid." })
export type Seat = typeof Seat.Type

const raidFields = {
  title: field(Schema.String, "What the raid is called.", "Karazhan A"),
  size: field(RaidSize, "Seats, in groups of five.", 25),
  starts_at: field(NullableTimestamp, "When it begins; null if that is open."),
  zone: field(MaybeText, "Where it goes; null if that is open.", "Karazhan")
}

export const Raid = Schema.Struct({
  ...raidFields,
  groups: field(
    Schema.Array(Schema.Array(Schema.NullOr(Seat))),
    "Each has five seats; null is a free one.",
    Array.from({ length: 5 }, () => [null, null, null, null, null])
  ),
  bench: field(Schema.Array(Seat), "Who waits, in order.", [])
}).annotate({ identifier: "PlanRaid", description: "A raid: groups of five seats, and a bench." })
export type Raid = typeof Raid.Type

const by = field(Schema.NullOr(Actor), "Null if that user no longer exists.")

const revision = field(Schema.Int, "Grows with every write; `If-Match` takes it.", 12)
const title = field(Schema.String, "What the plan is called.", "Wednesday")
const ruleset = field(Schema.String, "The game's effects that count, with their version.", "tbc-anniversary@1")

const ends = {
  created_by: by,
  updated_by: by,
  created_at: field(Timestamp, "When it was made."),
  updated_at: field(Timestamp, "When it was last written.")
}

export const Plan = Schema.Struct({
  id: PlanId,
  guild_id: GuildId,
  title,
  ruleset,
  revision,
  raids: field(Schema.Array(Raid), "One to eight, seated together."),
  ...ends
}).annotate({ identifier: "Plan", description: "Raids that are seated together." })
export type Plan = typeof Plan.Type

export const ListedPlan = Schema.Struct({
  id: PlanId,
  guild_id: GuildId,
  title,
  ruleset,
  revision,
  raids: Schema.Array(
    Schema.Struct({ ...raidFields, seated: field(Schema.Int, "How many seats are taken.", 23) }).annotate({
      identifier: "ListedRaid",
      description: "A raid without its seats."
    })
  ),
  ...ends
}).annotate({ identifier: "ListedPlan", description: "A plan without its seats." })
export type ListedPlan = typeof ListedPlan.Type

export const Place = Schema.Struct({
  raid: field(Schema.Int, "From 0.", 0),
  group: field(Schema.NullOr(Schema.Int), "From 0; null is the bench.", 1),
  slot: field(Schema.Int, "In the group, or in the order of the bench, from 0.", 2),
  spec: field(Schema.String, "What it plays there.", "Frost")
}).annotate({ identifier: "PlanPlace", description: "A seat of a plan, or a place on a bench." })
export type Place = typeof Place.Type

export const Move = Schema.Struct({
  entry_id: EntryId,
  name: field(Schema.String, "The character's name at that time.", "Cyrandel"),
  from: field(Schema.NullOr(Place), "Null if it was not in the plan."),
  to: field(Schema.NullOr(Place), "Null if it is no longer in the plan.")
}).annotate({
  identifier: "PlanMove",
  description:
    "What became of a character. Whoever is moved is taken away first; then each is put where it goes, benches in order."
})
export type Move = typeof Move.Type

const RaidFacts = Schema.Struct(raidFields).annotate({
  identifier: "PlanRaidFacts",
  description: "A raid without its seats."
})
export type RaidFacts = typeof RaidFacts.Type

export const RaidChange = Schema.Struct({
  raid: field(Schema.Int, "Which raid, from 0.", 0),
  from: field(Schema.NullOr(RaidFacts), "Null if it is new."),
  to: field(Schema.NullOr(RaidFacts), "Null if it is gone.")
}).annotate({ identifier: "PlanRaidChange", description: "What became of a raid, its seats aside." })
export type RaidChange = typeof RaidChange.Type

const changeFields = {
  title: field(
    Schema.NullOr(
      Schema.Struct({
        from: field(MaybeText, "Null if it is new.", "Wednesday"),
        to: field(Schema.String, "What it is called since.", "Thursday")
      })
    ),
    "What became of the plan's title; null if nothing."
  ),
  raids: field(Schema.Array(RaidChange), "Which raids are new, gone or changed, seats aside.", []),
  moves: field(Schema.Array(Move), "Who was moved.")
}

/** What lies between two states of a plan. */
export interface Changes {
  readonly title: { readonly from: string | null; readonly to: string } | null
  readonly raids: ReadonlyArray<RaidChange>
  readonly moves: ReadonlyArray<Move>
}

export const Revision = Schema.Struct({
  revision,
  at: field(Timestamp, "When it was written."),
  by,
  summary: field(Schema.String, "What was done, in one sentence.", "Cyrandel to group 2 of Karazhan A."),
  ...changeFields
}).annotate({ identifier: "PlanRevision", description: "One write of a plan." })
export type Revision = typeof Revision.Type

export const Diff = Schema.Struct({
  from: field(Schema.Int, "The earlier or the later revision, as was asked.", 3),
  to: field(Schema.Int, "The other one.", 12),
  ...changeFields
}).annotate({ identifier: "PlanDiff", description: "What leads from one revision of a plan to another." })
export type Diff = typeof Diff.Type

export const Written = Schema.Struct({
  revision,
  by: field(Schema.NullOr(UserId), "Who wrote it; null if that user no longer exists.")
}).annotate({ identifier: "PlanWritten", description: "A write of a plan, for those who look at it." })
export type Written = typeof Written.Type

export const Share = Schema.Struct({
  id: ShareId,
  created_at: field(Timestamp, "When it was made."),
  expires_at: field(NullableTimestamp, "When it ends; null if it does not."),
  last_used_at: field(NullableTimestamp, "When it was last opened, to five minutes; null if never.")
}).annotate({ identifier: "PlanShare", description: "A link that shows a plan to whoever has it." })
export type Share = typeof Share.Type

export const NewShare = Schema.Struct({
  id: ShareId,
  token: field(Schema.String, "Shown this once: it is stored hashed.", "q83vASNFZ4mrze8BI0VniQ"),
  url: field(Schema.String, "Where the app shows it.", "https://raids.example/shared-plans/q83vASNFZ4mrze8BI0VniQ", {
    format: "uri"
  })
}).annotate({ identifier: "NewPlanShare", description: "A new link." })
export type NewShare = typeof NewShare.Type

const SharedSeat = Schema.Struct({
  name: Seat.fields.name,
  class: Seat.fields.class,
  spec: Seat.fields.spec
}).annotate({ identifier: "SharedSeat", description: "A seat as a link shows it." })

export const SharedPlan = Schema.Struct({
  title,
  raids: Schema.Array(
    Schema.Struct({
      ...raidFields,
      groups: field(Schema.Array(Schema.Array(Schema.NullOr(SharedSeat))), "Each has five seats; null is a free one."),
      bench: field(Schema.Array(SharedSeat), "Who waits, in order.")
    }).annotate({ identifier: "SharedRaid", description: "A raid as a link shows it." })
  )
}).annotate({ identifier: "SharedPlan", description: "A plan as a link shows it." })
export type SharedPlan = typeof SharedPlan.Type

export class PlanNotFound extends apiError("plan.not_found", 404, "Plan was not found.") {}
export class RevisionNotFound extends apiError(
  "plan.revision_not_found",
  404,
  "The plan has no such revision, or no longer."
) {}
export class ShareNotFound extends apiError(
  "plan.share_not_found",
  404,
  "This link does not exist or is no longer valid."
) {}
export class PlanInvalid extends apiError("plan.validation_failed", 400, "The plan's details are not valid.", {
  fields: [{ field: "title", reason: "must have 1 to 100 visible characters" }]
}) {}

/** Why a seating cannot be; `details.rule` of a conflict. */
export type Rule =
  | "character_twice"
  | "player_twice"
  | "seat_taken"
  | "no_such_seat"
  | "bench_full"
  | "not_on_roster"
  | "player_inactive"
  | "not_in_plan"
  | "spec_of_another_class"

const sentences: Readonly<Record<Rule, string>> = {
  character_twice: "A character can be in a plan once.",
  player_twice: "A player can be in a raid once.",
  seat_taken: "That seat is taken.",
  no_such_seat: "The plan has no such seat.",
  bench_full: "A bench holds at most 100 characters.",
  not_on_roster: "That character is not on the guild's roster.",
  player_inactive: "The player of that character is inactive.",
  not_in_plan: "That character is not in the plan.",
  spec_of_another_class: "That is no specialisation of the character's class."
}

export class PlanConflict extends apiError("plan.conflict", 409, "The seating breaks a rule.", {
  rule: "player_twice",
  entry_id: "0199c3f4-3c4d-7e0f-9a1b-2c3d4e5f6071"
}) {
  static of(rule: Rule, entry: string | undefined) {
    return new PlanConflict({
      message: sentences[rule],
      details: { rule, ...(entry !== undefined && { entry_id: entry }) }
    })
  }
}
export class TooManyPlans extends apiError("plan.too_many", 409, "A guild has at most 500 plans. Delete one first.") {}
export class TooManyShares extends apiError(
  "plan.too_many_shares",
  409,
  "A plan has at most 20 links. Revoke one first."
) {}
export class PlanStale extends apiError(
  "precondition.failed",
  412,
  "The plan was written by somebody else. Read it again first.",
  {
    revision: 13,
    updated_by: { user_id: "0199c3f0-6f3e-7a57-8f1c-2b7a1f6f0a11", discord: null, key: null }
  }
) {}
