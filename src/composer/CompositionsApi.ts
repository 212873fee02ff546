import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { NeededScope } from "../auth/KeyScope.ts"
import { SignedIn } from "../auth/SignedIn.ts"
import { RateLimitExceeded } from "../http/ApiError.ts"
import { documented, field } from "../http/Documented.ts"
import { BodyRule, JsonBody } from "../http/Envelope.ts"
import { eventStream, streamed } from "../http/EventStream.ts"
import { Plan, PlanConflict, PlanId, PlanNotFound, PlanStale } from "../plans/Plan.ts"
import { demanding } from "../roster/Revision.ts"
import { OfficerRequired, PreconditionRequired } from "../roster/Roster.ts"
import {
  Comparison,
  Composition,
  CompositionBusy,
  CompositionId,
  CompositionInfeasible,
  CompositionInvalid,
  CompositionNews,
  CompositionNotFinished,
  CompositionNotFound,
  CompositionSummary,
  limits
} from "./Composition.ts"
import { SeatWish, strangerInWishes, Wishes } from "./CompositionBodies.ts"

const params = { plan_id: field(PlanId, "The plan.") }
const one = { ...params, composition_id: field(CompositionId, "The composition.") }

const AComposition = Schema.Struct({ composition: Composition })
const begun = AComposition.pipe(HttpApiSchema.status(202))

const seen = [PlanNotFound.wire, CompositionNotFound.wire] as const
const begins = [
  PlanNotFound.wire,
  OfficerRequired.wire,
  CompositionInvalid.wire,
  CompositionInfeasible.wire,
  CompositionBusy.wire
] as const

export class CompositionsApi extends HttpApiGroup.make("compositions")
  .add(
    HttpApiEndpoint.post("compose", "/compose", { params, payload: Wishes, success: begun, error: begins })
      .annotate(NeededScope, "plans:write")
      .annotate(BodyRule, { maxBytes: 64 * 1024, csv: false, fault: strangerInWishes })
      .annotateMerge(
        documented(
          "Compose the raids",
          "For officers and admins. Seats the roster's characters in the plan's raids, for the most that effects are worth, and proves how far from the best the answer is. The plan stays as it is until the answer is accepted. A server does one at a time; two wait (429 `composition.busy`). Wishes that clash are named at once (422 `composition.infeasible`).",
          { mains_only: false, seconds: 30 }
        )
      ),
    HttpApiEndpoint.get("list", "/compositions", {
      params,
      success: Schema.Struct({
        compositions: field(Schema.Array(CompositionSummary), `At most ${limits.listed}, without their plans.`)
      }),
      error: PlanNotFound.wire
    })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(
        documented(
          "List compositions",
          `For the guild's members, the latest first. They are kept for ${limits.kept} days.`
        )
      ),
    HttpApiEndpoint.get("get", "/compositions/:composition_id", { params: one, success: AComposition, error: seen })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(
        documented("Read a composition", "The best plan so far, its certificate, and why each sits there.")
      ),
    HttpApiEndpoint.get("events", "/compositions/:composition_id/events", {
      params: one,
      success: eventStream(["composition"], CompositionNews),
      error: [...seen, RateLimitExceeded.wire]
    })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(
        documented(
          "Follow a composition",
          "An event for each better plan or bound, once a second at most, and the last one when it is final. A 204 says that nothing more will come."
        )
      )
      .annotateMerge(streamed),
    HttpApiEndpoint.delete("stop", "/compositions/:composition_id", {
      params: one,
      success: AComposition,
      error: [...seen, OfficerRequired.wire]
    })
      .annotate(NeededScope, "plans:write")
      .annotateMerge(
        documented(
          "Stop a composition",
          "For officers and admins. Answers it with the best plan so far; of a final one nothing changes."
        )
      ),
    HttpApiEndpoint.post("accept", "/compositions/:composition_id/accept", {
      params: one,
      success: Schema.Struct({ plan: Plan }),
      error: [
        ...seen,
        OfficerRequired.wire,
        CompositionNotFinished.wire,
        PreconditionRequired.wire,
        PlanStale.wire,
        PlanConflict.wire
      ]
    })
      .annotate(NeededScope, "plans:write")
      .annotateMerge(
        documented(
          "Accept a composition",
          "For officers and admins. Its seats become a revision of the plan; whoever it leaves out leaves the plan."
        )
      )
      .annotateMerge(demanding),
    HttpApiEndpoint.post("whyNot", "/compositions/:composition_id/why-not", {
      params: one,
      payload: SeatWish,
      success: begun,
      error: [...begins, CompositionNotFound.wire]
    })
      .annotate(NeededScope, "plans:write")
      .annotateMerge(
        documented(
          "Ask why not",
          "For officers and admins. Composes again with the same wishes and this seat: what that costs, a comparison of the two tells."
        )
      ),
    HttpApiEndpoint.get("compare", "/compositions/:composition_id/compare", {
      params: one,
      query: {
        with: field(
          Schema.Union([Schema.Literal("plan"), CompositionId]),
          "`plan`, or another composition of it.",
          "plan"
        )
      },
      success: Schema.Struct({ comparison: Comparison }),
      error: [...seen, CompositionNotFinished.wire]
    })
      .annotate(NeededScope, "plans:read")
      .annotateMerge(
        documented(
          "Compare a composition",
          "With the plan as it is, or with another composition: effects, value and parts."
        )
      )
  )
  .middleware(JsonBody)
  .middleware(SignedIn)
  .annotateMerge(
    OpenApi.annotations({
      title: "Compositions",
      description: "Raids composed from the roster, each with a proof of how good it is."
    })
  )
  .prefix("/plans/:plan_id") {}
