import { Effect } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import { auditEvents, type AuditEventType } from "../audit/AuditEvents.ts"
import type { UserId } from "../auth/User.ts"
import { change } from "../infra/Sql.ts"
import type { GuildId, GuildRole } from "./Guild.ts"

/** The caller's role, in every row of a change. The rest is null if they lack the right or nothing was changed. */
export interface Asked {
  readonly caller_role: typeof GuildRole.Type
}

/** The SQL of a `Person`, from a column with a user's id; null if they no longer exist, and for a key. */
export const personJson = (column: string) => `(
  select json_build_object('user_id', i.user_id, 'discord', discord_user(i, p))
  from discord_identities i join discord_profiles p on p.discord_identity_id = i.id where i.user_id = ${column})`

/** One event for each row of `from`. */
interface GuildEventRows {
  readonly guild: Statement.Fragment
  readonly target?: Statement.Fragment
  readonly detail?: Statement.Fragment
  readonly from: Statement.Fragment
}

/**
 * How guilds are changed. Every change of a guild, its members or its invites first locks the guild's row, in its own
 * statement. A second statement, which sees everything committed before it, authorises, changes and writes the event.
 * So changes of one guild run one at a time, and two parallel requests cannot break a rule that spans rows (last admin,
 * one live invite, maximum uses).
 */
export const guildsSql = (sql: SqlClient.SqlClient) => {
  /** The caller's membership: one row, or none if they are not a member. */
  const caller = (guild: GuildId, user: UserId) =>
    sql`select id, role from live_members where guild_id = ${guild} and user_id = ${user}`

  const inTurn = <A>(lock: Statement.Fragment, statement: Effect.Effect<ReadonlyArray<A>, SqlError.SqlError>) =>
    change(sql.withTransaction(Effect.andThen(sql`${lock}`, statement)))

  /** Changes a guild under its lock. `statement` can use the table `caller`. */
  const changeGuild = <A extends object>(guild: GuildId, user: UserId, statement: Statement.Fragment) =>
    inTurn(
      // Triggers that write a roster's history learn from it who changes the guild.
      sql`select set_config('roster.actor', ${user}, true) from guilds where id in (select guild_id from guild_memberships
        where guild_id = ${guild} and user_id = ${user} and deleted_at is null) for update`,
      sql<A>`with caller as (${caller(guild, user)}), ${statement}`
    )

  const event = (user: UserId, type: AuditEventType, rows: GuildEventRows) =>
    auditEvents(sql, { type, user: sql`${user}::uuid`, ...rows })

  return { caller, inTurn, changeGuild, event }
}
