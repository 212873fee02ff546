import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import type { GuildId } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import { type JsonText, parseJson } from "../http/JsonText.ts"
import { read, Reads, sharedRead } from "../infra/Sql.ts"
import { taggedReader } from "../infra/SqlJson.ts"
import type { ListedPlan, Plan, PlanId, Revision, Written } from "./Plan.ts"
import type { SeatedPlan } from "./PlanCoverage.ts"
import { listedPlanJson, planJson, revisionJson, seatedJson } from "./PlanSql.ts"

type PlanJson = { readonly plan: Plan }
export type PlansPage = { readonly plans: ReadonlyArray<ListedPlan>; readonly next_cursor: string | null }
export type RevisionsPage = { readonly revisions: ReadonlyArray<Revision>; readonly next_cursor: string | null }

/** Reads of plans, for the guild's members. Undefined if the caller is none. */
export class PlansRepo extends Context.Service<
  PlansRepo,
  {
    /** In one statement. The tag is the plan's revision and the roster's, as the plan shows both. */
    readonly plan: (
      id: PlanId,
      caller: UserId,
      known: string
    ) => Effect.Effect<Tagged<PlanJson> | undefined, DependencyUnavailable>
    /** What its coverage is told from. */
    readonly seated: (id: PlanId, caller: UserId) => Effect.Effect<SeatedPlan | undefined, DependencyUnavailable>
    /** The guild of a plan. */
    readonly guildOf: (id: PlanId, caller: UserId) => Effect.Effect<GuildId | undefined, DependencyUnavailable>
    /** The last write of a plan, whoever asks; those who ask at once share a statement. Undefined if it is deleted. */
    readonly written: (id: PlanId) => Effect.Effect<Written | undefined, DependencyUnavailable>
    /** A page of a guild's live plans, newest first, from before that number. */
    readonly list: (
      guild: GuildId,
      caller: UserId,
      limit: number,
      before: string | undefined
    ) => Effect.Effect<JsonText<PlansPage> | undefined, DependencyUnavailable>
    /** A page of a plan's revisions, newest first, from before that one. */
    readonly revisions: (
      id: PlanId,
      caller: UserId,
      limit: number,
      before: string | undefined
    ) => Effect.Effect<JsonText<RevisionsPage> | undefined, DependencyUnavailable>
    /** Null if the plan has no such revision. */
    readonly revision: (
      id: PlanId,
      caller: UserId,
      revision: number
    ) => Effect.Effect<
      { readonly body: JsonText<{ readonly revision: Revision }> | null } | undefined,
      DependencyUnavailable
    >
  }
>()("plans/PlansRepo") {
  static readonly layer = Layer.effect(
    PlansRepo,
    Effect.gen(function* () {
      const sql = yield* Reads

      const plans = taggedReader<PlanJson>(sql, {
        asked: sql`select plan as row, plan.guild_id, plan.revision from plans plan
          join live_members m on m.guild_id = plan.guild_id and m.user_id = ask.user_id
          where plan.id = ask.id and plan.deleted_at is null`,
        tag: sql`select asked.revision || '.' || revision from rosters where guild_id = asked.guild_id`,
        body: sql`select json_build_object('plan', ${sql.literal(planJson)}) from (select (asked.row).*) plan`
      })

      const asked = (id: PlanId, user: UserId) => sql`
        select plan.id, plan.guild_id from plans plan join live_members m on m.guild_id = plan.guild_id and m.user_id = ${user}
        where plan.id = ${id} and plan.deleted_at is null`

      const seated = (id: PlanId, user: UserId) =>
        sql<{ readonly body: JsonText<SeatedPlan> }>`
          select convert_to((${sql.literal(seatedJson)})::text, 'UTF8') as body from plans plan
          where plan.id = (select id from (${asked(id, user)}) asked)`.pipe(
          read,
          Effect.map((rows) => rows[0] && parseJson(rows[0].body))
        )

      // One extra row shows whether there is a next page.
      const list = (guild: GuildId, user: UserId, limit: number, before: string | undefined) =>
        sql<{ readonly body: JsonText<PlansPage> }>`
          with asked as (
            select guild_id from live_members where guild_id = ${guild} and user_id = ${user}
          ), page as (
            select p.*, row_number() over (order by p.number desc) as n
            from asked join plans p on p.guild_id = asked.guild_id and p.deleted_at is null
            where p.number < coalesce(${before ?? null}::bigint, 9223372036854775807)
            order by p.number desc limit ${limit + 1}
          )
          select convert_to(json_build_object(
            'plans', coalesce((select json_agg(${sql.literal(listedPlanJson)} order by plan.number desc)
              from page plan where plan.n <= ${limit}), '[]'),
            'next_cursor', (select number::text from page where n = ${limit} and exists (select from page where n > ${limit}))
          )::text, 'UTF8') as body from asked`.pipe(
          read,
          Effect.map((rows) => rows[0]?.body)
        )

      const revisions = (id: PlanId, user: UserId, limit: number, before: string | undefined) =>
        sql<{ readonly body: JsonText<RevisionsPage> }>`
          with asked as (${asked(id, user)}), page as (
            select h.*, row_number() over (order by h.revision desc) as n
            from asked join plan_revisions h on h.plan_id = asked.id
            where h.revision < coalesce(${before ?? null}::bigint, 9223372036854775807)
            order by h.revision desc limit ${limit + 1}
          )
          select convert_to(json_build_object(
            'revisions', coalesce((select json_agg(${sql.literal(revisionJson)} order by h.revision desc)
              from page h where h.n <= ${limit}), '[]'),
            'next_cursor', (select revision::text from page where n = ${limit} and exists (select from page where n > ${limit}))
          )::text, 'UTF8') as body from asked`.pipe(
          read,
          Effect.map((rows) => rows[0]?.body)
        )

      const revision = (id: PlanId, user: UserId, at: number) =>
        sql<{ readonly body: JsonText<{ readonly revision: Revision }> | null }>`
          with asked as (${asked(id, user)})
          select (select convert_to(json_build_object('revision', ${sql.literal(revisionJson)})::text, 'UTF8')
            from plan_revisions h where h.plan_id = asked.id and h.revision = ${at}) as body from asked`.pipe(
          read,
          Effect.map((rows) => rows[0])
        )

      const guildOf = (id: PlanId, user: UserId) =>
        sql<{ readonly guild_id: GuildId }>`${asked(id, user)}`.pipe(
          read,
          Effect.map((rows) => rows[0]?.guild_id)
        )

      const written = sharedRead((ids: ReadonlyArray<PlanId>) =>
        sql<{ readonly id: PlanId; readonly revision: string; readonly by: UserId | null }>`
          select id, revision::text, updated_by as by from plans
          where id = any (string_to_array(${[...new Set(ids)].join(" ")}, ' ')::uuid[]) and deleted_at is null`.pipe(
          Effect.map((rows) => {
            const found = new Map(rows.map(({ id, revision, by }) => [id, { revision: Number(revision), by }]))
            return ids.map((id) => found.get(id))
          })
        )
      )

      return PlansRepo.of({
        plan: (id, user, known) => plans({ id, user, known }),
        seated,
        guildOf,
        written,
        list,
        revisions,
        revision
      })
    })
  )
}
