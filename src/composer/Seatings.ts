import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import { wordsOf } from "../game/GameVersions.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { type Plan, PlanConflict, type PlanId, type PlanNotFound } from "../plans/Plan.ts"
import { asOfficer, type Asking, orPlanNotFound, PlanEdits, type WriteRefusal } from "../plans/PlanEdits.ts"
import { Cast, orConflict, raidOf } from "../plans/Seating.ts"
import { type Comparison, type CompositionId, CompositionNotFinished, CompositionNotFound } from "./Composition.ts"
import { CompositionsRepo, type Stored } from "./CompositionsRepo.ts"
import { compare } from "./engine/Explain.ts"
import { comparable } from "./Problems.ts"

type Unready = CompositionNotFound | CompositionNotFinished

const orNotFound = <A>(found: A | null) => (found === null ? new CompositionNotFound() : Effect.succeed(found))

const finished = ({ final, seats, facts }: Stored) =>
  final && seats !== null ? Effect.succeed({ seats, facts }) : new CompositionNotFinished()

/** What is done with the seats of a composition that is final. */
export class Seatings extends Context.Service<
  Seatings,
  {
    /** Makes them a revision of the plan. */
    readonly accept: (asking: Asking, id: CompositionId) => Effect.Effect<Plan, WriteRefusal | Unready>
    readonly compare: (
      plan: PlanId,
      caller: UserId,
      id: CompositionId,
      other: CompositionId | "plan"
    ) => Effect.Effect<Comparison, PlanNotFound | Unready | DependencyUnavailable>
  }
>()("composer/Seatings") {
  static readonly layer = Layer.effect(
    Seatings,
    Effect.gen(function* () {
      const repo = yield* CompositionsRepo
      const edits = yield* PlanEdits

      const accept = Effect.fn("Seatings.accept")(function* (asking: Asking, id: CompositionId) {
        const stored = yield* Effect.flatMap(repo.stored(asking.plan, asking.caller, id), orPlanNotFound)
        const { found } = yield* asOfficer(stored)
        const { seats } = yield* Effect.flatMap(orNotFound(found), finished)
        return yield* edits.run(
          asking,
          { entries: seats.map(({ entry_id }) => entry_id) },
          Effect.fnUntraced(function* (state) {
            const { title, raids } = state.plan
            const outside = seats.find(({ raid }) => raid >= raids.length)
            if (outside !== undefined) return yield* PlanConflict.of("no_such_seat", outside.entry_id)
            const cast = new Cast(state, wordsOf(state.game_version))
            const at = (raid: number, group: number) =>
              seats
                .filter((row) => row.raid === raid && row.group === group)
                .map(({ entry_id, spec }) => cast.seat(entry_id, spec))
            const seated = yield* orConflict(() =>
              raids.map((raid, n) =>
                raidOf(
                  raid,
                  Array.from({ length: 8 }, (_, group) => at(n, group)),
                  at(n, -1)
                )
              )
            )
            return { title, raids: seated, summary: "A composition was accepted." }
          })
        )
      })

      return Seatings.of({
        accept,
        compare: Effect.fn("Seatings.compare")(function* (plan, caller, id, other) {
          const stored = yield* Effect.flatMap(repo.both(plan, caller, id, other), orPlanNotFound)
          const one = yield* Effect.flatMap(orNotFound(stored.found), finished)
          const rows = stored.plan ?? (yield* Effect.flatMap(orNotFound(stored.other), finished)).seats
          const { problem, seats } = comparable(one.facts, [one.seats, rows])
          return compare(problem, seats[0]!, seats[1]!)
        })
      })
    })
  ).pipe(Layer.provide([CompositionsRepo.layer, PlanEdits.layer]))
}
