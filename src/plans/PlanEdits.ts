import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import type { GuildRole } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { isOfficer, type Seen } from "../roster/Edits.ts"
import { OfficerRequired, PreconditionRequired } from "../roster/Roster.ts"
import { changesBetween, isNothing } from "./Layout.ts"
import { type Plan, type PlanConflict, type PlanId, PlanNotFound, PlanStale, type Raid } from "./Plan.ts"
import { type PlanState, writesOf } from "./PlanState.ts"
import { PlanWritesRepo } from "./PlanWritesRepo.ts"
import { checked, orConflict } from "./Seating.ts"
import { summaryOf } from "./Summary.ts"

/** Who asks, of which plan, having seen what. */
export interface Asking {
  readonly plan: PlanId
  readonly caller: UserId
  readonly seen: Seen
}

/** What a write makes of a plan; `summary` is what it is called if its moves do not say it. */
export interface Wish {
  readonly title: string
  readonly raids: ReadonlyArray<Raid>
  readonly summary?: string
}

export type WriteRefusal =
  | PlanNotFound
  | OfficerRequired
  | PreconditionRequired
  | PlanStale
  | PlanConflict
  | DependencyUnavailable

export const orPlanNotFound = <A>(found: A | undefined) =>
  found === undefined ? new PlanNotFound() : Effect.succeed(found)

export const asOfficer = <A extends { readonly role: typeof GuildRole.Type }>(state: A) =>
  isOfficer(state) ? Effect.succeed(state) : new OfficerRequired()

/** The rows of a seating, held to the rules; undefined when it is the plan as it is. */
const rowsOf = Effect.fnUntraced(function* (state: PlanState, { title, raids, summary }: Wish) {
  const doubled = yield* orConflict(() => checked(state, raids))
  const changes = changesBetween(state.plan, { title, raids })
  if (isNothing(changes)) return undefined
  return writesOf(state, { title, raids }, doubled, changes, summary ?? summaryOf(changes, raids))
})

/** Every write of a plan: its right, its revision, its rules; what it is, `wish` says. */
export class PlanEdits extends Context.Service<
  PlanEdits,
  {
    /** Answers the plan as it then is. `wish` may run twice. */
    readonly run: <E>(
      asking: Asking,
      asked: { readonly entries: ReadonlyArray<string>; readonly since?: number },
      wish: (state: PlanState) => Effect.Effect<Wish | "remove", E>
    ) => Effect.Effect<Plan, WriteRefusal | E>
  }
>()("plans/PlanEdits") {
  static readonly layer = Layer.effect(
    PlanEdits,
    Effect.gen(function* () {
      const repo = yield* PlanWritesRepo

      const run = Effect.fn("PlanEdits.run")(function* <E>(
        { plan: id, caller, seen }: Asking,
        asked: { readonly entries: ReadonlyArray<string>; readonly since?: number },
        wish: (state: PlanState) => Effect.Effect<Wish | "remove", E>
      ) {
        const done = yield* repo.write(
          id,
          caller,
          asked,
          seen === "any",
          Effect.fnUntraced(function* (state: PlanState) {
            yield* asOfficer(state)
            if (seen === undefined) return yield* new PreconditionRequired()
            const { revision, updated_by } = state.plan
            if (seen !== "any" && seen !== revision) {
              return yield* new PlanStale({ details: { revision, updated_by } })
            }
            const wanted = yield* wish(state)
            if (wanted === "remove") return { edit: wanted, answer: state.plan as Wish }
            return { edit: yield* rowsOf(state, wanted), answer: wanted }
          })
        )
        const { state, answer, outcome } = yield* orPlanNotFound(done)
        if (outcome === undefined) return state.plan
        if ("stale" in outcome) return yield* new PlanStale({ details: outcome.stale })
        const { title, raids } = answer
        return { ...state.plan, title, raids, ...outcome, updated_by: state.caller }
      })

      return PlanEdits.of({ run })
    })
  ).pipe(Layer.provide(PlanWritesRepo.layer))
}
