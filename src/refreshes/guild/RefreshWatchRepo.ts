import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { GuildId } from "../../guilds/Guild.ts"
import type { DependencyUnavailable } from "../../http/ApiError.ts"
import { change, read, Reads } from "../../infra/Sql.ts"
import type { Provider, RefreshId } from "./GuildRefresh.ts"

/** A refresh of which nothing was settled for minutes, though it does not wait. */
export interface Stalled {
  readonly id: RefreshId
  readonly providers: ReadonlyArray<Provider>
  /** Nothing can make it take this long. */
  readonly hopeless: boolean
}

export class RefreshWatchRepo extends Context.Service<
  RefreshWatchRepo,
  {
    readonly stalled: Effect.Effect<ReadonlyArray<Stalled>, DependencyUnavailable>
    /** How many live, and the age of the oldest in seconds. */
    readonly live: Effect.Effect<{ readonly count: number; readonly oldest: number }, DependencyUnavailable>
    /**
     * The guild whose roster was left alone for longest, if anything of it is older than so many seconds and nobody
     * began a refresh since. Undefined if there is none, or one of the night is still under way.
     */
    readonly nextAtNight: (
      since: number,
      staleSeconds: number
    ) => Effect.Effect<GuildId | undefined, DependencyUnavailable>
    /** Removes refreshes that ended so many days ago, at most `limit`; returns how many. */
    readonly remove: (olderThanDays: number, limit: number) => Effect.Effect<number, DependencyUnavailable>
  }
>()("refreshes/guild/RefreshWatchRepo") {
  static readonly layer = Layer.effect(
    RefreshWatchRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads

      const stalled = read(reads<Stalled>`
        select f.id, f.created_at < now() - interval '2 days' as hopeless,
          array_agg(distinct p.provider) as providers
        from guild_refreshes f join guild_refresh_providers p on p.refresh_id = f.id
        where f.finished_at is null and f.moved_at < now() - interval '5 minutes'
          and coalesce(p.waiting_until < now() - interval '1 minute', true)
          and exists (select from guild_refresh_parts t
            where t.refresh_id = f.id and t.provider = p.provider and t.outcome is null)
        group by f.id`)

      const live = reads<{ readonly count: number; readonly oldest: number }>`
        select count(*)::int as count, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest
        from guild_refreshes where finished_at is null`.pipe(
        read,
        Effect.map(([row]) => row ?? { count: 0, oldest: 0 })
      )

      const nextAtNight = (since: number, staleSeconds: number) =>
        reads<{ readonly id: GuildId }>`
          select g.id from guilds g cross join lateral (
            select min(least(coalesce(w.fetched_at, '-infinity'), coalesce(b.fetched_at, '-infinity'))) as oldest
            from roster_entries e join roster_players p on p.id = e.player_id and p.status <> 'inactive'
            left join character_warcraftlogs_snapshots w on w.character_id = e.character_id
            left join character_battlenet_snapshots b on b.character_id = e.character_id
            where e.guild_id = g.id
          ) r
          where g.deleted_at is null and r.oldest < now() - make_interval(secs => ${staleSeconds})
            and not exists (select from guild_refreshes f where f.guild_id = g.id
              and (f.finished_at is null or f.created_at >= to_timestamp(${since / 1000}::float8)))
            and not exists (select from guild_refreshes f where f.finished_at is null and f.requested_by is null)
          order by r.oldest, g.id limit 1`.pipe(
          read,
          Effect.map((rows) => rows[0]?.id)
        )

      const remove = (olderThanDays: number, limit: number) =>
        change(sql<{ readonly removed: number }>`
          with removed as (
            delete from guild_refreshes where id in (
              select id from guild_refreshes where finished_at < now() - make_interval(days => ${olderThanDays}::int)
              order by finished_at limit ${limit}::int)
            returning 1
          )
          select count(*)::int as removed from removed`).pipe(Effect.map(([row]) => row?.removed ?? 0))

      return RefreshWatchRepo.of({ stalled, live, nextAtNight, remove })
    })
  )
}
