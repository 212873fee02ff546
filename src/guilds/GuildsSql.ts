import { Effect } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import { auditEvents, type AuditEventType } from "../audit/AuditEvents.ts"
import type { UserId } from "../auth/User.ts"
import { change } from "../infra/Sql.ts"
import type { GuildId, GuildRole } from "./Guild.ts"

/** A row of a change says who asked; the rest is null when they may not, or when there was nothing to change. */
export interface Asked {
  readonly caller_role: typeof GuildRole.Type
}

/** What happened to a guild: an event for each row of `from`, which names the guild. */
interface GuildEventRows {
  readonly guild: Statement.Fragment
  readonly target?: Statement.Fragment
  readonly detail?: Statement.Fragment
  readonly from: Statement.Fragment
}

/**
 * How guilds are changed. There is one lock order: a guild's row first and alone. Whatever changes a guild, its members
 * or its invites does so under that lock, in a second statement that sees all that was committed before it; that one
 * statement authorises, changes and writes the event. So changes of one guild take turns, and no rule about several rows
 * (a last admin, one live invite, a limit of uses) can be broken by two requests at once.
 */
export const guildsSql = (sql: SqlClient.SqlClient) => {
  /** The caller's membership: one row, or none for whom the guild is not there. */
  const caller = (guild: GuildId, user: UserId) =>
    sql`select id, role from live_members where guild_id = ${guild} and user_id = ${user}`

  const inTurn = <A>(lock: Statement.Fragment, statement: Effect.Effect<ReadonlyArray<A>, SqlError.SqlError>) =>
    change(sql.withTransaction(Effect.andThen(sql`${lock}`, statement)))

  /** Changes a guild under its lock; `statement` may use the table `caller`. */
  const changeGuild = <A extends object>(guild: GuildId, user: UserId, statement: Statement.Fragment) =>
    inTurn(
      sql`select from guilds where id in (select guild_id from guild_memberships
        where guild_id = ${guild} and user_id = ${user} and deleted_at is null) for update`,
      sql<A>`with caller as (${caller(guild, user)}), ${statement}`
    )

  const event = (user: UserId, type: AuditEventType, rows: GuildEventRows) =>
    auditEvents(sql, { type, user: sql`${user}::uuid`, ...rows })

  return { caller, inTurn, changeGuild, event }
}
