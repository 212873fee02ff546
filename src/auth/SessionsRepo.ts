import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import type { Location } from "../infra/GeoIp.ts"
import { change, read } from "../infra/Sql.ts"
import type { SessionId } from "./Session.ts"
import type { UserId } from "./User.ts"

/** A session with its owner and what the database says of its state. */
export interface SessionRow {
  readonly id: SessionId
  readonly user_id: UserId
  readonly csrf_token_hash: string
  readonly created_at: Date
  readonly last_seen_at: Date
  readonly expires_at: Date
  readonly user_agent: string | null
  readonly login_location: Location
  readonly current_location: Location
  readonly user_created_at: Date
  readonly discord_user_id: string
  readonly username: string
  readonly global_name: string | null
  readonly avatar: string | null
  readonly discriminator: string | null
  readonly revoked: boolean
  readonly expired: boolean
  readonly deleted: boolean
  readonly relogin_required: boolean
  /** Last seen over five minutes ago. */
  readonly stale: boolean
}

export class SessionsRepo extends Context.Service<
  SessionsRepo,
  {
    readonly find: (tokenHash: string) => Effect.Effect<SessionRow | undefined, DependencyUnavailable>
    /** Moves last-seen, expiry and current place, unless another request just did. */
    readonly touch: (id: SessionId, location: Location) => Effect.Effect<void, DependencyUnavailable>
    readonly revoke: (id: SessionId) => Effect.Effect<void, DependencyUnavailable>
    readonly csrfFailed: (id: SessionId, reason: string) => Effect.Effect<void, DependencyUnavailable>
  }
>()("auth/SessionsRepo") {
  static readonly layer = Layer.effect(
    SessionsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const find = (tokenHash: string) =>
        sql<SessionRow>`
          select s.id, s.user_id, s.csrf_token_hash, s.created_at, s.last_seen_at, s.user_agent,
            least(s.expires_at, s.created_at + interval '90 days') as expires_at,
            json_build_object('country', s.login_location_country, 'region', s.login_location_region,
              'city', s.login_location_city) as login_location,
            json_build_object('country', s.current_location_country, 'region', s.current_location_region,
              'city', s.current_location_city) as current_location,
            u.created_at as user_created_at, i.discord_user_id, p.username, p.global_name, p.avatar, p.discriminator,
            s.revoked_at is not null as revoked,
            least(s.expires_at, s.created_at + interval '90 days') <= now() as expired,
            u.deleted_at is not null as deleted,
            i.relogin_required_at is not null as relogin_required,
            s.last_seen_at < now() - interval '5 minutes' as stale
          from user_sessions s
          join users u on u.id = s.user_id
          join discord_identities i on i.user_id = u.id
          join discord_profiles p on p.discord_identity_id = i.id
          where s.token_hash = ${tokenHash}`.pipe(
          read,
          Effect.map((rows) => rows[0])
        )

      const touch = Effect.fn("SessionsRepo.touch")(function* (id: SessionId, location: Location) {
        const { ip } = yield* RequestInfo
        yield* change(sql`
          update user_sessions
          set last_seen_at = now(), updated_at = now(),
            expires_at = least(now() + interval '30 days', created_at + interval '90 days'),
            current_ip_address = ${ip}::inet, current_location_country = ${location.country},
            current_location_region = ${location.region}, current_location_city = ${location.city}
          where id = ${id} and revoked_at is null and last_seen_at < now() - interval '5 minutes'`)
      })

      const revoke = Effect.fn("SessionsRepo.revoke")(function* (id: SessionId) {
        const { ip, userAgent, id: requestId } = yield* RequestInfo
        yield* change(sql`
          with ended as (
            update user_sessions set revoked_at = now(), updated_at = now()
            where id = ${id} and revoked_at is null
            returning id, user_id
          )
          insert into security_audit_events (user_id, session_id, event_type, ip_address, user_agent, metadata)
          select user_id, id, 'session_revoked', ${ip}::inet, ${userAgent},
            jsonb_build_object('request_id', ${requestId}::text, 'reason', 'logout')
          from ended`)
      })

      const csrfFailed = Effect.fn("SessionsRepo.csrfFailed")(function* (id: SessionId, reason: string) {
        const { ip, userAgent, id: requestId } = yield* RequestInfo
        yield* change(sql`
          insert into security_audit_events (user_id, session_id, event_type, ip_address, user_agent, metadata)
          select user_id, id, 'csrf_failed', ${ip}::inet, ${userAgent},
            jsonb_build_object('request_id', ${requestId}::text, 'reason', ${reason}::text)
          from user_sessions where id = ${id}`)
      })

      return SessionsRepo.of({ find, touch, revoke, csrfFailed })
    })
  )
}
