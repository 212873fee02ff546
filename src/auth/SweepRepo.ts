import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { change } from "../infra/Sql.ts"
import { sessionLife } from "./SessionLife.ts"

/** What is swept: the table, the time from which a row's age counts, and the table that has this time if it is another. */
const swept = (sql: SqlClient.SqlClient) =>
  ({
    oauth_states: [sql("oauth_states"), sql`expires_at`],
    user_sessions: [sql("user_sessions"), sql`${sessionLife(sql).ended}`],
    security_audit_events: [sql("security_audit_events"), sql`created_at`],
    // Events of deleted accounts, which were told until when.
    nameless_events: [sql("security_audit_events"), sql`kept_until`],
    // With the user that a key acts as goes the key.
    dead_keys: [sql("users"), sql`least(revoked_at, expires_at)`, sql("guild_keys")]
  }) as const

export type Swept = keyof ReturnType<typeof swept>

export class SweepRepo extends Context.Service<
  SweepRepo,
  {
    /** Removes the oldest rows, at most `limit`, and returns how many. Undefined while another replica is sweeping. */
    readonly remove: (
      what: Swept,
      olderThanDays: number,
      limit: number
    ) => Effect.Effect<number | undefined, DependencyUnavailable>
  }
>()("auth/SweepRepo") {
  static readonly layer = Layer.effect(
    SweepRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const remove = (what: Swept, olderThanDays: number, limit: number) => {
        const [table, age, dated = table] = swept(sql)[what]
        return sql<{ readonly mine: boolean; readonly removed: number }>`
          with turn as materialized (
            select pg_try_advisory_xact_lock(hashtextextended('sweep', 0)) as mine
          ), removed as (
            delete from ${table} where id in (
              select id from ${dated}
              where (select mine from turn) and ${age} < now() - make_interval(days => ${olderThanDays}::int)
              order by ${age} limit ${limit}::int)
            returning 1
          )
          select mine, (select count(*)::int from removed) as removed from turn`.pipe(
          change,
          Effect.map(([row]) => (row?.mine ? row.removed : undefined))
        )
      }

      return SweepRepo.of({ remove })
    })
  )
}
