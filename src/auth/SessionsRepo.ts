import { Context, Effect, Layer } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { auditEvents } from "../audit/AuditEvents.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { JsonText } from "../http/JsonText.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import type { Location } from "../infra/GeoIp.ts"
import { change, read, Reads, sharedRead } from "../infra/Sql.ts"
import { jsonArray, jsonObject } from "../infra/SqlJson.ts"
import { Session, type SessionId, User } from "./Session.ts"
import { hasToken, isOneOf, sessionLife } from "./SessionLife.ts"
import type { UserId } from "./User.ts"

type SessionJson = JsonText<{ readonly user: typeof User.Type; readonly session: typeof Session.Type }>

/** A session with its state by the database's clock. */
export interface SessionRow {
  readonly id: SessionId
  readonly user_id: UserId
  /** The one that was asked for. */
  readonly token_hash: string
  readonly csrf_token_hash: string
  readonly last_seen_at: Date
  readonly state: "deleted" | "revoked" | "expired" | "relogin" | "live"
  /** Last seen over five minutes ago. */
  readonly stale: boolean
  /** The Discord profile was last fetched over a day ago. */
  readonly profile_stale: boolean
  /** The session and its user as answers show them. */
  readonly json: SessionJson
}

type Find = (tokenHashes: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<SessionRow>, DependencyUnavailable>

/** What the database knows of a session's tokens. */
export interface Hashes {
  readonly tokenHash: string
  /** By the secret before, while there is one. */
  readonly previousTokenHash: string | null
  readonly csrfHash: string
}

export class SessionsRepo extends Context.Service<
  SessionsRepo,
  {
    /** The sessions with these token hashes, the one seen last first. Requests that ask at once share a statement. */
    readonly find: Find
    /** The same, of sessions that a replica with a newer secret has stored: by their hashes under the secret before. */
    readonly findByPrevious: Find
    /** Stores other hashes of the same tokens, unless another request just did. */
    readonly rekey: (id: SessionId, hashes: Hashes) => Effect.Effect<void, DependencyUnavailable>
    /** Updates last-seen, expiry and current location, unless another request just did. */
    readonly touch: (id: SessionId, location: Location) => Effect.Effect<void, DependencyUnavailable>
    /** A user's live sessions, newest activity first. */
    readonly list: (
      user: UserId,
      current: SessionId
    ) => Effect.Effect<JsonText<{ readonly sessions: ReadonlyArray<typeof Session.Type> }>, DependencyUnavailable>
    /** Ends a live session of the user; false if there is none with that id. */
    readonly revoke: (id: SessionId, user: UserId, reason: string) => Effect.Effect<boolean, DependencyUnavailable>
    /** Ends the live sessions of the user that have these token hashes. */
    readonly logout: (tokenHashes: ReadonlyArray<string>, user: UserId) => Effect.Effect<void, DependencyUnavailable>
    /** Ends all sessions of the user that exist at the time of the call, except the one to keep. */
    readonly revokeOthers: (keep: SessionId, user: UserId) => Effect.Effect<void, DependencyUnavailable>
    readonly csrfFailed: (id: SessionId, reason: string) => Effect.Effect<void, DependencyUnavailable>
  }
>()("auth/SessionsRepo") {
  static readonly layer = Layer.effect(
    SessionsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads
      const [life, s] = [sessionLife(sql), sessionLife(sql, "s")]

      const place = (which: string) =>
        `json_build_object('country', s.${which}_country, 'region', s.${which}_region, 'city', s.${which}_city)`
      const session = (isCurrent: string) =>
        jsonObject(Session.fields, "s", {
          expires_at: `rfc3339(${s.endText})`,
          login_location: place("login_location"),
          current_location: place("current_location"),
          is_current: isCurrent
        })
      const user = jsonObject(User.fields, "u", { discord: "discord_user(i, p)" })
      const both = `select row_to_json(r) from (select ${user} as user, ${session("true")} as session) r`

      const findBy = (column: string) =>
        sharedRead((requests: ReadonlyArray<ReadonlyArray<string>>) =>
          reads<SessionRow>`
          select s.id, s.user_id, ${sql.literal(column)} as token_hash, s.csrf_token_hash, s.last_seen_at, ${s.unseen} as stale,
            case
              when u.deleted_at is not null then 'deleted'
              when s.revoked_at is not null then 'revoked'
              when ${s.expired} then 'expired'
              when i.relogin_required_at is not null then 'relogin'
              else 'live'
            end as state,
            coalesce(i.last_profile_refresh_at < now() - interval '1 day', true) as profile_stale,
            convert_to((${sql.literal(both)})::text, 'UTF8') as json
          from user_sessions s
          join users u on u.id = s.user_id
          join discord_identities i on i.user_id = u.id
          join discord_profiles p on p.discord_identity_id = i.id
          where ${isOneOf(sql, column, requests.flat())}
          order by s.last_seen_at desc, s.id`.pipe(
            Effect.map((rows) => {
              const byToken = Map.groupBy(rows, (row) => row.token_hash)
              return requests.map((hashes) =>
                hashes.length === 1
                  ? (byToken.get(hashes[0]!) ?? [])
                  : rows.filter(({ token_hash }) => hashes.includes(token_hash))
              )
            })
          )
        )

      const rekey = (id: SessionId, { tokenHash, previousTokenHash, csrfHash }: Hashes) =>
        Effect.asVoid(
          change(sql`
            update user_sessions set token_hash = ${tokenHash}, previous_token_hash = ${previousTokenHash},
              csrf_token_hash = ${csrfHash}, updated_at = now()
            where id = ${id} and token_hash <> ${tokenHash}`)
        )

      const touch = Effect.fnUntraced(function* (id: SessionId, location: Location) {
        const { ip } = yield* RequestInfo
        const refreshed = yield* auditEvents(sql, {
          type: "session_refreshed",
          user: sql`user_id`,
          session: sql`id`,
          from: sql`touched`
        })
        yield* change(sql`
          with touched as (
            update user_sessions
            set last_seen_at = now(), updated_at = now(), expires_at = ${life.seen},
              current_ip_address = ${ip}::inet, current_location_country = ${location.country},
              current_location_region = ${location.region}, current_location_city = ${location.city}
            where id = ${id} and revoked_at is null and ${life.unseen}
            returning id, user_id
          )
          ${refreshed}`)
      })

      const sessions = sql.literal(jsonArray(session("s.id = asked.id"), "s.last_seen_at desc, s.id"))

      const list = (user: UserId, current: SessionId) =>
        reads<{ readonly json: JsonText<{ readonly sessions: ReadonlyArray<typeof Session.Type> }> }>`
          select convert_to(row_to_json(r)::text, 'UTF8') as json from (
            select ${sessions} as sessions from (select ${current}::uuid as id) asked, user_sessions s
            where s.user_id = ${user} and ${s.live}
          ) r`.pipe(
          read,
          Effect.map((rows) => rows[0]!.json)
        )

      /** Ends the live sessions that match a condition, with an event for each. */
      const end = Effect.fnUntraced(function* (condition: Statement.Fragment, reason: string) {
        const revoked = yield* auditEvents(sql, {
          type: "session_revoked",
          user: sql`user_id`,
          session: sql`id`,
          detail: sql`jsonb_build_object('reason', ${reason}::text)`,
          from: sql`ended`
        })
        return yield* sql`
          with ended as (
            update user_sessions set revoked_at = now(), updated_at = now()
            where ${life.live} and ${condition}
            returning id, user_id
          )
          ${revoked}
          returning session_id`
      })

      const revoke = (id: SessionId, user: UserId, reason: string) =>
        end(sql`id = ${id} and user_id = ${user}`, reason).pipe(
          change,
          Effect.map((rows) => rows.length > 0)
        )

      const logout = (tokenHashes: ReadonlyArray<string>, user: UserId) =>
        Effect.asVoid(change(end(sql`${hasToken(sql, tokenHashes)} and user_id = ${user}`, "logout")))

      // A running sign-in has not committed its session yet; waiting for it makes sure that session ends too.
      const revokeOthers = (keep: SessionId, user: UserId) =>
        sql`
          select pg_advisory_xact_lock(hashtextextended('discord:' || discord_user_id, 0))
          from discord_identities where user_id = ${user}`.pipe(
          Effect.andThen(end(sql`user_id = ${user} and id <> ${keep}`, "logout_others")),
          sql.withTransaction,
          change,
          Effect.asVoid
        )

      const csrfFailed = Effect.fnUntraced(function* (id: SessionId, reason: string) {
        yield* change(
          yield* auditEvents(sql, {
            type: "csrf_failed",
            user: sql`user_id`,
            session: sql`id`,
            detail: sql`jsonb_build_object('reason', ${reason}::text)`,
            from: sql`user_sessions where id = ${id}`
          })
        )
      })

      return SessionsRepo.of({
        find: findBy("s.token_hash"),
        findByPrevious: findBy("s.previous_token_hash"),
        rekey,
        touch,
        list,
        revoke,
        logout,
        revokeOthers,
        csrfFailed
      })
    })
  )
}
