import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { change } from "../infra/Sql.ts"

/** Rows removed. */
export interface Swept {
  readonly states: number
  readonly sessions: number
  readonly events: number
}

export class SweepRepo extends Context.Service<
  SweepRepo,
  {
    /** Removes at most `limit` rows of each kind; undefined while another replica is at it. */
    readonly sweep: (auditDays: number, limit: number) => Effect.Effect<Swept | undefined, DependencyUnavailable>
  }
>()("auth/SweepRepo") {
  static readonly layer = Layer.effect(
    SweepRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const sweep = (auditDays: number, limit: number) =>
        sql<Swept & { readonly mine: boolean }>`
          with turn as materialized (
            select pg_try_advisory_xact_lock(hashtextextended('sweep', 0)) as mine
          ), states as (
            delete from oauth_states where id in (
              select id from oauth_states
              where (select mine from turn) and expires_at < now() - interval '1 day' limit ${limit}::int)
            returning 1
          ), sessions as (
            delete from user_sessions where id in (
              select id from user_sessions
              where (select mine from turn)
                and least(revoked_at, expires_at, created_at + interval '90 days') < now() - interval '30 days'
              limit ${limit}::int)
            returning 1
          ), events as (
            delete from security_audit_events where id in (
              select id from security_audit_events
              where (select mine from turn) and created_at < now() - make_interval(days => ${auditDays}::int)
              limit ${limit}::int)
            returning 1
          )
          select mine, (select count(*)::int from states) as states, (select count(*)::int from sessions) as sessions,
            (select count(*)::int from events) as events
          from turn`.pipe(
          change,
          Effect.map(([row]) =>
            row?.mine ? { states: row.states, sessions: row.sessions, events: row.events } : undefined
          )
        )

      return SweepRepo.of({ sweep })
    })
  )
}
