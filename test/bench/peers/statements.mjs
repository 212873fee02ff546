/*
 * The statements of our repositories as they reach PostgreSQL, so that all sides ask it for the same work. Each is
 * prepared once a connection under its name.
 */

const view = `
  s.id, s.created_at, s.last_seen_at, s.user_agent,
  least(s.expires_at, s.created_at + interval '90 days') as expires_at,
  json_build_object('country', s.login_location_country, 'region', s.login_location_region,
    'city', s.login_location_city) as login_location,
  json_build_object('country', s.current_location_country, 'region', s.current_location_region,
    'city', s.current_location_city) as current_location`

export const findSession = {
  name: "find-session",
  text: `select ${view}, s.user_id, s.csrf_token_hash, u.created_at as user_created_at, i.discord_user_id, p.username,
      p.global_name, p.avatar, p.discriminator,
      s.revoked_at is not null as revoked,
      least(s.expires_at, s.created_at + interval '90 days') <= now() as expired,
      u.deleted_at is not null as deleted,
      i.relogin_required_at is not null as relogin_required,
      s.last_seen_at < now() - interval '5 minutes' as stale,
      coalesce(i.last_profile_refresh_at < now() - interval '1 day', true) as profile_stale
    from user_sessions s
    join users u on u.id = s.user_id
    join discord_identities i on i.user_id = u.id
    join discord_profiles p on p.discord_identity_id = i.id
    where s.token_hash = $1`
}

export const touchSession = {
  name: "touch-session",
  text: `with touched as (
      update user_sessions
      set last_seen_at = now(), updated_at = now(),
        expires_at = least(now() + interval '30 days', created_at + interval '90 days'),
        current_ip_address = $1::inet, current_location_country = null,
        current_location_region = null, current_location_city = null
      where id = $2 and revoked_at is null and last_seen_at < now() - interval '5 minutes'
      returning id, user_id
    )
    insert into security_audit_events (user_id, session_id, event_type, ip_address, user_agent, metadata)
    select user_id, id, 'session_refreshed', $1::inet, $3, jsonb_build_object('request_id', $4::text) from touched`
}

export const listGuilds = {
  name: "list-guilds",
  text: `select g.id, g.name, g.realm, g.region, g.faction, g.game_version, g.created_at, g.updated_at, g.deleted_at,
      m.role as membership_role, i.code as invite_code, i.expires_at, i.max_uses, i.uses
    from guild_memberships m
    join guilds g on g.id = m.guild_id and g.deleted_at is null
    left join live_guild_invites i on i.guild_id = g.id and m.role in ('officer', 'admin')
    where m.user_id = $1 and m.deleted_at is null order by g.created_at desc, g.id`
}

export const listMembers = {
  name: "list-members",
  text: `select m.user_id, m.role, m.created_at, m.updated_at,
      d.discord_user_id, p.username, p.global_name, p.avatar, p.discriminator
    from guilds g
    join guild_memberships me on me.guild_id = g.id and me.user_id = $1 and me.deleted_at is null
    join guild_memberships m on m.guild_id = g.id and m.deleted_at is null
    join users u on u.id = m.user_id and u.deleted_at is null
    join discord_identities d on d.user_id = u.id
    join discord_profiles p on p.discord_identity_id = d.id
    where g.id = $2 and g.deleted_at is null
    order by m.created_at, m.id`
}

const columns = ["id", "user_id", "name", "region", "server", "class", "race", "spec", "role", "rank"]
  .concat("created_at", "updated_at", "deleted_at")
  .map((column) => `c.${column}`)
  .join(", ")

export const listCharacters = {
  name: "list-characters",
  text: `select ${columns}
    from guilds g
    join guild_memberships me on me.guild_id = g.id and me.user_id = $1 and me.deleted_at is null
    left join (
      guild_memberships m
      join users u on u.id = m.user_id and u.deleted_at is null
      join characters c on c.user_id = m.user_id and c.deleted_at is null
    ) on m.guild_id = g.id and m.deleted_at is null
    where g.id = $2 and g.deleted_at is null
    order by lower(c.name), c.id`
}

export const listRoster = {
  name: "list-roster",
  text: `select r.revision, p.id as player_id, p.name as player_name, p.discord_user_id as player_discord, p.status,
      p.note as player_note, p.user_id, p.created_at as player_created_at, p.updated_at as player_updated_at,
      d.discord_user_id, dp.username, dp.global_name, dp.avatar, dp.discriminator,
      e.id as entry_id, c.id, c.name, c.region, c.server, e.class, c.race, e.spec, e.role, e.rank, e.off_specs, e.note,
      e.created_at, e.updated_at, w.best_performance_average, w.median_performance_average, w.error as w_error,
      w.fetched_at as w_fetched_at, w.rankings_fetched_at, w.gear_fetched_at, b.equipped_item_level, b.level,
      b.class as b_class, b.race as b_race, b.gone_since, b.replaced_at, b.error as b_error, b.fetched_at as b_fetched_at
    from guilds g
    join guild_memberships me on me.guild_id = g.id and me.user_id = $1 and me.deleted_at is null
    join rosters r on r.guild_id = g.id
    join roster_players p on p.guild_id = g.id
    left join (discord_identities d join discord_profiles dp on dp.discord_identity_id = d.id) on d.user_id = p.user_id
    left join (
      roster_entries e join characters c on c.id = e.character_id
      left join character_warcraftlogs_snapshots w on w.character_id = c.id
      left join character_battlenet_snapshots b on b.character_id = c.id
    ) on e.player_id = p.id
    where g.id = $2 and g.deleted_at is null
    order by lower(p.name), p.id, e.rank desc, c.name_key collate "C", e.id`
}

export const findCharacter = {
  name: "find-character",
  text: `select ${columns},
      to_jsonb(b) - 'character_id' - 'battlenet_id' as battlenet, to_jsonb(w) - 'character_id' as warcraftlogs
    from characters c
    join users u on u.id = c.user_id and u.deleted_at is null
    left join character_battlenet_snapshots b on b.character_id = c.id
    left join character_warcraftlogs_snapshots w on w.character_id = c.id
    where c.id = $1 and c.deleted_at is null
      and (c.user_id = $2 or exists (
        select from guild_memberships mine
        join guild_memberships theirs on theirs.guild_id = mine.guild_id and theirs.deleted_at is null
        join guilds g on g.id = mine.guild_id and g.deleted_at is null
        where mine.user_id = $2 and mine.deleted_at is null and theirs.user_id = c.user_id))`
}

export const createGuild = {
  name: "create-guild",
  text: `with made as (
      insert into guilds (name, realm, region, faction, game_version) values ($1, $2, $3, $4, $5) returning *
    ), joined as (
      insert into guild_memberships (guild_id, user_id, role) select id, $6, 'admin' from made
    ), noted as (
      insert into security_audit_events (created_at, user_id, guild_id, target_user_id, event_type, ip_address, user_agent, metadata)
      select clock_timestamp(), $6::uuid, guild_id, target_user_id, 'guild_created', $7::inet, $8,
        jsonb_build_object('request_id', $9::text) || detail
      from (select id as guild_id, null::uuid as target_user_id, '{}'::jsonb as detail from made) happened
    )
    select made.*, 'admin' as membership_role, null as invite_code, null as expires_at, null as max_uses, null as uses
    from made`
}

export const lockGuild = {
  name: "lock-guild",
  text: `select from guilds where id in (select guild_id from guild_memberships
      where guild_id = $1 and user_id = $2 and deleted_at is null) for update`
}

export const updateGuild = {
  name: "update-guild",
  text: `with caller as (
      select m.id, m.role from guild_memberships m
      join guilds g on g.id = m.guild_id and g.deleted_at is null
      where m.guild_id = $1 and m.user_id = $2 and m.deleted_at is null
    ), changed as (
      update guilds set name = coalesce($3, name), realm = coalesce($4, realm), region = coalesce($5, region),
        faction = coalesce($6, faction), game_version = coalesce($7, game_version), updated_at = now()
      where id = $1 and exists (select from caller where role = 'admin')
      returning *
    ), noted as (
      insert into security_audit_events (created_at, user_id, guild_id, target_user_id, event_type, ip_address, user_agent, metadata)
      select clock_timestamp(), $2::uuid, guild_id, target_user_id, 'guild_updated', $8::inet, $9,
        jsonb_build_object('request_id', $10::text) || detail
      from (select id as guild_id, null::uuid as target_user_id, $11::text::jsonb as detail from changed) happened
    )
    select changed.*, caller.role as caller_role, caller.role as membership_role, i.code as invite_code,
      i.expires_at, i.max_uses, i.uses
    from caller left join changed on true left join live_guild_invites i on i.guild_id = changed.id`
}
