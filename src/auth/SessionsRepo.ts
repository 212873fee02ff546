import { Context, Effect, Layer } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { auditEvents } from "../audit/AuditEvents.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import type { Location } from "../infra/GeoIp.ts"
import { change, read, Reads } from "../infra/Sql.ts"
import type { SessionId } from "./Session.ts"
import { hasToken, sessionLife } from "./SessionLife.ts"
import type { DiscordUser, UserId } from "./User.ts"

/** A session as its owner sees it. */
export interface SessionView {
  readonly id: SessionId
  readonly created_at: Date
  readonly last_seen_at: Date
  readonly expires_at: Date
  readonly user_agent: string | null
  readonly login_location: Location
  readonly current_location: Location
}

/** A session with its owner and its state by the database's clock. */
export interface SessionRow extends SessionView {
  readonly user_id: UserId
  readonly token_hash: string
  readonly csrf_token_hash: string
  readonly user_created_at: Date
  readonly discord: DiscordUser
  readonly revoked: boolean
  readonly expired: boolean
  readonly deleted: boolean
  readonly relogin_required: boolean
  /** Last seen over five minutes ago. */
  readonly stale: boolean
  /** The Discord profile was last fetched over a day ago. */
  readonly profile_stale: boolean
}

export class SessionsRepo extends Context.Service<
  SessionsRepo,
  {
    /** The sessions with these token hashes, the one seen last first. */
    readonly find: (
      tokenHashes: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<SessionRow>, DependencyUnavailable>
    /** Updates last-seen, expiry and current location, unless another request just did. */
    readonly touch: (id: SessionId, location: Location) => Effect.Effect<void, DependencyUnavailable>
    /** A user's live sessions, newest activity first. */
    readonly list: (user: UserId) => Effect.Effect<ReadonlyArray<SessionView>, DependencyUnavailable>
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

      const view = sql`
        s.id, s.created_at, s.last_seen_at, s.user_agent, ${s.end} as expires_at,
        json_build_object('country', s.login_location_country, 'region', s.login_location_region,
          'city', s.login_location_city) as login_location,
        json_build_object('country', s.current_location_country, 'region', s.current_location_region,
          'city', s.current_location_city) as current_location`

      const find = (tokenHashes: ReadonlyArray<string>) =>
        reads<SessionRow>`
          select ${view}, s.user_id, s.token_hash, s.csrf_token_hash, u.created_at as user_created_at, discord_user(i, p) as discord,
            s.revoked_at is not null as revoked, ${s.expired} as expired, u.deleted_at is not null as deleted,
            i.relogin_required_at is not null as relogin_required, ${s.unseen} as stale,
            coalesce(i.last_profile_refresh_at < now() - interval '1 day', true) as profile_stale
          from user_sessions s
          join users u on u.id = s.user_id
          join discord_identities i on i.user_id = u.id
          join discord_profiles p on p.discord_identity_id = i.id
          where ${hasToken(sql, tokenHashes, "s")}
          order by s.last_seen_at desc, s.id`.pipe(read)

      const touch = Effect.fn("SessionsRepo.touch")(function* (id: SessionId, location: Location) {
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

      const list = (user: UserId) =>
        reads<SessionView>`
          select ${view} from user_sessions s
          where s.user_id = ${user} and ${s.live}
          order by s.last_seen_at desc, s.id`.pipe(read)

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

      const csrfFailed = Effect.fn("SessionsRepo.csrfFailed")(function* (id: SessionId, reason: string) {
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

      return SessionsRepo.of({ find, touch, list, revoke, logout, revokeOthers, csrfFailed })
    })
  )
}
