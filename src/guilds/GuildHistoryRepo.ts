import { Context, Effect, Layer } from "effect"
import { actorKeyJson } from "../auth/ActorSql.ts"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import { read, Reads } from "../infra/Sql.ts"
import { jsonArray, jsonObject, versionOf } from "../infra/SqlJson.ts"
import { GuildEvent, type GuildId } from "./Guild.ts"
import { type Asked, guildsSql, personJson } from "./GuildsSql.ts"

/** Where a page ends: the id of its last event, and the time at PostgreSQL's full precision. */
export interface Position {
  readonly at: string
  readonly id: string
}

export interface HistoryPage {
  readonly events: ReadonlyArray<GuildEvent>
  /** Base64 of `at|id`, none of whose letters need care in an address. */
  readonly next_cursor: string | null
}

export class GuildHistoryRepo extends Context.Service<
  GuildHistoryRepo,
  {
    /** Newest first, after a position. Undefined if the caller is not a member; no events if they are not an admin. */
    readonly page: (
      guild: GuildId,
      caller: UserId,
      limit: number,
      after: Position | undefined,
      known: string
    ) => Effect.Effect<(Asked & Tagged<HistoryPage>) | undefined, DependencyUnavailable>
  }
>()("guilds/GuildHistoryRepo") {
  static readonly layer = Layer.effect(
    GuildHistoryRepo,
    Effect.gen(function* () {
      const sql = yield* Reads
      const { caller } = guildsSql(sql)

      const event = jsonObject(GuildEvent.fields, "e", {
        type: "replace(e.event_type, 'guild_', '')",
        actor: personJson("e.user_id"),
        key: actorKeyJson("e.user_id"),
        target: personJson("e.target_user_id"),
        details: "e.metadata - 'request_id'"
      })
      const profiles = (column: string, p: string) => `left join discord_identities ${p}i on ${p}i.user_id = ${column}
        left join discord_profiles ${p} on ${p}.discord_identity_id = ${p}i.id`

      // One extra row shows whether there is a next page.
      const page = (guild: GuildId, user: UserId, limit: number, after: Position | undefined, known: string) =>
        sql<Asked & Tagged<HistoryPage>>`
          with caller as (${caller(guild, user)}), page as (
            select e.*, row_number() over (order by e.created_at desc, e.id desc) as n
            from caller cross join lateral (
              select * from security_audit_events
              where guild_id = ${guild} and caller.role = 'admin'
                ${after === undefined ? sql`` : sql`and (created_at, id) < (${after.at}::text::timestamptz, ${after.id}::uuid)`}
              order by created_at desc, id desc limit ${limit + 1}
            ) e
          ), version as (
            select ${sql.literal(versionOf("e.created_at", "a.updated_at", "t.updated_at"))} as tag
            from page e ${sql.literal(profiles("e.user_id", "a"))} ${sql.literal(profiles("e.target_user_id", "t"))}
          )
          select caller.role as caller_role, version.tag,
            case when version.tag <> all (string_to_array(${known}, ' ')) then convert_to(json_build_object(
              'events', (select ${sql.literal(jsonArray(event, "e.n"))} from page e where e.n <= ${limit}),
              'next_cursor', (select rtrim(translate(encode(convert_to(created_at::text || '|' || id, 'UTF8'), 'base64'), chr(10), ''), '=')
                from page where n = ${limit} and exists (select from page where n > ${limit}))
            )::text, 'UTF8') end as body
          from caller cross join version`.pipe(
          read,
          Effect.map((rows) => rows[0])
        )

      return GuildHistoryRepo.of({ page })
    })
  )
}
