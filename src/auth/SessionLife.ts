import type { SqlClient, Statement } from "effect/sql"

/** A session ends this long after it was last seen… */
const idle = "30 days"
/** …and at most this long after it began. Cookies last as long, so none expires before its session. */
export const longestLife = "90 days"
/** Last-seen, expiry and location are updated at most this often. */
const pause = "5 minutes"

/** The same in SQL, on the database's clock. `s` is the statement's alias for `user_sessions`. */
export const sessionLife = (sql: SqlClient.SqlClient, s = "user_sessions") => {
  const longest = `${s}.created_at + interval '${longestLife}'`
  const end = `least(${s}.expires_at, ${longest})`
  return {
    endText: end,
    expired: sql.literal(`${end} <= now()`),
    live: sql.literal(`${s}.revoked_at is null and ${end} > now()`),
    /** When the session ended or will end. */
    ended: sql.literal(`least(${s}.revoked_at, ${end})`),
    /** Last seen long enough ago to be updated. */
    unseen: sql.literal(`${s}.last_seen_at < now() - interval '${pause}'`),
    /** `expires_at` of a new session, and of one that is seen now. */
    begun: sql.literal(`now() + interval '${idle}'`),
    seen: sql.literal(`least(now() + interval '${idle}', ${longest})`)
  }
}

/** Whether a column has one of these hashes: base64, so that a space parts them. */
export const isOneOf = (sql: SqlClient.SqlClient, column: string, hashes: ReadonlyArray<string>): Statement.Fragment =>
  sql`${sql.literal(column)} = any(string_to_array(${hashes.join(" ")}, ' '))`

/** Whether a session's token has one of these hashes, by the current secret or the one before. */
export const hasToken = (
  sql: SqlClient.SqlClient,
  hashes: ReadonlyArray<string>,
  s = "user_sessions"
): Statement.Fragment =>
  sql`(${isOneOf(sql, `${s}.token_hash`, hashes)} or ${isOneOf(sql, `${s}.previous_token_hash`, hashes)})`
