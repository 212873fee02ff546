import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { NeededScope } from "../auth/KeyScope.ts"
import { SignedIn } from "../auth/SignedIn.ts"
import { GuildId, GuildNotFound } from "../guilds/Guild.ts"
import { DependencyUnavailable } from "../http/ApiError.ts"
import { documented, field } from "../http/Documented.ts"
import { BodyRule, JsonBody } from "../http/Envelope.ts"
import { conditional } from "../http/ETag.ts"
import { eventStream, streamed } from "../http/EventStream.ts"
import { pageLimit } from "../http/Paging.ts"
import { Allowance } from "../limits/Allowance.ts"
import { demanding, revised } from "../roster/Revision.ts"
import { OfficerRequired, PreconditionRequired } from "../roster/Roster.ts"
import { Coverage } from "../rulesets/Coverage.ts"
import { RulesetNotFound } from "../rulesets/Ruleset.ts"
import {
  Diff,
  ListedPlan,
  NewShare,
  Plan,
  PlanConflict,
  PlanId,
  PlanInvalid,
  PlanNotFound,
  PlanStale,
  Revision,
  RevisionNotFound,
  Share,
  SharedPlan,
  ShareId,
  ShareNotFound,
  TooManyPlans,
  TooManyShares,
  Written
} from "./Plan.ts"
import { Duplicate, NewPlan, PlanOps, ShareOptions, WrittenPlan } from "./PlanBodies.ts"

const guildParams = { guild_id: field(GuildId, "The guild.") }
const params = { plan_id: field(PlanId, "The plan.") }

const number = (description: string, example: number) =>
  field(Schema.String, description, example, { type: "integer", minimum: 1 }).pipe(
    Schema.decodeTo(Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 1e15 })))
  )
const revisionParams = { ...params, revision: number("The revision.", 1) }

const query = {
  limit: pageLimit,
  cursor: Schema.optionalKey(
    field(Schema.String.check(Schema.isPattern(/^\d{1,18}$/)), "The `next_cursor` of the page before.")
  )
}
const nextCursor = field(Schema.NullOr(Schema.String), "Null on the last page.", null)

const officers = [PlanNotFound.wire, OfficerRequired.wire] as const
const writes = [...officers, PreconditionRequired.wire, PlanStale.wire, PlanConflict.wire] as const

const APlan = Schema.Struct({ plan: Plan })
const created = APlan.pipe(HttpApiSchema.status(201))

const text = (contentType: string, example: string) =>
  Schema.String.annotate({ examples: [example] }).pipe(HttpApiSchema.asText({ contentType }))

/** Of a whole seating, written or as operations: a proxy knows a body's size by its path alone. */
const plansBody = { maxBytes: 256 * 1024, csv: false }

export class PlansApi extends HttpApiGroup.make("plans")
  .add(
    HttpApiEndpoint.get("list", "/guilds/:guild_id/plans", {
      params: guildParams,
      query,
      success: Schema.Struct({ plans: Schema.Array(ListedPlan), next_cursor: nextCursor }),
      error: GuildNotFound.wire
    })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(documented("List a guild's plans", "For its members, newest first, without seats.")),
    HttpApiEndpoint.post("create", "/guilds/:guild_id/plans", {
      params: guildParams,
      payload: NewPlan,
      success: created,
      error: [GuildNotFound.wire, OfficerRequired.wire, PlanInvalid.wire, TooManyPlans.wire]
    })
      .annotate(NeededScope, "plans:write")
      .annotateMerge(documented("Create a plan", "For officers and admins. A guild has at most 500."))
      .annotateMerge(revised),
    HttpApiEndpoint.get("get", "/plans/:plan_id", { params, success: APlan, error: PlanNotFound.wire })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(
        documented(
          "Read a plan",
          "For the guild's members. The `ETag` is the revision, followed by one that grows when the roster shows the plan differently; `If-Match` takes it as it is."
        )
      )
      .annotateMerge(conditional),
    HttpApiEndpoint.put("replace", "/plans/:plan_id", {
      params,
      payload: WrittenPlan,
      success: APlan,
      error: [...writes, PlanInvalid.wire]
    })
      .annotate(NeededScope, "plans:write")
      .annotateMerge(
        documented(
          "Write the whole seating",
          "For officers and admins. Whoever is left out leaves the plan. A character sits once in a plan, a player once in a raid (409 `plan.conflict`)."
        )
      )
      .annotate(BodyRule, plansBody)
      .annotateMerge(demanding),
    HttpApiEndpoint.patch("change", "/plans/:plan_id", {
      params,
      payload: PlanOps,
      success: APlan,
      error: [...writes, PlanInvalid.wire]
    })
      .annotate(NeededScope, "plans:write")
      .annotateMerge(
        documented("Change a plan", "For officers and admins. Operations in order, all of them or none. Counts from 0.")
      )
      .annotate(BodyRule, plansBody)
      .annotateMerge(demanding),
    HttpApiEndpoint.delete("remove", "/plans/:plan_id", { params, success: HttpApiSchema.NoContent, error: writes })
      .annotate(NeededScope, "plans:write")
      .annotateMerge(
        documented("Delete a plan", "For officers and admins. Nobody sees it any more, and its links end.")
      )
      .annotateMerge(demanding),
    HttpApiEndpoint.post("duplicate", "/plans/:plan_id/duplicate", {
      params,
      payload: Duplicate,
      success: created,
      error: [...officers, PlanInvalid.wire, PlanConflict.wire, TooManyPlans.wire]
    })
      .annotate(NeededScope, "plans:write")
      .annotateMerge(
        documented("Copy a plan", "For officers and admins: next week's plan, without whoever has left the roster.")
      )
      .annotateMerge(revised),
    HttpApiEndpoint.get("revisions", "/plans/:plan_id/revisions", {
      params,
      query,
      success: Schema.Struct({ revisions: Schema.Array(Revision), next_cursor: nextCursor }),
      error: PlanNotFound.wire
    })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(
        documented("List a plan's revisions", "For the guild's members, newest first. The last 1,000 are kept.")
      ),
    HttpApiEndpoint.get("revision", "/plans/:plan_id/revisions/:revision", {
      params: revisionParams,
      success: Schema.Struct({ revision: Revision }),
      error: [PlanNotFound.wire, RevisionNotFound.wire]
    })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(documented("Read a revision", "Who wrote it, when, and what it moved.")),
    HttpApiEndpoint.post("restore", "/plans/:plan_id/revisions/:revision/restore", {
      params: revisionParams,
      success: APlan,
      error: [...writes, RevisionNotFound.wire]
    })
      .annotate(NeededScope, "plans:write")
      .annotateMerge(
        documented(
          "Restore a revision",
          "For officers and admins. Writes the seating of then as a new revision, without whoever has left the roster."
        )
      )
      .annotateMerge(demanding),
    HttpApiEndpoint.get("diff", "/plans/:plan_id/diff", {
      params,
      query: { from: number("A revision.", 1), to: number("Another, earlier or later.", 1) },
      success: Diff,
      error: [PlanNotFound.wire, RevisionNotFound.wire]
    })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(documented("Compare two revisions", "What leads from one to the other.")),
    HttpApiEndpoint.get("events", "/plans/:plan_id/events", {
      params,
      success: eventStream(["revision", "deleted"], Written),
      error: PlanNotFound.wire
    })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(
        documented(
          "Listen to a plan",
          "For the guild's members: its revision now, unless `Last-Event-ID` says it, then each new one, and `deleted` at the end. Whoever listens reads the plan again."
        )
      )
      .annotateMerge(streamed),
    HttpApiEndpoint.get("coverage", "/plans/:plan_id/coverage", {
      params,
      success: Schema.Struct({ coverage: Coverage }),
      error: [PlanNotFound.wire, RulesetNotFound.wire]
    })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(
        documented(
          "Tell what a plan covers",
          "For the guild's members: which effects its raids and groups have, lack and could have, by the plan's ruleset with the guild's own values. Players in warnings are named by their ids."
        )
      ),
    HttpApiEndpoint.get("shares", "/plans/:plan_id/shares", {
      params,
      success: Schema.Struct({ shares: Schema.Array(Share) }),
      error: officers
    }).annotateMerge(documented("List a plan's links", "For officers and admins: the live ones, newest first.")),
    HttpApiEndpoint.post("share", "/plans/:plan_id/shares", {
      params,
      // Without a body the link does not end.
      payload: [ShareOptions, Schema.Null],
      success: Schema.Struct({ share: NewShare }).pipe(HttpApiSchema.status(201)),
      error: [...officers, TooManyShares.wire]
    }).annotateMerge(
      documented("Make a link", "For officers and admins. Whoever has it sees the plan without an account; at most 20.")
    ),
    HttpApiEndpoint.delete("unshare", "/plans/:plan_id/shares/:share_id", {
      params: { ...params, share_id: field(ShareId, "The link.") },
      success: HttpApiSchema.NoContent,
      error: [...officers, ShareNotFound.wire]
    }).annotateMerge(documented("Revoke a link", "For officers and admins. It shows nothing from then on.")),
    HttpApiEndpoint.get("export", "/plans/:plan_id/export", {
      params,
      query: {
        format: Schema.optionalKey(field(Schema.Literals(["csv", "text", "mrt"]), "`csv` unless told.", "csv"))
      },
      success: [
        text("text/csv", "raid,starts_at,zone,group,slot,character,class,spec,role,rank,player\n"),
        text("text/plain", "**Wednesday**\n\n**Karazhan A**\n1: Cyrandel (Frost)")
      ],
      error: PlanNotFound.wire
    })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(
        documented(
          "Export a plan",
          "`csv`: everybody by raid and group. `text`: for Discord, in pieces of at most 2,000 characters with a form feed between them. `mrt`: a note for the addon Method Raid Tools."
        )
      )
      .annotateMerge(revised)
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(
    OpenApi.annotations({
      title: "Plans",
      description:
        "Who sits where in a guild's raids. Every write says the revision that its sender has seen, and is a revision."
    })
  ) {}

export class SharedPlansApi extends HttpApiGroup.make("sharedPlans")
  .add(
    HttpApiEndpoint.get("get", "/shared-plans/:token", {
      params: {
        token: field(
          Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(128)),
          "The last part of the link's address.",
          "q83vASNFZ4mrze8BI0VniQ"
        )
      },
      success: Schema.Struct({
        plan: SharedPlan,
        coverage: field(Schema.NullOr(Coverage), "Without players; null when the plan's ruleset is not known.")
      }),
      error: [ShareNotFound.wire, DependencyUnavailable.wire]
    })
      .annotateMerge(documented("See a shared plan", "For whoever has the link. It may be cached for 10 seconds."))
      .annotate(Allowance, "shared-plans")
  )
  .annotateMerge(
    OpenApi.annotations({ title: "Shared plans", description: "Plans, for people without an account." })
  ) {}
