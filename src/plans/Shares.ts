import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { type JsonText, parseJson } from "../http/JsonText.ts"
import { AppConfig } from "../infra/AppConfig.ts"
import { Crypto, randomTokenHash } from "../infra/Crypto.ts"
import type { OfficerRequired } from "../roster/Roster.ts"
import type { Coverage } from "../rulesets/Coverage.ts"
import {
  type NewShare,
  type PlanId,
  type PlanNotFound,
  type Share,
  type SharedPlan,
  type ShareId,
  ShareNotFound,
  TooManyShares
} from "./Plan.ts"
import { asOfficer, orPlanNotFound } from "./PlanEdits.ts"
import { coverageOfPlan } from "./PlanCoverage.ts"
import { SharesRepo } from "./SharesRepo.ts"

type Refusal = PlanNotFound | OfficerRequired | DependencyUnavailable

/** Links that show a plan to whoever has them. */
export class Shares extends Context.Service<
  Shares,
  {
    /** The live ones, newest first. */
    readonly list: (
      plan: PlanId,
      caller: UserId
    ) => Effect.Effect<JsonText<{ readonly shares: ReadonlyArray<Share> }>, Refusal>
    readonly create: (
      plan: PlanId,
      caller: UserId,
      seconds: number | null
    ) => Effect.Effect<NewShare, Refusal | TooManyShares>
    readonly revoke: (plan: PlanId, caller: UserId, share: ShareId) => Effect.Effect<void, Refusal | ShareNotFound>
    /** What a live link shows. */
    readonly open: (
      token: string
    ) => Effect.Effect<
      { readonly plan: SharedPlan; readonly coverage: Coverage | null },
      ShareNotFound | DependencyUnavailable
    >
  }
>()("plans/Shares") {
  static readonly layer = Layer.effect(
    Shares,
    Effect.gen(function* () {
      const { frontendOrigin } = yield* AppConfig
      const crypto = yield* Crypto
      const repo = yield* SharesRepo

      return Shares.of({
        list: Effect.fn("Shares.list")(function* (plan, caller) {
          const found = yield* repo.list(plan, caller)
          return (yield* Effect.flatMap(orPlanNotFound(found), asOfficer)).body
        }),
        create: Effect.fn("Shares.create")(function* (plan, caller, seconds) {
          const token = yield* crypto.shortToken
          const made = yield* repo.create(plan, caller, randomTokenHash(token), seconds)
          if (made === "full") return yield* new TooManyShares()
          const { id } = yield* Effect.flatMap(orPlanNotFound(made), asOfficer)
          return { id: id!, token, url: `${frontendOrigin}/shared-plans/${token}` }
        }),
        revoke: Effect.fn("Shares.revoke")(function* (plan, caller, share) {
          const done = yield* repo.revoke(plan, caller, share)
          const { id } = yield* Effect.flatMap(orPlanNotFound(done), asOfficer)
          if (id === null) return yield* new ShareNotFound()
        }),
        open: Effect.fn("Shares.open")(function* (token) {
          const found = yield* repo.open(randomTokenHash(token))
          if (found === undefined) return yield* new ShareNotFound()
          if (found.unnoted) yield* Effect.ignore(repo.noteUse(found.id))
          const { plan, seated } = parseJson(found.body)
          const coverage = yield* Effect.catchTag(coverageOfPlan(seated), "ruleset.not_found", () =>
            Effect.succeed(null)
          )
          return { plan, coverage }
        })
      })
    })
  ).pipe(Layer.provide(SharesRepo.layer))
}
