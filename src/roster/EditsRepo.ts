import { Context, Effect, Layer } from "effect"
import { SqlClient, SqlError, type Statement } from "effect/sql"
import type { UserId } from "../auth/User.ts"
import type { GuildId, GuildRole } from "../guilds/Guild.ts"
import { DependencyUnavailable } from "../http/ApiError.ts"
import { type JsonText, parseJson } from "../http/JsonText.ts"
import { change, read, Reads } from "../infra/Sql.ts"
import { entryJoins, entryJson, playerJson } from "./RosterSql.ts"
import type { RosterState, RosterWrites } from "./RosterState.ts"

/** What an edit answers with, besides the revision: one player or one entry as it then is. */
export type Shown = { readonly player: string } | { readonly entry: string } | undefined

interface Edit {
  readonly writes: RosterWrites
  readonly shown: Shown
  /** Who may do it. */
  readonly roles: ReadonlyArray<typeof GuildRole.Type>
  /** It changes nothing, so it is no edit. */
  readonly idle: boolean
}

export interface Written {
  readonly revision: number
  readonly shown: unknown
}

/** The rules that two edits at once can break: the second is planned again. */
const races = new Set(["23505", "23P01", "23503"])

export const isRace = (error: SqlError.SqlError) =>
  races.has(String((error.reason.cause as { readonly code?: unknown }).code))

const table = (sql: SqlClient.SqlClient, name: keyof RosterWrites, columns: string) =>
  sql`jsonb_to_recordset(input.j -> ${sql.literal(`'${name}'`)}) as x(${sql.literal(columns)})`

const playerColumns = "id uuid, name text, discord_user_id text, status text, note text"
const entryColumns =
  "id uuid, player_id uuid, character_id uuid, class text, spec text, role text, rank text, off_specs text[], note text"

/** Edits of a roster: a read, the plan that follows from it, and one statement that writes it unless it is outdated. */
export class EditsRepo extends Context.Service<
  EditsRepo,
  {
    /**
     * Plans an edit and writes it. `plan` may run twice: if another edit came between, it is planned again under the
     * guild's lock. Without writes nothing is written. Undefined if the caller is no member.
     */
    readonly edit: <A, E>(
      guild: GuildId,
      caller: UserId,
      names: ReadonlyArray<string>,
      plan: (state: RosterState) => Effect.Effect<{ readonly edit: Edit | undefined; readonly answer: A }, E>
    ) => Effect.Effect<
      { readonly state: RosterState; readonly answer: A; readonly written: Written | undefined } | undefined,
      E | DependencyUnavailable
    >
  }
>()("roster/EditsRepo") {
  static readonly layer = Layer.effect(
    EditsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads

      const stateOf = (from: SqlClient.SqlClient, guild: GuildId, user: UserId, names: ReadonlyArray<string>) =>
        Effect.map(
          from<{ readonly body: JsonText<RosterState> }>`
            with asked as (
              select m.role, g.id, g.region, g.realm, g.game_version, r.revision, r.edited_revision
              from live_members m join guilds g on g.id = m.guild_id join rosters r on r.guild_id = m.guild_id
              where m.guild_id = ${guild} and m.user_id = ${user}
            ), names as (
              select name, name_key(name) as key from jsonb_array_elements_text(${JSON.stringify(names)}::text::jsonb) name
            )
            select convert_to(json_build_object(
              'role', role, 'region', region, 'realm', realm, 'game_version', game_version,
              'revision', revision, 'edited_revision', edited_revision,
              'players', coalesce((select json_agg(json_build_object('id', p.id, 'name', p.name, 'key', name_key(p.name),
                'discord_user_id', p.discord_user_id, 'user_id', p.user_id, 'status', p.status, 'note', p.note)
                order by p.created_at, p.id) from roster_players p where p.guild_id = asked.id), '[]'),
              'entries', coalesce((select json_agg(json_build_object('id', e.id, 'player_id', e.player_id,
                'character_id', e.character_id, 'spec', e.spec, 'role', e.role, 'rank', e.rank,
                'off_specs', e.off_specs, 'note', e.note) order by e.created_at, e.id)
                from roster_entries e where e.guild_id = asked.id), '[]'),
              'characters', coalesce((select json_agg(json_build_object('id', c.id, 'name', c.name, 'key', c.name_key,
                'region', c.region, 'server', c.server, 'class', c.class, 'race', c.race, 'user_id', c.user_id,
                'free', not exists (select from roster_entries o where o.character_id = c.id and o.guild_id <> asked.id)
                  and (c.user_id is null or exists (select from live_members m
                    where m.guild_id = asked.id and m.user_id = c.user_id))))
                from (
                  select character_id as id from roster_entries where guild_id = asked.id
                  union
                  select f.id from characters f
                  where f.name_key in (select key from names) and f.deleted_at is null and not f.twin
                ) found join characters c using (id)), '[]'),
              'members', coalesce((select json_object_agg(m.user_id, i.discord_user_id) from live_members m
                left join discord_identities i using (user_id) where m.guild_id = asked.id
                  and not exists (select from guild_keys k where k.id = m.user_id)), '{}'),
              'keys', coalesce((select json_object_agg(name, key) from names), '{}')
            )::text, 'UTF8') as body from asked`,
          (rows) => (rows[0] === undefined ? undefined : parseJson(rows[0].body))
        )

      /** The rows of both tables as they are after this statement, which cannot see its own changes in them. */
      const shownJson = (shown: Shown) => {
        if (shown === undefined) return sql`null::json`
        if ("player" in shown)
          return sql`(select ${sql.literal(playerJson)} from (
            select * from made_players union all select * from changed_players) p where p.id = ${shown.player})`
        return sql`(select ${sql.literal(entryJson)} from (
            select * from made_entries union all select * from changed_entries) e
          ${sql.literal(
            entryJoins(`(select * from made_characters union all select * from changed_characters union all
            select * from characters where id not in (select id from changed_characters))`)
          )}
          where e.id = ${shown.entry})`
      }

      const write = (guild: GuildId, user: UserId, edited: number, { writes, shown, roles, idle }: Edit) => {
        // In one order, so that two guilds that make the same characters wait for each other one way.
        writes.characters_made.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
        const ids = (name: keyof RosterWrites) =>
          sql`(select x::uuid from jsonb_array_elements_text(input.j -> ${sql.literal(`'${name}'`)}) x)`
        // Who edits is said before the rows are: triggers write the history.
        const steps: Statement.Fragment = sql`
          with input as materialized (select ${JSON.stringify(writes)}::text::jsonb as j),
          locked as materialized (select id from guilds where id = ${guild} and deleted_at is null for update),
          ready as materialized (
            select r.guild_id from locked join rosters r on r.guild_id = locked.id
            join guild_memberships m on m.guild_id = locked.id and m.user_id = ${user} and m.deleted_at is null
            where r.edited_revision = ${edited} and m.role = any (string_to_array(${roles.join(" ")}, ' '))
            for update of r for share of m
          ), turn as materialized (
            select guild_id, j, set_config('roster.actor', ${user}, true) as actor from ready, input
          ), removed_entries as (
            delete from roster_entries e using turn input
            where e.guild_id = input.guild_id and e.id in ${ids("entries_removed")}
          ), removed_players as (
            delete from roster_players p using turn input
            where p.guild_id = input.guild_id and p.id in ${ids("players_removed")}
          ), made_characters as (
            insert into characters (id, name, region, server, realm_slug, class, race, spec, role, rank)
            select x.* from turn input, ${table(sql, "characters_made", "id uuid, name text, region text, server text, realm_slug text, class text, race text, spec text, role text, rank text")}
            returning *
          ), changed_characters as (
            update characters c set class = x.class, race = x.race, updated_at = now(),
              spec = case when c.class = x.class then c.spec else x.spec end,
              role = case when c.class = x.class then c.role else x.role end
            from turn input, ${table(sql, "characters_changed", "id uuid, class text, race text, spec text, role text")}
            where c.id = x.id returning c.*
          ), made_players as (
            insert into roster_players (guild_id, id, name, discord_user_id, status, note)
            select input.guild_id, x.* from turn input, ${table(sql, "players_made", playerColumns)} returning *
          ), changed_players as (
            update roster_players p set name = x.name, discord_user_id = x.discord_user_id, status = x.status,
              status_before = case when p.status = x.status then p.status_before end, note = x.note,
              updated_at = case when (p.name, p.discord_user_id, p.status, p.note)
                is distinct from (x.name, x.discord_user_id, x.status, x.note) then now() else p.updated_at end
            from turn input, ${table(sql, "players_changed", playerColumns)}
            where p.id = x.id and p.guild_id = input.guild_id returning p.*
          ), made_entries as (
            insert into roster_entries (guild_id, id, player_id, character_id, class, spec, role, rank, off_specs, note)
            select input.guild_id, x.* from turn input, ${table(sql, "entries_made", entryColumns)} returning *
          ), changed_entries as (
            update roster_entries e set player_id = x.player_id, class = x.class, spec = x.spec, role = x.role,
              rank = x.rank, off_specs = x.off_specs, note = x.note,
              updated_at = case when (e.player_id, e.class, e.spec, e.role, e.rank, e.off_specs, e.note)
                is distinct from (x.player_id, x.class, x.spec, x.role, x.rank, x.off_specs, x.note)
                then now() else e.updated_at end
            from turn input, ${table(sql, "entries_changed", entryColumns)}
            where e.id = x.id and e.guild_id = input.guild_id returning e.*
          ), edited as (
            update rosters r set revision = revision + ${idle ? 0 : 1}::int, edited_in = pg_current_xact_id(),
              edited_revision = ${idle ? sql`edited_revision` : sql`revision + 1`}
            from turn where r.guild_id = turn.guild_id returning r.revision
          )`
        return Effect.map(
          sql<{ readonly revision: string; readonly shown: unknown }>`
            ${steps} select revision::text, ${shownJson(shown)} as shown from edited`,
          ([row]) => row && { revision: Number(row.revision), shown: row.shown }
        )
      }

      const edit: EditsRepo["Service"]["edit"] = Effect.fn("EditsRepo.edit")(function* (guild, caller, names, plan) {
        const first = yield* read(stateOf(reads, guild, caller, names))
        if (first === undefined) return undefined
        const planned = yield* plan(first)
        if (planned.edit === undefined) return { state: first, answer: planned.answer, written: undefined }
        const written = yield* change(
          write(guild, caller, first.edited_revision, planned.edit).pipe(Effect.catchIf(isRace, () => Effect.undefined))
        )
        if (written !== undefined) return { state: first, answer: planned.answer, written }
        return yield* change(
          sql.withTransaction(
            Effect.gen(function* () {
              yield* sql`select from guilds where id = ${guild} for update`
              const state = yield* stateOf(sql, guild, caller, names)
              if (state === undefined) return undefined
              const again = yield* plan(state)
              if (again.edit === undefined) return { state, answer: again.answer, written: undefined }
              // Under the lock only another guild's new characters can still come between.
              const written = yield* write(guild, caller, state.edited_revision, again.edit).pipe(
                Effect.catchIf(isRace, () => new DependencyUnavailable({ retryAfter: 1 }))
              )
              return { state, answer: again.answer, written }
            })
          )
        )
      })

      return EditsRepo.of({ edit })
    })
  )
}
