import { Context, Effect, Layer } from "effect"
import { SqlClient, SqlError, type Statement } from "effect/sql"
import { auditEvents } from "../audit/AuditEvents.ts"
import { actorJson } from "../auth/ActorSql.ts"
import type { Actor, UserId } from "../auth/User.ts"
import type { GuildId, GuildRole } from "../guilds/Guild.ts"
import { DependencyUnavailable } from "../http/ApiError.ts"
import { type JsonText, parseJson } from "../http/JsonText.ts"
import { change, read, Reads } from "../infra/Sql.ts"
import { limits, type PlanId } from "./Plan.ts"
import { entrySeatJson, planJson, revisionJson } from "./PlanSql.ts"
import type { PlanState, PlanWrites } from "./PlanState.ts"

interface Asked {
  /** Entries of the roster that the write names. */
  readonly entries: ReadonlyArray<string>
  /** A revision: those after it are needed, and the entries that they name. */
  readonly since?: number | undefined
}

/** What a write makes: the rows, or the end of the plan; undefined if nothing is to be written. */
interface Edit<A> {
  readonly edit: PlanWrites | "remove" | undefined
  readonly answer: A
}

/** A write that was done, or the plan as somebody else wrote it meanwhile. */
export type Outcome =
  | { readonly revision: number; readonly updated_at: string }
  | { readonly stale: { readonly revision: number; readonly updated_by: Actor | null } }

export interface GuildState {
  readonly role: typeof GuildRole.Type
  readonly game_version: string
  readonly caller: Actor
}

const violationOf = ({ cause }: SqlError.SqlError["reason"]) =>
  cause as { readonly code?: unknown; readonly constraint?: unknown }

/** What a roster's edit at the same time can break: the write is planned again. */
const races = new Set(["23505", "23P01", "23503"])

const isRace = ({ reason }: SqlError.SqlError) => races.has(String(violationOf(reason).code))

const seatColumns = `entry_id uuid, character_id uuid, player_id uuid, raid smallint, size smallint, "group" smallint,
  slot smallint, spec text, role text, name text, class text, rank text, player_name text, doubled boolean`
const written = `raid, size, "group", slot, spec, role, player_id, name, class, rank, player_name, doubled`
const writtenOf = (table: string) => written.replaceAll(/"?\w+"?/g, (column) => `${table}.${column}`)
const raidColumns = "raid smallint, title text, size smallint, starts_at timestamptz, zone text"

/** Writes of plans: a read, what follows from it, and one statement that stores it unless the plan was written meanwhile. */
export class PlanWritesRepo extends Context.Service<
  PlanWritesRepo,
  {
    /** A plan as its writer finds it; undefined if it is not there for the caller. */
    readonly state: (
      id: PlanId,
      caller: UserId,
      asked: Asked
    ) => Effect.Effect<PlanState | undefined, DependencyUnavailable>
    /**
     * Plans a write and stores it. `plan` runs again, under the plan's lock, if the roster was edited in between, or the
     * plan was and `insist` says that this does not matter. Undefined if the plan is not there for the caller.
     */
    readonly write: <A, E>(
      id: PlanId,
      caller: UserId,
      asked: Asked,
      insist: boolean,
      plan: (state: PlanState) => Effect.Effect<Edit<A>, E>
    ) => Effect.Effect<
      { readonly state: PlanState; readonly answer: A; readonly outcome: Outcome | undefined } | undefined,
      E | DependencyUnavailable
    >
    readonly guild: (guild: GuildId, caller: UserId) => Effect.Effect<GuildState | undefined, DependencyUnavailable>
    /** Undefined if the caller may not, "full" if the guild has no room. */
    readonly create: (
      guild: GuildId,
      caller: UserId,
      ruleset: string,
      writes: PlanWrites
    ) => Effect.Effect<{ readonly id: PlanId; readonly at: string } | "full" | undefined, DependencyUnavailable>
  }
>()("plans/PlanWritesRepo") {
  static readonly layer = Layer.effect(
    PlanWritesRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads

      const stateOf = (from: SqlClient.SqlClient, id: PlanId, user: UserId, { entries, since }: Asked) =>
        Effect.map(
          from<{ readonly body: JsonText<PlanState> }>`
            with asked as materialized (
              select plan, plan.id, plan.guild_id, m.role, g.game_version from plans plan
              join live_members m on m.guild_id = plan.guild_id and m.user_id = ${user}
              join guilds g on g.id = plan.guild_id
              where plan.id = ${id} and plan.deleted_at is null
            ), later as materialized (
              select h.* from asked join plan_revisions h on h.plan_id = asked.id and h.revision > ${since ?? null}::bigint
            ), named as (
              select x::uuid as id from jsonb_array_elements_text(${JSON.stringify(entries)}::text::jsonb) x
              union
              select (x ->> 'entry_id')::uuid from later, jsonb_array_elements(later.moves) x
            )
            select convert_to(json_build_object(
              'role', role, 'game_version', game_version,
              'caller', (select ${sql.literal(actorJson("u.id"))} from (select ${user}::uuid as id) u),
              'plan', (select ${sql.literal(planJson)} from (select (asked.plan).*) plan),
              'characters', coalesce((select json_object_agg(s.entry_id, s.character_id) from plan_seats s
                where s.plan_id = asked.id), '{}'),
              'entries', coalesce((select json_agg(json_build_object('character_id', e.character_id,
                'seat', ${sql.literal(entrySeatJson)}))
                from named join roster_entries e on e.id = named.id and e.guild_id = asked.guild_id
                join characters c on c.id = e.character_id join roster_players p on p.id = e.player_id), '[]'),
              'revisions', coalesce((select json_agg(${sql.literal(revisionJson)} order by h.revision desc)
                from later h), '[]')
            )::text, 'UTF8') as body from asked`,
          (rows) => (rows[0] === undefined ? undefined : parseJson(rows[0].body))
        )

      /** The steps that store the seats of a plan that is there: `turn` has its id, its guild and the rows as `j`. */
      const revisedSteps = (user: UserId, revision: Statement.Fragment) => sql`
        revised as (
          insert into plan_revisions (plan_id, revision, actor_id, summary, title, raids, moves)
          select id, ${revision}, ${user}::uuid, left(j ->> 'summary', 200), nullif(j #> '{changes,title}', 'null'),
            j #> '{changes,raids}', j #> '{changes,moves}' from turn
        )`

      const addedSteps = sql.literal(`
        wanted as materialized (select w.* from turn, jsonb_to_recordset(turn.j -> 'seats') as w(${seatColumns})),
        added as (
          insert into plan_seats (plan_id, guild_id, entry_id, character_id, live_entry_id, live_guild_id, ${written})
          select turn.id, turn.guild_id, w.entry_id, w.character_id, w.entry_id, turn.guild_id, ${writtenOf("w")}
          from turn, wanted w
          where not exists (select from plan_seats s where s.plan_id = turn.id and s.entry_id = w.entry_id)
        )`)

      /** The plan's row is locked first, then the guild's: a roster's edit holds the guild before it touches a seat. */
      const locked = (id: PlanId, user: UserId, revision: number) => sql`
        locked as materialized (
          select id, guild_id, revision, updated_by from plans where id = ${id} and deleted_at is null for update
        ), ready as materialized (
          select l.id, l.guild_id from locked l join guilds g on g.id = l.guild_id and g.deleted_at is null
          join guild_memberships m on m.guild_id = l.guild_id and m.user_id = ${user} and m.deleted_at is null
          where l.revision = ${revision} and m.role in ('officer', 'admin')
          for key share of g for share of m
        )`

      /** Those who look at the plan are told what was written, by whom. */
      const resultWith = (notice: string) =>
        sql.literal(`
          select saved.revision::text, rfc3339(saved.updated_at) as updated_at, l.revision::text as current,
            ${actorJson("l.updated_by")} as updated_by, pg_notify('plan', ${notice})::text as told
          from locked l left join saved on true`)
      const saved = resultWith("saved.id || ' ' || saved.revision || ' ' || saved.updated_by")
      const ended = resultWith("saved.id || ' ' || saved.revision || ' ' || saved.updated_by || ' deleted'")

      const store = (id: PlanId, user: UserId, revision: number, writes: PlanWrites) => sql<Row>`
        with ${locked(id, user, revision)}, turn as materialized (
          select ready.*, ${JSON.stringify(writes)}::text::jsonb as j from ready
        ), ${addedSteps}, removed as (
          delete from plan_seats s using turn
          where s.plan_id = turn.id and s.entry_id not in (select entry_id from wanted)
        ), changed as (
          update plan_seats s set (${sql.literal(written)}) = row (${sql.literal(writtenOf("w"))})
          from turn, wanted w where s.plan_id = turn.id and s.entry_id = w.entry_id
            and (${sql.literal(writtenOf("s"))}) is distinct from (${sql.literal(writtenOf("w"))})
        ), raids_removed as (
          delete from plan_raids r using turn where r.plan_id = turn.id and r.raid >= jsonb_array_length(turn.j -> 'raids')
        ), raids_put as (
          insert into plan_raids as r (plan_id, raid, title, size, starts_at, zone)
          select turn.id, x.* from turn, jsonb_to_recordset(turn.j -> 'raids') as x(${sql.literal(raidColumns)})
          on conflict (plan_id, raid) do update set title = excluded.title, size = excluded.size,
            starts_at = excluded.starts_at, zone = excluded.zone
          where (r.title, r.size, r.starts_at, r.zone)
            is distinct from (excluded.title, excluded.size, excluded.starts_at, excluded.zone)
        ), ${revisedSteps(user, sql`${revision}::bigint + 1`)}, pruned as (
          delete from plan_revisions h using turn where h.plan_id = turn.id and h.revision <= ${revision - limits.revisions + 1}
        ), saved as (
          update plans p set revision = p.revision + 1, title = turn.j ->> 'title', updated_by = ${user},
            updated_at = now()
          from turn where p.id = turn.id returning p.id, p.revision, p.updated_by, p.updated_at
        ) ${saved}`

      const remove = Effect.fnUntraced(function* (id: PlanId, user: UserId, revision: number) {
        const event = yield* auditEvents(sql, {
          type: "guild_plan_deleted",
          user: sql`${user}::uuid`,
          guild: sql`guild_id`,
          detail: sql`jsonb_build_object('plan_id', id, 'title', title)`,
          from: sql`saved`
        })
        return yield* sql<Row>`
          with ${locked(id, user, revision)}, saved as (
            update plans p set revision = p.revision + 1, updated_by = ${user}, updated_at = now(), deleted_at = now()
            from ready where p.id = ready.id returning p.*
          ), noted as (${event}) ${ended}`
      })

      interface Row {
        readonly revision: string | null
        readonly updated_at: string
        readonly current: string
        readonly updated_by: Actor | null
      }

      const outcomeOf = ([row]: ReadonlyArray<Row>): Outcome | undefined => {
        if (row === undefined) return undefined
        if (row.revision !== null) return { revision: Number(row.revision), updated_at: row.updated_at }
        return { stale: { revision: Number(row.current), updated_by: row.updated_by } }
      }

      const run = (id: PlanId, user: UserId, revision: number, edit: PlanWrites | "remove") =>
        Effect.map(edit === "remove" ? remove(id, user, revision) : store(id, user, revision, edit), outcomeOf)

      const write: PlanWritesRepo["Service"]["write"] = Effect.fn("PlanWritesRepo.write")(
        function* (id, user, asked, insist, plan) {
          const state = yield* read(stateOf(reads, id, user, asked))
          if (state === undefined) return undefined
          const { edit, answer } = yield* plan(state)
          if (edit === undefined) return { state, answer, outcome: undefined }
          const { revision } = state.plan
          const outcome = yield* change(
            run(id, user, revision, edit).pipe(Effect.catchIf(isRace, () => Effect.undefined))
          )
          const isOld = outcome !== undefined && "stale" in outcome && outcome.stale.revision !== revision
          if (outcome !== undefined && (!("stale" in outcome) || (isOld && !insist))) return { state, answer, outcome }
          return yield* change(
            sql.withTransaction(
              Effect.gen(function* () {
                yield* sql`select from plans where id = ${id} for update`
                yield* sql`select from guilds where id in (select guild_id from plans where id = ${id}) for key share`
                const state = yield* stateOf(sql, id, user, asked)
                if (state === undefined) return undefined
                const { edit, answer } = yield* plan(state)
                if (edit === undefined) return { state, answer, outcome: undefined }
                return { state, answer, outcome: yield* run(id, user, state.plan.revision, edit) }
              })
            )
          )
        }
      )

      const guild = (id: GuildId, user: UserId) =>
        Effect.map(
          read(reads<GuildState>`
            select m.role, g.game_version, ${sql.literal(actorJson("m.user_id"))} as caller
            from live_members m join guilds g on g.id = m.guild_id
            where m.guild_id = ${id} and m.user_id = ${user}`),
          (rows) => rows[0]
        )

      const create = Effect.fnUntraced(function* (guildId: GuildId, user: UserId, ruleset: string, writes: PlanWrites) {
        const event = yield* auditEvents(sql, {
          type: "guild_plan_created",
          user: sql`${user}::uuid`,
          guild: sql`guild_id`,
          detail: sql`jsonb_build_object('plan_id', id, 'title', title)`,
          from: sql`made`
        })
        const made = yield* change(
          sql<{ readonly id: PlanId; readonly at: string }>`
            with input as materialized (select ${JSON.stringify(writes)}::text::jsonb as j), made as (
              insert into plans (guild_id, title, ruleset, created_by, updated_by)
              select m.guild_id, input.j ->> 'title', ${ruleset}, m.user_id, m.user_id from input, live_members m
              where m.guild_id = ${guildId} and m.user_id = ${user} and m.role in ('officer', 'admin')
              returning *
            ), turn as materialized (select made.id, made.guild_id, input.j from made, input), raids_made as (
              insert into plan_raids (plan_id, raid, title, size, starts_at, zone)
              select turn.id, x.* from turn, jsonb_to_recordset(turn.j -> 'raids') as x(${sql.literal(raidColumns)})
            ), ${addedSteps}, ${revisedSteps(user, sql`1`)}, noted as (${event})
            select id, rfc3339(created_at) as at from made`.pipe(
            Effect.catchIf(
              ({ reason }) => violationOf(reason).constraint === "plans_limit",
              () => Effect.succeed("full" as const)
            ),
            Effect.catchIf(
              (error) => SqlError.isSqlError(error) && isRace(error),
              () => new DependencyUnavailable({ retryAfter: 1 })
            )
          )
        )
        return made === "full" ? made : made[0]
      })

      return PlanWritesRepo.of({
        state: (id, user, asked) => read(stateOf(reads, id, user, asked)),
        write,
        guild,
        create
      })
    })
  )
}
