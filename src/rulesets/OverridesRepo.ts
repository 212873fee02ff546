import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { actorJson } from "../auth/ActorSql.ts"
import type { UserId } from "../auth/User.ts"
import type { GuildId } from "../guilds/Guild.ts"
import { type Asked, guildsSql } from "../guilds/GuildsSql.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { read, Reads } from "../infra/Sql.ts"
import { jsonObject } from "../infra/SqlJson.ts"
import type { Seen } from "../roster/Edits.ts"
import { GuildOverrides } from "./GuildOverrides.ts"
import type { Overrides } from "./Ruleset.ts"

interface Found {
  readonly overrides: GuildOverrides
}

interface Written extends Asked {
  /** Null if nothing was written. */
  readonly overrides: GuildOverrides | null
  /** The revision before the write. */
  readonly revision: number
}

/** From a row `o` of the table, all of it null when there is none. */
const overridesJson = (ruleset: string) =>
  jsonObject(GuildOverrides.fields, "o", {
    ruleset,
    revision: "coalesce(o.revision, 0)",
    values: `coalesce(o."values", '{}')`,
    updated_by: actorJson("o.updated_by")
  })

export class OverridesRepo extends Context.Service<
  OverridesRepo,
  {
    /** Undefined if the caller is no member. */
    readonly find: (
      guild: GuildId,
      caller: UserId,
      ruleset: string
    ) => Effect.Effect<GuildOverrides | undefined, DependencyUnavailable>
    /** Writes them if the caller may and has seen the latest. Undefined if the caller is no member. */
    readonly write: (
      guild: GuildId,
      caller: UserId,
      ruleset: string,
      seen: NonNullable<Seen>,
      values: Overrides
    ) => Effect.Effect<Written | undefined, DependencyUnavailable>
  }
>()("rulesets/OverridesRepo") {
  static readonly layer = Layer.effect(
    OverridesRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads
      const { changeGuild, event } = guildsSql(sql)

      const find = (guild: GuildId, caller: UserId, ruleset: string) =>
        reads<Found>`
          select ${sql.literal(overridesJson("asked.ruleset"))} as overrides
          from (select guild_id, ${ruleset}::text as ruleset from live_members
            where guild_id = ${guild} and user_id = ${caller}) asked
          left join guild_ruleset_overrides o using (guild_id, ruleset)`.pipe(
          read,
          Effect.map((rows) => rows[0]?.overrides)
        )

      const write = Effect.fnUntraced(function* (
        guild: GuildId,
        caller: UserId,
        ruleset: string,
        seen: NonNullable<Seen>,
        values: Overrides
      ) {
        const noted = yield* event(caller, "guild_ruleset_changed", {
          guild: sql`guild_id`,
          detail: sql`jsonb_build_object('ruleset', ruleset, 'revision', revision)`,
          from: sql`written`
        })
        const rows = yield* changeGuild<Written>(
          guild,
          caller,
          sql`before as (
            select coalesce(max(revision), 0) as revision from guild_ruleset_overrides
            where guild_id = ${guild} and ruleset = ${ruleset}
          ), written as (
            insert into guild_ruleset_overrides as o (guild_id, ruleset, "values", updated_by)
            select ${guild}::uuid, ${ruleset}::text, ${JSON.stringify(values)}::text::jsonb, ${caller}::uuid
            from caller, before
            where caller.role in ('officer', 'admin') and (${seen === "any"}::boolean
              or before.revision = ${seen === "any" ? -1 : seen}::bigint)
            on conflict (guild_id, ruleset) do update set "values" = excluded."values", revision = o.revision + 1,
              updated_by = excluded.updated_by, updated_at = now()
            returning *
          ), noted as (${noted})
          select caller.role as caller_role, before.revision::int as revision,
            case when o.revision is not null then ${sql.literal(overridesJson("o.ruleset"))} end as overrides
          from caller cross join before left join written o on true`
        )
        return rows[0]
      })

      return OverridesRepo.of({ find, write })
    })
  )
}
