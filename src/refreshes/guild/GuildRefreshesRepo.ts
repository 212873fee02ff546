import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { UserId } from "../../auth/User.ts"
import type { GuildId } from "../../guilds/Guild.ts"
import type { Asked } from "../../guilds/GuildsSql.ts"
import type { DependencyUnavailable } from "../../http/ApiError.ts"
import type { JsonText } from "../../http/JsonText.ts"
import { change, read, Reads, sharedRead } from "../../infra/Sql.ts"
import type { GuildRefresh, Provider, RefreshId, RefreshNews, RefreshOptions, RefreshSummary } from "./GuildRefresh.ts"
import { staleAfter } from "./GuildRefresh.ts"
import { partsJson, refreshJson, summaryJson, waits } from "./RefreshSql.ts"

export type RefreshBody = JsonText<{ readonly refresh: GuildRefresh }>

/** A refresh as it was made: the providers of whom something is to be asked. */
export interface Begun {
  readonly id: RefreshId
  readonly providers: ReadonlyArray<Provider>
}

/** The routes of refreshes. None of them reads the job engine's tables. */
export class GuildRefreshesRepo extends Context.Service<
  GuildRefreshesRepo,
  {
    /**
     * Makes a refresh and begins its work in one transaction, unless one lives; answers the one that then lives or just
     * ended. Undefined if the caller is no member.
     */
    readonly start: <E>(
      guild: GuildId,
      caller: UserId,
      options: RefreshOptions,
      begin: (begun: Begun) => Effect.Effect<void, E>
    ) => Effect.Effect<
      (Asked & { readonly body: RefreshBody | null }) | undefined,
      Exclude<E, SqlError.SqlError> | DependencyUnavailable
    >
    /** The same for nobody: false if one lives, or the guild is gone. */
    readonly startAlone: <E>(
      guild: GuildId,
      options: RefreshOptions,
      begin: (begun: Begun) => Effect.Effect<void, E>
    ) => Effect.Effect<boolean, Exclude<E, SqlError.SqlError> | DependencyUnavailable>
    readonly list: (
      guild: GuildId,
      caller: UserId
    ) => Effect.Effect<
      JsonText<{ readonly refreshes: ReadonlyArray<RefreshSummary> }> | undefined,
      DependencyUnavailable
    >
    /** Undefined if the caller is no member; no body if the guild has no such refresh. */
    readonly get: (
      guild: GuildId,
      caller: UserId,
      id: RefreshId
    ) => Effect.Effect<{ readonly body: RefreshBody | null } | undefined, DependencyUnavailable>
    /** What changed since that event, if anything; for those who may listen. Those who ask at once share a statement. */
    readonly news: (since: {
      readonly id: RefreshId
      readonly after: number
    }) => Effect.Effect<{ readonly sequence: number; readonly news: RefreshNews } | undefined, DependencyUnavailable>
    /** Undefined if the caller is no member. */
    readonly cancel: (
      guild: GuildId,
      caller: UserId,
      id: RefreshId
    ) => Effect.Effect<
      (Asked & { readonly found: boolean; readonly providers: ReadonlyArray<Provider> | null }) | undefined,
      DependencyUnavailable
    >
  }
>()("refreshes/guild/GuildRefreshesRepo") {
  static readonly layer = Layer.effect(
    GuildRefreshesRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads
      const json = sql.literal(refreshJson)
      const short = sql.literal(summaryJson)
      const joined = sql.literal(waits)
      const settled = sql.literal(partsJson)

      /** Whether a refresh ended, cancelled or failed, after it read parses of `e` and before it read the gear. */
      const halfRead = sql`exists (
        select from guild_refreshes f join guild_refresh_parts t on t.refresh_id = f.id
        where f.guild_id = e.guild_id and f.finished_at >= s.fetched_at and t.provider = 'warcraftlogs'
          and t.entry_id = e.id and t.round > 0 and t.outcome is distinct from 'done')`

      /** Whether the provider of `a` answered for all of the entry `e` within so many seconds, whatever it said. */
      const fresh = (seconds: number) => sql`(case a.provider
          when 'warcraftlogs' then (
            select s.fetched_at from character_warcraftlogs_snapshots s
            where s.character_id = e.character_id and not ${halfRead})
          else (select s.fetched_at from character_battlenet_snapshots s where s.character_id = e.character_id)
        end > now() - make_interval(secs => ${seconds}))`

      /** What is fresh is settled at once; with nothing to ask the refresh is done as it begins. */
      const insert = (guild: GuildId, caller: UserId | null, { providers, entries, ...options }: RefreshOptions) => {
        const asked = [...new Set(providers ?? ["warcraftlogs", "battlenet"])].join(",")
        const seconds = options.stale_after_seconds ?? staleAfter
        return sql<Asked & { readonly id: RefreshId | null; readonly providers: ReadonlyArray<Provider> | null }>`
          with caller as (${
            caller === null
              ? sql`select 'officer' as role from guilds where id = ${guild} and deleted_at is null`
              : sql`select role from live_members where guild_id = ${guild} and user_id = ${caller}`
          }), parts as materialized (
            select a.provider, e.id as entry_id, e.character_id, ${fresh(seconds)} is true as fresh
            from unnest(string_to_array(${asked}, ',')) a(provider), caller, roster_entries e
            join roster_players p on p.id = e.player_id and p.status <> 'inactive'
            join characters c on c.id = e.character_id and c.deleted_at is null
            where e.guild_id = ${guild} and caller.role in ('officer', 'admin')${
              entries === undefined ? sql`` : sql` and e.id = any (string_to_array(${entries.join(",")}, ',')::uuid[])`
            }
          ), made as (
            insert into guild_refreshes (guild_id, requested_by, outcome, finished_at)
            select ${guild}::uuid, ${caller}::uuid, case when ended then 'done' end, case when ended then now() end
            from caller, (select not exists (select from parts where not fresh) as ended) x
            where role in ('officer', 'admin')
            on conflict (guild_id) where finished_at is null do nothing
            returning id
          ), asked as (
            insert into guild_refresh_providers (refresh_id, provider)
            select id, provider from made, unnest(string_to_array(${asked}, ',')) provider
          ), listed as (
            insert into guild_refresh_parts (refresh_id, provider, entry_id, character_id, outcome, sequence)
            select id, provider, entry_id, character_id, case when fresh then 'fresh' end, case when fresh then 1 end
            from made, parts
          )
          select role as caller_role, (select id from made) as id,
            (select array_agg(distinct provider) from parts where not fresh) as providers
          from caller`
      }

      const begun = (row: { readonly id: RefreshId | null; readonly providers: ReadonlyArray<Provider> | null }) =>
        row.id === null || row.providers === null ? undefined : { id: row.id, providers: row.providers }

      const start = Effect.fn("GuildRefreshesRepo.start")(function* <E>(
        guild: GuildId,
        caller: UserId,
        options: RefreshOptions,
        begin: (begun: Begun) => Effect.Effect<void, E>
      ) {
        return yield* change(
          sql.withTransaction(
            Effect.gen(function* () {
              const [row] = yield* insert(guild, caller, options)
              if (row === undefined) return undefined
              if (row.caller_role !== "officer" && row.caller_role !== "admin") return { ...row, body: null }
              const made = begun(row)
              if (made !== undefined) yield* begin(made)
              // A statement of its own: it sees one that another request has just made.
              const [answer] = yield* sql<{ body: RefreshBody }>`
                select convert_to(json_build_object('refresh', ${json})::text, 'UTF8') as body
                from guild_refreshes f ${joined} where f.guild_id = ${guild}
                order by f.id = ${row.id}::uuid desc nulls last, f.finished_at desc nulls first limit 1`
              return { caller_role: row.caller_role, body: answer!.body }
            })
          )
        )
      })

      const startAlone = Effect.fn("GuildRefreshesRepo.startAlone")(function* <E>(
        guild: GuildId,
        options: RefreshOptions,
        begin: (begun: Begun) => Effect.Effect<void, E>
      ) {
        return yield* change(
          sql.withTransaction(
            Effect.gen(function* () {
              const [row] = yield* insert(guild, null, options)
              if (row === undefined || row.id === null) return false
              const made = begun(row)
              if (made !== undefined) yield* begin(made)
              return true
            })
          )
        )
      })

      const list = (guild: GuildId, caller: UserId) =>
        reads<{ readonly body: JsonText<{ readonly refreshes: ReadonlyArray<RefreshSummary> }> }>`
          select convert_to(json_build_object('refreshes', (
            select coalesce(json_agg(${short} order by f.created_at desc, f.id), '[]') from (
              select * from guild_refreshes where guild_id = m.guild_id order by created_at desc, id limit 20
            ) f ${joined}))::text, 'UTF8') as body
          from live_members m where m.guild_id = ${guild} and m.user_id = ${caller}`.pipe(
          read,
          Effect.map((rows) => rows[0]?.body)
        )

      const get = (guild: GuildId, caller: UserId, id: RefreshId) =>
        reads<{ readonly body: RefreshBody | null }>`
          select (select convert_to(json_build_object('refresh', ${json})::text, 'UTF8')
            from guild_refreshes f ${joined} where f.id = ${id} and f.guild_id = m.guild_id) as body
          from live_members m where m.guild_id = ${guild} and m.user_id = ${caller}`.pipe(
          read,
          Effect.map((rows) => rows[0])
        )

      const news = sharedRead((asks: ReadonlyArray<{ readonly id: RefreshId; readonly after: number }>) =>
        reads<{ readonly n: number; readonly sequence: number; readonly news: RefreshNews }>`
          select ask.n::int as n, f.sequence::float8 as sequence,
            json_build_object('after', ask.after, 'refresh', ${short}, 'parts', (
              select ${settled} from guild_refresh_parts t
              where t.refresh_id = f.id and t.sequence > ask.after)) as news
          from unnest(string_to_array(${asks.map(({ id }) => id).join(" ")}, ' ')::uuid[],
            string_to_array(${asks.map(({ after }) => after).join(" ")}, ' ')::bigint[]) with ordinality ask(id, after, n)
          join guild_refreshes f on f.id = ask.id and f.sequence > ask.after ${joined}`.pipe(
          Effect.map((rows) => {
            const byAsk = new Map(rows.map((row) => [row.n, row]))
            return asks.map((_, n) => byAsk.get(n + 1))
          })
        )
      )

      const cancel = (guild: GuildId, caller: UserId, id: RefreshId) =>
        sql<Asked & { readonly found: boolean; readonly providers: ReadonlyArray<Provider> | null }>`
          with caller as (
            select role from live_members where guild_id = ${guild} and user_id = ${caller}
          ), ended as (
            update guild_refreshes f set outcome = 'cancelled', finished_at = now(), sequence = sequence + 1
            from caller where f.id = ${id} and f.guild_id = ${guild} and f.finished_at is null
              and role in ('officer', 'admin')
            returning f.id, pg_notify('guild_refresh', f.id::text)
          )
          select role as caller_role,
            exists (select from guild_refreshes where id = ${id} and guild_id = ${guild}) as found,
            (select array_agg(provider) from guild_refresh_providers p join ended on p.refresh_id = ended.id) as providers
          from caller`.pipe(
          change,
          Effect.map((rows) => rows[0])
        )

      return GuildRefreshesRepo.of({ start, startAlone, list, get, news, cancel })
    })
  )
}
