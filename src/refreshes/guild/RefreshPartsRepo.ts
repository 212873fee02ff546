import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { CharacterId } from "../../characters/Character.ts"
import type { RaidRole, Region } from "../../game/Game.ts"
import type { DependencyUnavailable } from "../../http/ApiError.ts"
import { change } from "../../infra/Sql.ts"
import type { EntryId } from "../../roster/Roster.ts"
import type { Provider, RefreshId } from "./GuildRefresh.ts"

/** A part that is not settled, and whom it is about. */
export interface OpenPart {
  readonly entry_id: EntryId
  readonly character: CharacterId
  readonly name: string
  readonly region: Region
  readonly server: string
  readonly class: string
  readonly role: RaidRole
  readonly game_version: string
  /** How many answers were kept that did not settle it, and what they told. */
  readonly round: number
  readonly kept: unknown
}

export interface Settled {
  readonly entry_id: EntryId
  readonly outcome: "done" | "failed"
  readonly error: string | null
}

/** An answer that does not settle a part: the `round`th of it. */
export interface Kept {
  readonly entry_id: EntryId
  readonly round: number
  readonly kept: unknown
}

/** What asking cost. */
export interface Spent {
  readonly requests: number
  readonly points_left: number | null
}

/** Writes to other tables, in the same transaction, for these entries. */
export type Store = (open: ReadonlySet<EntryId>) => Effect.Effect<unknown, SqlError.SqlError | DependencyUnavailable>

interface Writing {
  readonly id: RefreshId
  readonly provider: Provider
  readonly spent: Spent
}

const nothingLeft = "This character is no longer on the roster."

/**
 * What the steps of a refresh read and write. A part is settled once, and only while its refresh lives: whoever comes
 * late, because it was frozen or taken for dead, changes nothing.
 */
export class RefreshPartsRepo extends Context.Service<
  RefreshPartsRepo,
  {
    /** The parts that are not settled, of these entries or of all; those that lost their character are settled now. */
    readonly open: (
      id: RefreshId,
      provider: Provider,
      entries?: ReadonlyArray<EntryId>
    ) => Effect.Effect<ReadonlyArray<OpenPart>, DependencyUnavailable>
    /**
     * Writes what became of parts, together with what `store` writes for those of them that nobody wrote before; the last
     * ones finish the refresh. False if it does not live any more.
     */
    readonly write: (
      writing: Writing,
      news: { readonly settled?: ReadonlyArray<Settled>; readonly kept?: ReadonlyArray<Kept> },
      store?: Store
    ) => Effect.Effect<boolean, DependencyUnavailable>
    /** Tells until when nothing is asked, in milliseconds since 1970. False if the refresh does not live any more. */
    readonly wait: (
      writing: Writing,
      until: number,
      reason: "reserve" | "limit" | "provider"
    ) => Effect.Effect<boolean, DependencyUnavailable>
    /** For a refresh whose work ended in another way than it should. */
    readonly fail: (id: RefreshId) => Effect.Effect<void, DependencyUnavailable>
  }
>()("refreshes/guild/RefreshPartsRepo") {
  static readonly layer = Layer.effect(
    RefreshPartsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      /**
       * Locks the refresh while it lives, and counts the event. The guild's row comes first, as in every edit of a roster:
       * both go on to characters and rosters.
       */
      const turn = (id: RefreshId) =>
        Effect.map(
          sql<{ readonly sequence: string }>`
            with locked as materialized (
              select from guilds where id = (select guild_id from guild_refreshes where id = ${id}) for no key update
            )
            update guild_refreshes set sequence = sequence + 1, moved_at = now()
            from locked where id = ${id} and finished_at is null returning sequence::text`,
          (rows) => rows[0]?.sequence
        )

      const asked = ({ id, provider, spent }: Writing) => sql`
        update guild_refresh_providers set requests = requests + ${spent.requests}::int,
          points_left = coalesce(${spent.points_left}::float8, points_left), waiting_until = null, waiting_for = null
        where refresh_id = ${id} and provider = ${provider}`

      const tell = (id: RefreshId) => sql`select pg_notify('guild_refresh', ${id})`

      /** After the parts, in a statement of its own: it sees those that another provider's step has just settled. */
      const finish = (id: RefreshId) => sql`
        with ended as (
          update guild_refreshes f set outcome = 'done', finished_at = now()
          where f.id = ${id} and f.finished_at is null and not exists (
            select from guild_refresh_parts where refresh_id = f.id and outcome is null)
        )
        select pg_notify('guild_refresh', ${id})`

      const open = (id: RefreshId, provider: Provider, entries?: ReadonlyArray<EntryId>) => {
        const these =
          entries === undefined
            ? sql``
            : sql` and t.entry_id = any (string_to_array(${entries.join(",")}, ',')::uuid[])`
        return sql<OpenPart & { readonly gone: boolean }>`
          select t.entry_id, t.character_id as character, c.name, c.region, c.server, c.class,
            coalesce(e.role, c.role) as role, g.game_version, t.round::int, t.kept, e.id is null as gone
          from guild_refreshes f join guilds g on g.id = f.guild_id
          join guild_refresh_parts t on t.refresh_id = f.id
          left join roster_entries e on e.id = t.entry_id and e.character_id = t.character_id
          left join characters c on c.id = e.character_id and c.deleted_at is null
          where f.id = ${id} and f.finished_at is null and t.provider = ${provider} and t.outcome is null${these}
          order by e.rank desc, t.entry_id`.pipe(
          change,
          Effect.flatMap((rows) => {
            const gone = rows.filter((row) => row.gone || row.name === null)
            const parts = gone.map(({ entry_id }) => ({ entry_id, outcome: "failed" as const, error: nothingLeft }))
            const here = rows.filter((row) => !gone.includes(row))
            const writing = { id, provider, spent: { requests: 0, points_left: null } }
            return parts.length === 0 ? Effect.succeed(here) : Effect.as(write(writing, { settled: parts }), here)
          })
        )
      }

      const write = (
        writing: Writing,
        { settled = [], kept = [] }: { readonly settled?: ReadonlyArray<Settled>; readonly kept?: ReadonlyArray<Kept> },
        store: Store = () => Effect.void
      ) =>
        change(
          sql.withTransaction(
            Effect.gen(function* () {
              const sequence = yield* turn(writing.id)
              if (sequence === undefined) return false
              const rows = yield* sql<{ readonly entry_id: EntryId }>`
                update guild_refresh_parts t set outcome = x.outcome, error = x.error,
                  sequence = case when x.outcome is not null then ${sequence}::bigint end,
                  round = coalesce(x.round, t.round), kept = x.kept
                from jsonb_to_recordset(${JSON.stringify([...settled, ...kept])}::text::jsonb)
                  as x(entry_id uuid, outcome text, error text, round smallint, kept jsonb)
                where t.refresh_id = ${writing.id} and t.provider = ${writing.provider} and t.entry_id = x.entry_id
                  and t.outcome is null and (x.outcome is not null or t.round = x.round - 1)
                returning t.entry_id`
              yield* asked(writing)
              yield* store(new Set(rows.map(({ entry_id }) => entry_id)))
              yield* finish(writing.id)
              return true
            })
          )
        )

      const wait = (writing: Writing, until: number, reason: "reserve" | "limit" | "provider") =>
        change(
          sql.withTransaction(
            Effect.gen(function* () {
              if ((yield* turn(writing.id)) === undefined) return false
              yield* asked(writing)
              yield* sql`
                update guild_refresh_providers set waiting_until = to_timestamp(${until / 1000}::float8),
                  waiting_for = ${reason}
                where refresh_id = ${writing.id} and provider = ${writing.provider}`
              yield* tell(writing.id)
              return true
            })
          )
        )

      const fail = (id: RefreshId) =>
        change(sql`
          with ended as (
            update guild_refreshes set outcome = 'failed', finished_at = now(), sequence = sequence + 1
            where id = ${id} and finished_at is null returning id
          )
          select pg_notify('guild_refresh', id::text) from ended`).pipe(Effect.asVoid)

      return RefreshPartsRepo.of({ open, write, wait, fail })
    })
  )
}
