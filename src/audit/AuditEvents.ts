import { Effect } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import { RequestInfo } from "../http/RequestInfo.ts"

/** The types of rows in `security_audit_events`. A guild's history shows the `guild_` ones. */
export type AuditEventType =
  | "sign_in_started"
  | "sign_in_succeeded"
  | "sign_in_failed"
  | "sign_in_state_refused"
  | "user_restored"
  | "profile_refreshed"
  | "relogin_required"
  | "session_created"
  | "session_refreshed"
  | "session_revoked"
  | "csrf_failed"
  | "guild_created"
  | "guild_updated"
  | "guild_deleted"
  | "guild_role_changed"
  | "guild_joined"
  | "guild_left"
  | "guild_member_removed"
  | "guild_invite_rotated"
  | "guild_invite_revoked"
  | "guild_key_created"
  | "guild_key_revoked"
  | "guild_ruleset_changed"
  | "guild_plan_created"
  | "guild_plan_deleted"
  | "guild_plan_shared"
  | "guild_plan_share_revoked"
  | "character_claimed"
  | "character_released"
  | "account_exported"
  | "account_deleted"

/** One event for each row of `from`, or a single event without it. The other fields are expressions over that row. */
interface AuditEvent {
  readonly type: AuditEventType
  readonly from?: Statement.Fragment
  /** The acting user. */
  readonly user?: Statement.Fragment
  readonly session?: Statement.Fragment
  readonly guild?: Statement.Fragment
  /** The affected user. */
  readonly target?: Statement.Fragment
  /** A jsonb object. */
  readonly detail?: Statement.Fragment
}

/**
 * The part of a statement that writes its audit events, so that both are stored or neither is. Each carries the
 * request's id, address and user agent. The time is that of the statement, not of the transaction, so changes that
 * waited for each other are recorded in the order in which they happened.
 */
export const auditEvents = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  ...events: ReadonlyArray<AuditEvent>
) {
  const { id, ip, userAgent } = yield* RequestInfo
  const nobody = sql`null::uuid`
  const rows = events.map(
    ({
      type,
      from,
      user = nobody,
      session = nobody,
      guild = nobody,
      target = nobody,
      detail = sql`'{}'::jsonb`
    }) => sql`
      select ${sql.literal(`'${type}'`)} as type, ${user} as user_id, ${session} as session_id, ${guild} as guild_id,
        ${target} as target_user_id, ${detail} as detail ${from === undefined ? sql`` : sql`from ${from}`}`
  )
  return sql`
    insert into security_audit_events (created_at, event_type, user_id, session_id, guild_id, target_user_id,
      ip_address, user_agent, metadata)
    select clock_timestamp(), type, user_id, session_id, guild_id, target_user_id, ${ip}::inet, ${userAgent},
      jsonb_build_object('request_id', ${id}::text) || detail
    from (${rows.reduce((all, row) => sql`${all} union all ${row}`)}) event`
})
