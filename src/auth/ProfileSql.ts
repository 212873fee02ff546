import type { SqlClient } from "effect/sql"
import type { DiscordProfile } from "./discord/DiscordClient.ts"

const json = (value: unknown) => (value === null ? null : JSON.stringify(value))

/** The part of a statement that stores a profile for the identity in its earlier `identity` part. */
export const storeProfile = (sql: SqlClient.SqlClient, profile: DiscordProfile) => sql`
    insert into discord_profiles (discord_identity_id, username, discriminator, global_name, avatar, bot, system,
      mfa_enabled, banner, accent_color, locale, verified, flags, premium_type, public_flags,
      avatar_decoration_data, collectibles, primary_guild)
    select id, ${profile.username}, ${profile.discriminator}, ${profile.global_name}, ${profile.avatar},
      ${profile.bot}::boolean, ${profile.system}::boolean, ${profile.mfa_enabled}::boolean, ${profile.banner},
      ${profile.accent_color}::bigint, ${profile.locale}, ${profile.verified}::boolean, ${profile.flags}::bigint,
      ${profile.premium_type}::bigint, ${profile.public_flags}::bigint,
      ${json(profile.avatar_decoration_data)}::text::jsonb, ${json(profile.collectibles)}::text::jsonb,
      ${json(profile.primary_guild)}::text::jsonb
    from identity
    on conflict (discord_identity_id) do update set username = excluded.username,
      discriminator = excluded.discriminator, global_name = excluded.global_name, avatar = excluded.avatar,
      bot = excluded.bot, system = excluded.system, mfa_enabled = excluded.mfa_enabled,
      banner = excluded.banner, accent_color = excluded.accent_color, locale = excluded.locale,
      verified = excluded.verified, flags = excluded.flags, premium_type = excluded.premium_type,
      public_flags = excluded.public_flags, avatar_decoration_data = excluded.avatar_decoration_data,
      collectibles = excluded.collectibles, primary_guild = excluded.primary_guild, updated_at = now()`
