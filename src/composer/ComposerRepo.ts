import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { change } from "../infra/Sql.ts"
import type { SeatRow } from "./Asked.ts"
import type { Composition, CompositionId } from "./Composition.ts"
import { isLost } from "./CompositionSql.ts"
import type { Answer, Parts, Progress } from "./engine/Problem.ts"

/** How far a composition is. */
export interface Standing {
  readonly stage: Progress["stage"] | null
  readonly value: number | null
  readonly bound: number | null
  readonly seats: ReadonlyArray<SeatRow> | null
}

/** How it ended. */
export interface Ended extends Standing {
  readonly state: "done" | "stopped" | "lost"
  readonly proof: Answer["proof"]
  readonly ended_by: Answer["endedBy"] | null
  readonly parts: Parts | null
  readonly why: Composition["why"]
}

/**
 * What a composition's server writes of it, by itself. What is final stays as it is, and so does one that was told as lost:
 * a server that stood still for so long finds that its work is not wanted any more.
 */
export class ComposerRepo extends Context.Service<
  ComposerRepo,
  {
    /** False if it was stopped while it waited. */
    readonly begin: (id: CompositionId) => Effect.Effect<boolean, DependencyUnavailable>
    readonly progress: (id: CompositionId, standing: Standing) => Effect.Effect<void, DependencyUnavailable>
    readonly finish: (id: CompositionId, ended: Ended) => Effect.Effect<void, DependencyUnavailable>
    /** Says that these live; answers those of them that are to be stopped. */
    readonly beat: (
      ids: ReadonlyArray<CompositionId>
    ) => Effect.Effect<ReadonlyArray<CompositionId>, DependencyUnavailable>
    /** Ends these as lost. */
    readonly lose: (ids: ReadonlyArray<CompositionId>) => Effect.Effect<void, DependencyUnavailable>
    /** The same for those whose server died. */
    readonly loseDead: Effect.Effect<void, DependencyUnavailable>
    /** Removes those that ended so many days ago, at most `limit`; returns how many. */
    readonly remove: (olderThanDays: number, limit: number) => Effect.Effect<number, DependencyUnavailable>
  }
>()("composer/ComposerRepo") {
  static readonly layer = Layer.effect(
    ComposerRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const dead = sql.literal(isLost)
      const live = sql`f.finished_at is null and not (${dead})`
      const list = (ids: ReadonlyArray<CompositionId>) => sql`any (string_to_array(${ids.join(" ")}, ' ')::uuid[])`
      const seen = sql`sequence = sequence + 1, beat_at = now()`
      const standing = ({ stage, value, bound, seats }: Standing) => sql`
        stage = coalesce(${stage}::text, f.stage), value = ${value}::bigint, bound = ${bound}::bigint,
        seats = coalesce(${seats === null ? null : JSON.stringify(seats)}::text::jsonb, f.seats)`
      const told = sql`returning pg_notify('composition', f.id || ' news')`

      const begin = (id: CompositionId) =>
        sql<{ readonly id: string }>`/* composer */
          update plan_compositions f set ${seen}, state = 'running', started_at = now()
          where f.id = ${id} and f.state = 'queued' and ${live} returning f.id, pg_notify('composition', f.id || ' news')`.pipe(
          change,
          Effect.map((rows) => rows.length > 0)
        )

      const progress = (id: CompositionId, now: Standing) =>
        sql`/* composer */ update plan_compositions f set ${seen}, ${standing(now)}
          where f.id = ${id} and f.state = 'running' and ${live} ${told}`.pipe(change, Effect.asVoid)

      const finish = (id: CompositionId, { state, proof, ended_by, parts, why, ...last }: Ended) =>
        sql`/* composer */
          update plan_compositions f set ${seen}, ${standing(last)}, state = ${state}, proof = ${proof},
            ended_by = ${ended_by}, parts = ${parts && JSON.stringify(parts)}::text::jsonb,
            why = ${why && JSON.stringify(why)}::text::jsonb, finished_at = now()
          where f.id = ${id} and ${live} ${told}`.pipe(change, Effect.asVoid)

      const beat = (ids: ReadonlyArray<CompositionId>) =>
        sql<{ readonly id: CompositionId; readonly stop: boolean }>`/* composer */
          update plan_compositions f set beat_at = now() where f.id = ${list(ids)} and ${live}
          returning f.id, f.stop_asked as stop`.pipe(
          change,
          Effect.map((rows) => rows.filter(({ stop }) => stop).map(({ id }) => id))
        )

      const lost = sql`set state = 'lost', sequence = sequence + 1, finished_at = now()`

      const lose = (ids: ReadonlyArray<CompositionId>) =>
        sql`/* composer */ update plan_compositions f ${lost} where f.id = ${list(ids)} and ${live} ${told}`.pipe(
          change,
          Effect.asVoid
        )

      const loseDead = sql`/* composer */ update plan_compositions f ${lost} where ${dead} ${told}`.pipe(
        change,
        Effect.asVoid
      )

      const remove = (olderThanDays: number, limit: number) =>
        change(sql<{ readonly removed: number }>`
          with removed as (
            delete from plan_compositions where id in (
              select id from plan_compositions where finished_at < now() - make_interval(days => ${olderThanDays}::int)
              order by finished_at limit ${limit}::int)
            returning 1
          )
          select count(*)::int as removed from removed`).pipe(Effect.map(([row]) => row?.removed ?? 0))

      return ComposerRepo.of({ begin, progress, finish, beat, lose, loseDead, remove })
    })
  )
}
