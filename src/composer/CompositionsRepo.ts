import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { UserId } from "../auth/User.ts"
import type { GuildId, GuildRole } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { type JsonText, parseJson } from "../http/JsonText.ts"
import { change, read, Reads, sharedRead } from "../infra/Sql.ts"
import type { PlanId } from "../plans/Plan.ts"
import type { Facts, SeatRow, World } from "./Asked.ts"
import {
  type Composition,
  type CompositionId,
  type CompositionNews,
  type CompositionSummary,
  limits
} from "./Composition.ts"
import type { Wishes } from "./CompositionBodies.ts"
import { compositionJson, isLost, sequenceOf, summaryJson } from "./CompositionSql.ts"

export type CompositionBody = JsonText<{ readonly composition: Composition }>

/** A composition as it is stored. */
export interface Stored {
  readonly facts: Facts
  readonly final: boolean
  readonly seats: ReadonlyArray<SeatRow> | null
}

/** Null is what the plan does not have. */
interface StoredOne {
  readonly role: typeof GuildRole.Type
  readonly found: Stored | null
}

interface StoredTwo extends StoredOne {
  /** Of another composition. */
  readonly other: Stored | null
  /** The plan's own seats. */
  readonly plan: ReadonlyArray<SeatRow> | null
}

export interface NewComposition {
  readonly id: CompositionId
  readonly plan: PlanId
  readonly parent: CompositionId | null
  readonly revision: number
  readonly wishes: Wishes
  readonly facts: Facts
}

/** What the routes of compositions read and write. Undefined if the plan is not there for the caller. */
export class CompositionsRepo extends Context.Service<
  CompositionsRepo,
  {
    /** What a composition is made from. Null wishes if the plan has no such parent. */
    readonly world: (
      plan: PlanId,
      caller: UserId,
      parent: CompositionId | null
    ) => Effect.Effect<World | undefined, DependencyUnavailable>
    /** Undefined if the caller may not any more. */
    readonly create: (
      caller: UserId,
      made: NewComposition
    ) => Effect.Effect<CompositionBody | undefined, DependencyUnavailable>
    readonly list: (
      plan: PlanId,
      caller: UserId
    ) => Effect.Effect<
      JsonText<{ readonly compositions: ReadonlyArray<CompositionSummary> }> | undefined,
      DependencyUnavailable
    >
    readonly get: (
      plan: PlanId,
      caller: UserId,
      id: CompositionId
    ) => Effect.Effect<
      { readonly guild: GuildId; readonly final: boolean; readonly body: CompositionBody | null } | undefined,
      DependencyUnavailable
    >
    readonly stored: (
      plan: PlanId,
      caller: UserId,
      id: CompositionId
    ) => Effect.Effect<StoredOne | undefined, DependencyUnavailable>
    /** The same with another, or with the plan. */
    readonly both: (
      plan: PlanId,
      caller: UserId,
      id: CompositionId,
      other: CompositionId | "plan"
    ) => Effect.Effect<StoredTwo | undefined, DependencyUnavailable>
    /** What changed since that event, if anything. Those who ask at once share a statement. */
    readonly news: (since: {
      readonly id: CompositionId
      readonly after: number
    }) => Effect.Effect<
      { readonly sequence: number; readonly news: CompositionNews } | undefined,
      DependencyUnavailable
    >
    /** Asks its server to stop it; one that waits is stopped at once. */
    readonly stop: (
      plan: PlanId,
      caller: UserId,
      id: CompositionId
    ) => Effect.Effect<
      { readonly role: typeof GuildRole.Type; readonly found: boolean } | undefined,
      DependencyUnavailable
    >
  }
>()("composer/CompositionsRepo") {
  static readonly layer = Layer.effect(
    CompositionsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads
      const json = sql.literal(compositionJson)
      const short = sql.literal(summaryJson)
      const lost = sql.literal(isLost)
      const sequence = sql.literal(sequenceOf)

      const asked = (plan: PlanId, user: UserId) => sql`
        select plan.id, plan.guild_id, m.role from plans plan
        join live_members m on m.guild_id = plan.guild_id and m.user_id = ${user}
        where plan.id = ${plan} and plan.deleted_at is null`

      const world = (plan: PlanId, user: UserId, parent: CompositionId | null) =>
        reads<{ readonly body: JsonText<World> }>`
          with asked as materialized (${asked(plan, user)}), earlier as materialized (
            select o.id from asked join plans p on p.id = asked.id
            join plans o on o.guild_id = p.guild_id and o.number < p.number and o.deleted_at is null
            order by o.number desc limit 3
          ), waited as materialized (
            select player_id, count(*)::int as times from (
              select s.player_id from earlier join plan_seats s on s.plan_id = earlier.id
              group by s.plan_id, s.player_id having max(s."group") = -1) benched
            group by player_id
          )
          select convert_to(json_build_object(
            'role', asked.role, 'revision', p.revision, 'ruleset', p.ruleset, 'faction', g.faction,
            'overrides', coalesce((select o."values" from guild_ruleset_overrides o
              where o.guild_id = p.guild_id and o.ruleset = p.ruleset), '{}'),
            'raids', (select json_agg(json_build_object('title', r.title, 'size', r.size,
              'starts_at', rfc3339(r.starts_at), 'zone', r.zone) order by r.raid) from plan_raids r where r.plan_id = p.id),
            'entries', coalesce((select json_agg(json_build_object('entry_id', e.id, 'player_id', w.id, 'name', c.name,
              'class', e.class, 'spec', e.spec, 'role', e.role, 'race', c.race, 'rank', e.rank, 'status', w.status,
              'debt', coalesce((select times from waited where waited.player_id = w.id), 0)) order by e.created_at, e.id)
              from roster_entries e join characters c on c.id = e.character_id join roster_players w on w.id = e.player_id
              where e.guild_id = p.guild_id), '[]'),
            'seats', coalesce((select json_agg(json_build_object('entry_id', s.live_entry_id, 'raid', s.raid,
              'group', s."group")) from plan_seats s
              where s.plan_id = p.id and s."group" >= 0 and s.live_entry_id is not null), '[]'),
            'wishes', (select f.wishes from plan_compositions f where f.id = ${parent}::uuid and f.plan_id = p.id)
          )::text, 'UTF8') as body
          from asked join plans p on p.id = asked.id join guilds g on g.id = p.guild_id`.pipe(
          read,
          Effect.map((rows) => rows[0] && parseJson(rows[0].body))
        )

      const create = (user: UserId, { id, plan, parent, revision, wishes, facts }: NewComposition) =>
        sql<{ readonly body: CompositionBody }>`
          with made as (
            insert into plan_compositions (id, plan_id, guild_id, parent_id, requested_by, revision, wishes, problem)
            select ${id}::uuid, asked.id, asked.guild_id, (select f.id from plan_compositions f
              where f.id = ${parent}::uuid and f.plan_id = asked.id), ${user}::uuid, ${revision}::bigint,
              ${JSON.stringify(wishes)}::text::jsonb, ${JSON.stringify(facts)}::text::jsonb
            from (${asked(plan, user)}) asked where asked.role in ('officer', 'admin') returning *
          )
          select convert_to(json_build_object('composition', ${json})::text, 'UTF8') as body from made f`.pipe(
          change,
          Effect.map((rows) => rows[0]?.body)
        )

      const list = (plan: PlanId, user: UserId) =>
        reads<{ readonly body: JsonText<{ readonly compositions: ReadonlyArray<CompositionSummary> }> }>`
          select convert_to(json_build_object('compositions', (
            select coalesce(json_agg(${short} order by f.created_at desc, f.id), '[]') from (
              select * from plan_compositions where plan_id = asked.id order by created_at desc, id limit ${limits.listed}
            ) f))::text, 'UTF8') as body
          from (${asked(plan, user)}) asked`.pipe(
          read,
          Effect.map((rows) => rows[0]?.body)
        )

      const get = (plan: PlanId, user: UserId, id: CompositionId) =>
        reads<{ readonly guild: GuildId; readonly final: boolean; readonly body: CompositionBody | null }>`
          select asked.guild_id as guild, coalesce(f.finished_at is not null or (${lost}), false) as final,
            case when f.id is not null then
              convert_to(json_build_object('composition', ${json})::text, 'UTF8') end as body
          from (${asked(plan, user)}) asked
          left join plan_compositions f on f.id = ${id} and f.plan_id = asked.id`.pipe(
          read,
          Effect.map((rows) => rows[0])
        )

      const storedJson = sql.literal(`case when f.id is not null then json_build_object('facts', f.problem,
        'seats', f.seats, 'final', f.finished_at is not null or (${isLost})) end`)

      const stored = (plan: PlanId, user: UserId, id: CompositionId) =>
        reads<{ readonly body: JsonText<StoredOne> }>`
          select convert_to(json_build_object('role', asked.role, 'found', ${storedJson})::text, 'UTF8') as body
          from (${asked(plan, user)}) asked
          left join plan_compositions f on f.id = ${id} and f.plan_id = asked.id`.pipe(
          read,
          Effect.map((rows) => rows[0] && parseJson(rows[0].body))
        )

      const both = (plan: PlanId, user: UserId, id: CompositionId, other: CompositionId | "plan") =>
        reads<{ readonly body: JsonText<StoredTwo> }>`
          select convert_to(json_build_object('role', asked.role, 'found', ${storedJson},
            'other', (select ${storedJson} from plan_compositions f
              where f.id = ${other === "plan" ? null : other}::uuid and f.plan_id = asked.id),
            'plan', case when ${other}::text = 'plan' then coalesce((
              select json_agg(json_build_object('entry_id', s.entry_id, 'player_id', s.player_id, 'name', s.name,
                'class', s.class, 'spec', s.spec, 'role', s.role, 'race', c.race, 'rank', s.rank, 'debt', 0,
                'raid', s.raid, 'group', s."group", 'slot', s.slot) order by s.raid, s."group", s.slot)
              from plan_seats s join characters c on c.id = s.character_id where s.plan_id = asked.id), '[]') end
          )::text, 'UTF8') as body
          from (${asked(plan, user)}) asked
          left join plan_compositions f on f.id = ${id} and f.plan_id = asked.id`.pipe(
          read,
          Effect.map((rows) => rows[0] && parseJson(rows[0].body))
        )

      const news = sharedRead((asks: ReadonlyArray<{ readonly id: CompositionId; readonly after: number }>) =>
        reads<{ readonly n: number; readonly sequence: number; readonly news: CompositionNews }>`
          select ask.n::int as n, (${sequence})::float8 as sequence, json_build_object('composition', ${short}) as news
          from unnest(string_to_array(${asks.map(({ id }) => id).join(" ")}, ' ')::uuid[],
            string_to_array(${asks.map(({ after }) => after).join(" ")}, ' ')::bigint[]) with ordinality ask(id, after, n)
          join plan_compositions f on f.id = ask.id and (${sequence}) > ask.after`.pipe(
          Effect.map((rows) => {
            const byAsk = new Map(rows.map((row) => [row.n, row]))
            return asks.map((_, n) => byAsk.get(n + 1))
          })
        )
      )

      const stop = (plan: PlanId, user: UserId, id: CompositionId) =>
        sql<{ readonly role: typeof GuildRole.Type; readonly found: boolean }>`
          with asked as (${asked(plan, user)}), stopped as (
            update plan_compositions f set stop_asked = true, sequence = sequence + 1,
              state = case when f.state = 'queued' then 'stopped' else f.state end,
              ended_by = case when f.state = 'queued' then 'cancel' end,
              finished_at = case when f.state = 'queued' then now() end
            from asked where f.id = ${id} and f.plan_id = asked.id and asked.role in ('officer', 'admin')
              and f.finished_at is null and not (${lost})
            returning pg_notify('composition', f.id || ' stop')
          )
          select asked.role, exists (select from plan_compositions f where f.id = ${id} and f.plan_id = asked.id) as found,
            (select count(*) from stopped)::int as told
          from asked`.pipe(
          change,
          Effect.map((rows) => rows[0])
        )

      return CompositionsRepo.of({ world, create, list, get, stored, both, news, stop })
    })
  )
}
