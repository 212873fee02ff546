import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { auditEvents } from "../audit/AuditEvents.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import type { DiscordProfile } from "./discord/DiscordClient.ts"
import type { Location } from "../infra/GeoIp.ts"
import { change } from "../infra/Sql.ts"
import type { SealedTokens } from "./SealedTokens.ts"
import { storeProfile } from "./ProfileSql.ts"
import { hasToken, isOneOf, sessionLife } from "./SessionLife.ts"
import type { Hashes } from "./SessionsRepo.ts"

interface NewState {
  readonly stateHash: string
  readonly browserHash: string
  /** The path in the app to go on at. */
  readonly returnTo: string | null
}

/** What a browser finishes with: hashes by every known secret. */
interface Sent {
  readonly stateHashes: ReadonlyArray<string>
  readonly browserHashes: ReadonlyArray<string>
  readonly presentedTokenHashes: ReadonlyArray<string>
}

/** The outcome of consuming a state. */
interface Consumed {
  readonly verdict: "won" | "unknown" | "expired" | "consumed"
  /** The one of those asked for; null if it is unknown. */
  readonly stateHash: string | null
  /** The session that the state led to, if the browser presented it: the token's hash is one of those presented. */
  readonly kept: Pick<Hashes, "tokenHash" | "csrfHash"> | null
  /** The path in the app that the sign-in began with; null if there was none, or the state is another browser's. */
  readonly returnTo: string | null
}

/** For how long after a sign-in began its browser may finish it again: as long as its cookie lasts. */
const again = "1 hour"

/** Hashes and ciphertexts only: useless to a reader of the database. */
export interface NewSession extends SealedTokens, Hashes {
  /** The state that led to it. */
  readonly stateHash: string
  readonly presentedTokenHashes: ReadonlyArray<string>
  readonly location: Location
}

export class SignInRepo extends Context.Service<
  SignInRepo,
  {
    readonly begin: (state: NewState) => Effect.Effect<void, DependencyUnavailable>
    /** Consumes a state. Of any number of parallel callers, one gets `won`. */
    readonly consume: (sent: Sent) => Effect.Effect<Consumed, DependencyUnavailable>
    readonly fail: (reason: string) => Effect.Effect<void, DependencyUnavailable>
    /** Finds, creates or restores the user and creates the session, in one transaction. */
    readonly complete: (profile: DiscordProfile, session: NewSession) => Effect.Effect<void, DependencyUnavailable>
  }
>()("auth/SignInRepo") {
  static readonly layer = Layer.effect(
    SignInRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const life = sessionLife(sql)

      const begin = Effect.fn("SignInRepo.begin")(function* ({ stateHash, browserHash, returnTo }: NewState) {
        const { ip, userAgent } = yield* RequestInfo
        yield* change(sql`
          with begun as (
            insert into oauth_states (state_hash, browser_hash, return_to, provider, expires_at, ip_address, user_agent)
            values (${stateHash}, ${browserHash}, ${returnTo}, 'discord', now() + interval '10 minutes', ${ip}::inet,
              ${userAgent})
          )
          ${yield* auditEvents(sql, { type: "sign_in_started" })}`)
      })

      const consume = Effect.fn("SignInRepo.consume")(function* ({
        stateHashes,
        browserHashes,
        presentedTokenHashes
      }: Sent) {
        const refused = yield* auditEvents(sql, {
          type: "sign_in_state_refused",
          detail: sql`jsonb_build_object('reason', verdict)`,
          from: sql`answer where verdict <> 'won' and not exists (select from kept)`
        })
        const rows = yield* change(sql<Consumed>`
          with state as (
            select id, state_hash, session_id, return_to, ${isOneOf(sql, "browser_hash", browserHashes)} as mine,
              expires_at <= now() as expired, created_at > now() - interval '${sql.literal(again)}' as recent
            from oauth_states where ${isOneOf(sql, "state_hash", stateHashes)}
          ), taken as (
            update oauth_states set consumed_at = now()
            where id = (select id from state where mine) and consumed_at is null and expires_at > now()
            returning id
          ), kept as (
            select case when ${isOneOf(sql, "s.token_hash", presentedTokenHashes)} then s.token_hash
              else s.previous_token_hash end as "tokenHash", s.csrf_token_hash as "csrfHash"
            from state
            join user_sessions s on s.id = state.session_id
            join users u on u.id = s.user_id and u.deleted_at is null
            join discord_identities i on i.user_id = u.id and i.relogin_required_at is null
            where state.mine and state.recent and ${sessionLife(sql, "s").live} and ${hasToken(sql, presentedTokenHashes, "s")}
          ), answer as (
            select case
              when exists (select from taken) then 'won'
              when not exists (select from state where mine) then 'unknown'
              when (select expired from state) then 'expired'
              else 'consumed'
            end as verdict
          ), audited as (${refused})
          select verdict, (select state_hash from state) as "stateHash", (select row_to_json(kept) from kept) as kept,
            (select return_to from state where mine) as "returnTo"
          from answer`)
        return rows[0]!
      })

      const fail = Effect.fn("SignInRepo.fail")(function* (reason: string) {
        yield* change(
          yield* auditEvents(sql, {
            type: "sign_in_failed",
            detail: sql`jsonb_build_object('reason', ${reason}::text)`
          })
        )
      })

      const complete = Effect.fn("SignInRepo.complete")(function* (profile: DiscordProfile, session: NewSession) {
        const { ip, userAgent } = yield* RequestInfo
        const bySignIn = sql`'{"reason": "sign_in"}'::jsonb`
        const opened = { user: sql`user_id`, session: sql`id`, from: sql`opened` }
        const events = yield* auditEvents(
          sql,
          { type: "user_restored", user: sql`id`, from: sql`restored` },
          { type: "session_revoked", user: sql`user_id`, session: sql`id`, detail: bySignIn, from: sql`ended` },
          { type: "profile_refreshed", user: sql`user_id`, detail: bySignIn, from: sql`identity` },
          { type: "session_created", ...opened },
          { type: "sign_in_succeeded", ...opened }
        )
        // The lock serialises parallel first sign-ins of one person, so the second finds the user the first created.
        const takeTurn = sql`select pg_advisory_xact_lock(hashtextextended(${`discord:${profile.id}`}, 0))`
        const signIn = sql`
          with known as (
            select i.id, i.user_id, u.deleted_at is not null as deleted
            from discord_identities i join users u on u.id = i.user_id where i.discord_user_id = ${profile.id}
          ), made as (
            insert into users (id) select gen_random_uuid() where not exists (select from known) returning id
          ), restored as (
            update users set deleted_at = null, updated_at = now()
            where id = (select user_id from known where deleted) returning id
          ), identity as (
            insert into discord_identities (user_id, discord_user_id, last_login_at, last_profile_refresh_at)
            select coalesce((select id from made), (select user_id from known)), ${profile.id}, now(), now()
            on conflict (discord_user_id) do update set last_login_at = now(), last_profile_refresh_at = now(),
              relogin_required_at = null, relogin_reason = null, updated_at = now()
            returning id, user_id
          ), profiled as (
            ${storeProfile(sql, profile)}
          ), tokens as (
            insert into discord_oauth_tokens (discord_identity_id, access_token_ciphertext, refresh_token_ciphertext,
              token_type, scope, expires_at)
            select id, ${session.accessToken}, ${session.refreshToken}, ${session.tokenType}, ${session.scope},
              now() + make_interval(secs => ${session.expiresIn}::double precision)
            from identity
            on conflict (discord_identity_id) do update set access_token_ciphertext = excluded.access_token_ciphertext,
              refresh_token_ciphertext = excluded.refresh_token_ciphertext, token_type = excluded.token_type,
              scope = excluded.scope, expires_at = excluded.expires_at, updated_at = now()
          ), ended as (
            update user_sessions set revoked_at = now(), updated_at = now()
            where revoked_at is null
              and (${hasToken(sql, session.presentedTokenHashes)} or user_id = (select id from restored))
            returning id, user_id
          ), opened as (
            insert into user_sessions (created_at, last_seen_at, user_id, token_hash, csrf_token_hash, previous_token_hash, expires_at, login_ip_address,
              login_location_country, login_location_region, login_location_city, current_ip_address,
              current_location_country, current_location_region, current_location_city, user_agent)
            select clock_timestamp(), clock_timestamp(), user_id, ${session.tokenHash}, ${session.csrfHash},
              ${session.previousTokenHash}, ${life.begun}, ${ip}::inet,
              ${session.location.country}, ${session.location.region}, ${session.location.city}, ${ip}::inet,
              ${session.location.country}, ${session.location.region}, ${session.location.city}, ${userAgent}
            from identity
            returning id, user_id
          ), answered as (
            update oauth_states set session_id = (select id from opened) where state_hash = ${session.stateHash}
          )
          ${events}`
        yield* change(sql.withTransaction(Effect.andThen(takeTurn, signIn)))
      })

      return SignInRepo.of({ begin, consume, fail, complete })
    })
  )
}
