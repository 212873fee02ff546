import { Effect } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import type { UserId } from "../auth/User.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import { change } from "../infra/Sql.ts"
import type { GuildId, GuildRole } from "./Guild.ts"

/** What an event is called in `security_audit_events`, and in a guild's history without the prefix. */
type GuildEventType =
  | "guild_created"
  | "guild_updated"
  | "guild_deleted"
  | "guild_role_changed"
  | "guild_joined"
  | "guild_left"
  | "guild_member_removed"
  | "guild_invite_rotated"
  | "guild_invite_revoked"

/** A row of a change says who asked; the rest is null when they may not, or when there was nothing to change. */
export interface Asked {
  readonly caller_role: typeof GuildRole.Type
}

/**
 * How guilds are changed. There is one lock order: a guild's row first and alone. Whatever changes a guild, its members
 * or its invites does so under that lock, in a second statement that sees all that was committed before it; that one
 * statement authorises, changes and writes the event. So changes of one guild take turns, and no rule about several rows
 * (a last admin, one live invite, a limit of uses) can be broken by two requests at once.
 */
export const guildsSql = (sql: SqlClient.SqlClient) => {
  /** The caller's live membership of a live guild: one row, or none for whom the guild is not there. */
  const caller = (guild: GuildId, user: UserId) => sql`
    select m.id, m.role from guild_memberships m
    join guilds g on g.id = m.guild_id and g.deleted_at is null
    where m.guild_id = ${guild} and m.user_id = ${user} and m.deleted_at is null`

  const inTurn = <A>(lock: Statement.Fragment, statement: Effect.Effect<ReadonlyArray<A>, SqlError.SqlError>) =>
    change(sql.withTransaction(Effect.andThen(sql`${lock}`, statement)))

  /** Changes a guild under its lock; `statement` may use the table `caller`. */
  const changeGuild = <A extends object>(guild: GuildId, user: UserId, statement: Statement.Fragment) =>
    inTurn(
      sql`select from guilds where id in (select guild_id from guild_memberships
        where guild_id = ${guild} and user_id = ${user} and deleted_at is null) for update`,
      sql<A>`with caller as (${caller(guild, user)}), ${statement}`
    )

  /**
   * The event of a change, from rows of guild_id, target_user_id and detail: none when nothing was changed. Its time
   * is that of the statement, under the lock, so that a history is in the order in which things happened.
   */
  const event = Effect.fnUntraced(function* (user: UserId, type: GuildEventType, rows: Statement.Fragment) {
    const { ip, userAgent, id } = yield* RequestInfo
    return sql`
      insert into security_audit_events (created_at, user_id, guild_id, target_user_id, event_type, ip_address, user_agent, metadata)
      select clock_timestamp(), ${user}::uuid, guild_id, target_user_id, ${type}, ${ip}::inet, ${userAgent},
        jsonb_build_object('request_id', ${id}::text) || detail
      from (${rows}) happened`
  })

  return { caller, inTurn, changeGuild, event }
}
