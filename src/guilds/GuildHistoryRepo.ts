import { Context, Effect, Layer } from "effect"
import { actorKeyJson } from "../auth/ActorSql.ts"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { read, Reads } from "../infra/Sql.ts"
import type { GuildEvent, GuildId } from "./Guild.ts"
import { type Asked, guildsSql, personJson } from "./GuildsSql.ts"

/** Where a page ends: the id of its last event, and the time at PostgreSQL's full precision. */
export interface Position {
  readonly at: string
  readonly id: string
}

interface EventRow extends Asked {
  readonly id: string | null
  readonly event_type: string
  readonly created_at: Date
  readonly at: string
  readonly details: Readonly<Record<string, unknown>>
  readonly actor: GuildEvent["actor"]
  readonly key: GuildEvent["key"]
  readonly target: GuildEvent["target"]
}

const toEvent = (row: EventRow & { readonly id: string }): GuildEvent & { readonly at: string } => ({
  id: row.id,
  type: row.event_type.replace("guild_", ""),
  created_at: row.created_at.toISOString(),
  actor: row.actor,
  key: row.key,
  target: row.target,
  details: row.details,
  at: row.at
})

export class GuildHistoryRepo extends Context.Service<
  GuildHistoryRepo,
  {
    /** Newest first, after a position. Undefined if the caller is not a member; no events if they are not an admin. */
    readonly page: (
      guild: GuildId,
      caller: UserId,
      limit: number,
      after: Position | undefined
    ) => Effect.Effect<
      (Asked & { readonly events: ReadonlyArray<GuildEvent & { readonly at: string }> }) | undefined,
      DependencyUnavailable
    >
  }
>()("guilds/GuildHistoryRepo") {
  static readonly layer = Layer.effect(
    GuildHistoryRepo,
    Effect.gen(function* () {
      const sql = yield* Reads
      const { caller } = guildsSql(sql)

      const page = (guild: GuildId, user: UserId, limit: number, after: Position | undefined) =>
        sql<EventRow>`
          with caller as (${caller(guild, user)})
          select caller.role as caller_role, e.id, e.event_type, e.created_at, e.created_at::text as at,
            e.metadata - 'request_id' as details, ${sql.literal(personJson("e.user_id"))} as actor,
            ${sql.literal(actorKeyJson("e.user_id"))} as key, ${sql.literal(personJson("e.target_user_id"))} as target
          from caller left join lateral (
            select * from security_audit_events
            where guild_id = ${guild} and caller.role = 'admin'
              ${after === undefined ? sql`` : sql`and (created_at, id) < (${after.at}::text::timestamptz, ${after.id}::uuid)`}
            order by created_at desc, id desc limit ${limit}
          ) e on true
          order by e.created_at desc, e.id desc`.pipe(
          read,
          Effect.map((rows) => {
            const [first] = rows
            const isEvent = (row: EventRow): row is EventRow & { readonly id: string } => row.id !== null
            return first && { caller_role: first.caller_role, events: rows.filter(isEvent).map(toEvent) }
          })
        )

      return GuildHistoryRepo.of({ page })
    })
  )
}
