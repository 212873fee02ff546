import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { auditEvents } from "../audit/AuditEvents.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { DiscordProfile } from "./discord/DiscordClient.ts"
import { change } from "../infra/Sql.ts"
import type { SealedTokens } from "./SealedTokens.ts"
import { storeProfile } from "./ProfileSql.ts"
import type { UserId } from "./User.ts"

/** The right to refresh one identity, until the next sign-in or the next day's claim. */
export interface Claim {
  readonly identity: string
  /** `last_profile_refresh_at` as the claim set it, as text: a Date would lose the microseconds. */
  readonly at: string
  readonly accessToken: string
  readonly refreshToken: string | null
  /** The access token has expired, or will within a minute. */
  readonly expiring: boolean
}

export class ProfileRefreshRepo extends Context.Service<
  ProfileRefreshRepo,
  {
    /** Gives the claim and the sealed tokens to one caller a day. */
    readonly claim: (user: UserId) => Effect.Effect<Claim | undefined, DependencyUnavailable>
    /**
     * Stores rotated tokens, and keeps the old refresh token if there is no new one. Can be repeated. False if the account
     * was deleted meanwhile.
     */
    readonly storeTokens: (claim: Claim, tokens: SealedTokens) => Effect.Effect<boolean, DependencyUnavailable>
    readonly storeProfile: (claim: Claim, profile: DiscordProfile) => Effect.Effect<void, DependencyUnavailable>
    /** Refuses the user's sessions until the next sign-in. */
    readonly requireRelogin: (claim: Claim, reason: string) => Effect.Effect<void, DependencyUnavailable>
  }
>()("auth/ProfileRefreshRepo") {
  static readonly layer = Layer.effect(
    ProfileRefreshRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const claim = (user: UserId) =>
        sql<Claim>`
          with claimed as (
            update discord_identities set last_profile_refresh_at = now()
            where user_id = ${user} and relogin_required_at is null
              and coalesce(last_profile_refresh_at < now() - interval '1 day', true)
            returning id, last_profile_refresh_at::text as at
          )
          select c.id as identity, c.at, t.access_token_ciphertext as "accessToken",
            t.refresh_token_ciphertext as "refreshToken", t.expires_at < now() + interval '1 minute' as expiring
          from claimed c join discord_oauth_tokens t on t.discord_identity_id = c.id`.pipe(
          change,
          Effect.map((rows) => rows[0])
        )

      // An uncommitted sign-in holds the row lock; after waiting for it, this condition shows that the claim has ended.
      const held = ({ identity, at }: Claim) =>
        sql`id = ${identity}::uuid and last_profile_refresh_at = ${at}::text::timestamptz`

      const storeTokens = Effect.fnUntraced(function* (claim: Claim, tokens: SealedTokens) {
        const stored = yield* change(sql`
          with identity as (select id from discord_identities where ${held(claim)} for update)
          update discord_oauth_tokens t set access_token_ciphertext = ${tokens.accessToken},
            refresh_token_ciphertext = coalesce(${tokens.refreshToken}, t.refresh_token_ciphertext),
            token_type = ${tokens.tokenType}, scope = ${tokens.scope}, updated_at = now(),
            expires_at = now() + make_interval(secs => ${tokens.expiresIn}::double precision)
          from identity where t.discord_identity_id = identity.id returning 1`)
        // A statement of its own, which sees what the one before may have waited for.
        const same = sql`select 1 from discord_identities where id = ${claim.identity}::uuid`
        return stored.length > 0 || (yield* change(same)).length > 0
      })

      const store = Effect.fn("ProfileRefreshRepo.storeProfile")(function* (claim: Claim, profile: DiscordProfile) {
        const refreshed = yield* auditEvents(sql, {
          type: "profile_refreshed",
          user: sql`user_id`,
          detail: sql`'{"reason": "daily"}'::jsonb`,
          from: sql`identity`
        })
        yield* change(sql`
          with identity as (
            select id, user_id from discord_identities
            where ${held(claim)} and discord_user_id = ${profile.id} for update
          ), profiled as (
            ${storeProfile(sql, profile)}
          )
          ${refreshed}`)
      })

      const requireRelogin = Effect.fn("ProfileRefreshRepo.requireRelogin")(function* (claim: Claim, reason: string) {
        const required = yield* auditEvents(sql, {
          type: "relogin_required",
          user: sql`user_id`,
          detail: sql`jsonb_build_object('reason', ${reason}::text)`,
          from: sql`marked`
        })
        yield* change(sql`
          with marked as (
            update discord_identities set relogin_required_at = now(), relogin_reason = ${reason}, updated_at = now()
            where ${held(claim)}
            returning user_id
          )
          ${required}`)
      })

      return ProfileRefreshRepo.of({ claim, storeTokens, storeProfile: store, requireRelogin })
    })
  )
}
