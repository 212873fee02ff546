import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import { wordsOf } from "../game/GameVersions.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { JsonText } from "../http/JsonText.ts"
import { applied, changesBetween, type Layout, type Seated, undone } from "./Layout.ts"
import {
  type Diff,
  limits,
  type Plan,
  type PlanId,
  type PlanNotFound,
  type Revision,
  RevisionNotFound
} from "./Plan.ts"
import { type Asking, orPlanNotFound, PlanEdits, type WriteRefusal } from "./PlanEdits.ts"
import { PlansRepo, type RevisionsPage } from "./PlansRepo.ts"
import type { PlanState } from "./PlanState.ts"
import { PlanWritesRepo } from "./PlanWritesRepo.ts"
import { Cast, orConflict, raidOf } from "./Seating.ts"

/** The state that a plan was in: its writes undone from the last to that one. */
const layoutAt = Effect.fnUntraced(function* ({ plan, revisions }: PlanState, revision: number) {
  // The state before the oldest revision that is kept is known, but nobody can see what led to it.
  if (revision > plan.revision || revision < 1 || revision <= plan.revision - limits.revisions) {
    return yield* new RevisionNotFound()
  }
  return revisions
    .filter((one) => one.revision > revision)
    .reduce((layout: Layout, one) => applied(layout, undone(one)), plan)
})

/** Every write of a plan, and the way back to each. */
export class PlanRevisions extends Context.Service<
  PlanRevisions,
  {
    /** A page, newest first. */
    readonly list: (
      id: PlanId,
      caller: UserId,
      options: { readonly limit?: number | undefined; readonly cursor?: string | undefined }
    ) => Effect.Effect<JsonText<RevisionsPage>, PlanNotFound | DependencyUnavailable>
    readonly get: (
      id: PlanId,
      caller: UserId,
      revision: number
    ) => Effect.Effect<
      JsonText<{ readonly revision: Revision }>,
      PlanNotFound | RevisionNotFound | DependencyUnavailable
    >
    /** What leads from one to another, in either direction. */
    readonly diff: (
      id: PlanId,
      caller: UserId,
      from: number,
      to: number
    ) => Effect.Effect<Diff, PlanNotFound | RevisionNotFound | DependencyUnavailable>
    /** Writes the seating of a revision again, but for whoever has left the roster since and is not seated now. */
    readonly restore: (asking: Asking, revision: number) => Effect.Effect<Plan, WriteRefusal | RevisionNotFound>
  }
>()("plans/PlanRevisions") {
  static readonly layer = Layer.effect(
    PlanRevisions,
    Effect.gen(function* () {
      const repo = yield* PlansRepo
      const writes = yield* PlanWritesRepo
      const edits = yield* PlanEdits

      return PlanRevisions.of({
        list: (id, caller, { limit = 50, cursor }) =>
          Effect.flatMap(repo.revisions(id, caller, limit, cursor), orPlanNotFound),
        get: Effect.fn("PlanRevisions.get")(function* (id, caller, revision) {
          const { body } = yield* Effect.flatMap(repo.revision(id, caller, revision), orPlanNotFound)
          return body ?? (yield* new RevisionNotFound())
        }),
        diff: Effect.fn("PlanRevisions.diff")(function* (id, caller, from, to) {
          const found = yield* writes.state(id, caller, { entries: [], since: Math.min(from, to) })
          const state = yield* orPlanNotFound(found)
          const [before, after] = [yield* layoutAt(state, from), yield* layoutAt(state, to)]
          return { from, to, ...changesBetween(before, after) }
        }),
        restore: (asking, revision) =>
          edits.run(
            asking,
            { entries: [], since: revision },
            Effect.fnUntraced(function* (state) {
              const layout = yield* layoutAt(state, revision)
              const cast = new Cast(state, wordsOf(state.game_version))
              const seat = (one: Seated | null) =>
                one === null || !cast.has(one.entry_id) ? null : cast.seat(one.entry_id, one.spec)
              const raids = yield* orConflict(() =>
                layout.raids.map((raid) =>
                  raidOf(
                    raid,
                    raid.groups.map((seats) => seats.map(seat)),
                    raid.bench.flatMap((one) => seat(one) ?? [])
                  )
                )
              )
              return { title: layout.title, raids, summary: `Revision ${revision} restored.` }
            })
          )
      })
    })
  ).pipe(Layer.provide([PlansRepo.layer, PlanWritesRepo.layer, PlanEdits.layer]))
}
