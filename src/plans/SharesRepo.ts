import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { auditEvents } from "../audit/AuditEvents.ts"
import type { UserId } from "../auth/User.ts"
import type { GuildRole } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { JsonText } from "../http/JsonText.ts"
import { change, read, Reads } from "../infra/Sql.ts"
import { jsonArray, jsonObject } from "../infra/SqlJson.ts"
import { type PlanId, Share, type SharedPlan, type ShareId } from "./Plan.ts"
import type { SeatedPlan } from "./PlanCoverage.ts"
import { seatedUnnamedJson, sharedPlanJson } from "./PlanSql.ts"

/** The caller's role, in every answer; the rest is null without the right. */
interface Asked {
  readonly role: typeof GuildRole.Type
}

/** Links that show a plan. Undefined if the plan is not there for the caller. */
export class SharesRepo extends Context.Service<
  SharesRepo,
  {
    /** The live ones, newest first. */
    readonly list: (
      plan: PlanId,
      caller: UserId
    ) => Effect.Effect<
      (Asked & { readonly body: JsonText<{ readonly shares: ReadonlyArray<Share> }> }) | undefined,
      DependencyUnavailable
    >
    /** "full" if the plan has no room for another. */
    readonly create: (
      plan: PlanId,
      caller: UserId,
      tokenHash: string,
      seconds: number | null
    ) => Effect.Effect<(Asked & { readonly id: ShareId | null }) | "full" | undefined, DependencyUnavailable>
    readonly revoke: (
      plan: PlanId,
      caller: UserId,
      share: ShareId
    ) => Effect.Effect<(Asked & { readonly id: ShareId | null }) | undefined, DependencyUnavailable>
    /** What a live link shows, and whether its use is not noted yet. */
    readonly open: (tokenHash: string) => Effect.Effect<
      | {
          readonly id: ShareId
          readonly unnoted: boolean
          readonly body: JsonText<{ readonly plan: SharedPlan; readonly seated: SeatedPlan }>
        }
      | undefined,
      DependencyUnavailable
    >
    readonly noteUse: (share: ShareId) => Effect.Effect<void, DependencyUnavailable>
  }
>()("plans/SharesRepo") {
  static readonly layer = Layer.effect(
    SharesRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads

      const asked = (plan: PlanId, user: UserId) => sql`
        select plan.id, plan.guild_id, plan.title, m.role, m.role in ('officer', 'admin') as may from plans plan
        join live_members m on m.guild_id = plan.guild_id and m.user_id = ${user}
        where plan.id = ${plan} and plan.deleted_at is null`
      const isLive = sql.literal("s.revoked_at is null and (s.expires_at is null or s.expires_at > now())")

      const event = (type: "guild_plan_shared" | "guild_plan_share_revoked", user: UserId) =>
        auditEvents(sql, {
          type,
          user: sql`${user}::uuid`,
          guild: sql`guild_id`,
          detail: sql`jsonb_build_object('plan_id', plan_id, 'title', title, 'share_id', share_id)`,
          from: sql`(select asked.guild_id, asked.title, asked.id as plan_id, done.id as share_id from asked, done) change`
        })

      const list = (plan: PlanId, user: UserId) =>
        reads<Asked & { readonly body: JsonText<{ readonly shares: ReadonlyArray<Share> }> }>`
          with asked as (${asked(plan, user)})
          select asked.role, convert_to(json_build_object('shares', (
            select ${sql.literal(jsonArray(jsonObject(Share.fields, "s"), "s.created_at desc, s.id"))} from plan_shares s
            where asked.may and s.plan_id = asked.id and ${isLive}))::text, 'UTF8') as body from asked`.pipe(
          read,
          Effect.map((rows) => rows[0])
        )

      const create = Effect.fnUntraced(function* (plan: PlanId, user: UserId, hash: string, seconds: number | null) {
        const noted = yield* event("guild_plan_shared", user)
        return yield* change(
          sql<Asked & { readonly id: ShareId | null }>`
            with asked as materialized (${asked(plan, user)}), done as (
              insert into plan_shares (plan_id, token_hash, created_by, expires_at)
              select id, ${hash}, ${user}, now() + make_interval(secs => ${seconds}::double precision)
              from asked where may returning id
            ), noted as (${noted}) select asked.role, done.id from asked left join done on true`.pipe(
            Effect.map((rows) => rows[0]),
            Effect.catchIf(
              ({ reason }) => (reason.cause as { readonly constraint?: unknown }).constraint === "plan_shares_limit",
              () => Effect.succeed("full" as const)
            )
          )
        )
      })

      const revoke = Effect.fnUntraced(function* (plan: PlanId, user: UserId, share: ShareId) {
        const noted = yield* event("guild_plan_share_revoked", user)
        const rows = yield* change(
          sql<Asked & { readonly id: ShareId | null }>`
            with asked as materialized (${asked(plan, user)}), done as (
              update plan_shares s set revoked_at = now() from asked
              where s.id = ${share} and s.plan_id = asked.id and asked.may and ${isLive} returning s.id
            ), noted as (${noted}) select asked.role, done.id from asked left join done on true`
        )
        return rows[0]
      })

      interface Opened {
        readonly id: ShareId
        readonly unnoted: boolean
        readonly body: JsonText<{ readonly plan: SharedPlan; readonly seated: SeatedPlan }>
      }

      const open = (hash: string) =>
        reads<Opened>`
          select s.id, coalesce(s.last_used_at < now() - interval '5 minutes', true) as unnoted,
            convert_to(json_build_object('plan', ${sql.literal(sharedPlanJson)},
              'seated', ${sql.literal(seatedUnnamedJson)})::text, 'UTF8') as body
          from plan_shares s join plans plan on plan.id = s.plan_id and plan.deleted_at is null
          join guilds g on g.id = plan.guild_id and g.deleted_at is null
          where s.token_hash = ${hash} and ${isLive}`.pipe(
          read,
          Effect.map((rows) => rows[0])
        )

      const noteUse = (share: ShareId) =>
        Effect.asVoid(
          change(sql`update plan_shares set last_used_at = now() where id = ${share}
            and (last_used_at is null or last_used_at < now() - interval '5 minutes')`)
        )

      return SharesRepo.of({ list, create, revoke, open, noteUse })
    })
  )
}
