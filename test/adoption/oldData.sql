insert into _sqlx_migrations (version, description, success, checksum, execution_time) values
  (20240101000000, 'create users', true, '\x00ff', 1200345),
  (20240201000000, 'create guilds', true, '\x01ff', 900345);

insert into seed_history (name, checksum, applied_at) values ('0001_guild_roster.sql', 'abc123', '2024-05-01 10:00:00+00');

-- Ada leads, Bo is an officer, Cy left and came back as a raider, Di is deleted.
insert into users (id, created_at, updated_at, deleted_at) values
  ('00000000-0000-4000-8000-00000000000a', '2024-05-01 10:00:00.123456+00', '2024-05-02 10:00:00+00', null),
  ('00000000-0000-4000-8000-00000000000b', '2024-05-01 10:00:00+00', '2024-05-02 10:00:00+00', null),
  ('00000000-0000-4000-8000-00000000000c', '2024-05-01 10:00:00+00', '2024-05-02 10:00:00+00', null),
  ('00000000-0000-4000-8000-00000000000d', '2024-05-01 10:00:00+00', '2024-05-02 10:00:00+00', '2024-06-01 10:00:00+00');

insert into discord_identities (id, user_id, discord_user_id, last_login_at, last_profile_refresh_at, created_at) values
  ('00000000-0000-4000-8000-0000000000aa', '00000000-0000-4000-8000-00000000000a', '900000000000000001', now(), now() - interval '2 days', null),
  ('00000000-0000-4000-8000-0000000000bb', '00000000-0000-4000-8000-00000000000b', '900000000000000002', now(), now(), now()),
  ('00000000-0000-4000-8000-0000000000cc', '00000000-0000-4000-8000-00000000000c', '900000000000000003', now(), now(), now()),
  ('00000000-0000-4000-8000-0000000000dd', '00000000-0000-4000-8000-00000000000d', '900000000000000004', null, null, now());

insert into discord_profiles (discord_identity_id, username, discriminator, global_name, accent_color, avatar_decoration_data, primary_guild)
select id, 'old-' || right(discord_user_id, 1), '0', 'Old name', 16711680, '{"asset": "x"}', '{"tag": "WOW"}' from discord_identities;

insert into user_sessions (id, user_id, token_hash, csrf_token_hash, created_at, last_seen_at, expires_at, revoked_at, login_ip_address, login_location_country, current_ip_address, user_agent)
values
  ('00000000-0000-4000-8000-0000000001aa', '00000000-0000-4000-8000-00000000000a', :live, :csrf, now() - interval '3 days', now() - interval '1 minute', now() + interval '27 days', null, '203.0.113.7', 'DE', '203.0.113.8', 'Old browser'),
  ('00000000-0000-4000-8000-0000000002aa', '00000000-0000-4000-8000-00000000000a', :expired, 'e', now() - interval '60 days', now() - interval '31 days', now() - interval '1 day', null, null, null, null, null),
  ('00000000-0000-4000-8000-0000000003aa', '00000000-0000-4000-8000-00000000000a', :revoked, 'r', now() - interval '3 days', now() - interval '1 day', now() + interval '27 days', now() - interval '1 hour', null, null, null, null);

insert into discord_oauth_tokens (discord_identity_id, access_token_ciphertext, refresh_token_ciphertext, token_type, scope, expires_at)
values ('00000000-0000-4000-8000-0000000000aa', :access, :refresh, 'Bearer', 'identify', (now() at time zone 'UTC') + interval '5 days');

insert into oauth_states (state_hash, provider, expires_at, consumed_at) values
  ('state-1', 'discord', now() + interval '5 minutes', null), ('state-2', 'discord', now() - interval '5 days', now() - interval '5 days');

insert into guilds (id, name, realm, region, faction, game_version, motto, created_at, updated_at, deleted_at) values
  ('a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae', 'Night Watch', 'Spineshatter', 'eu', 'horde', 'classicann', 'Ours', '2024-05-01 10:00:00+00', '2024-05-03 10:00:00+00', null),
  ('00000000-0000-4000-8000-0000000000f2', 'Gone', 'Spineshatter', 'eu', 'horde', 'classic', null, '2024-05-01 10:00:00+00', '2024-05-03 10:00:00+00', '2024-07-01 10:00:00+00');

insert into guild_memberships (guild_id, user_id, role, created_at, deleted_at) values
  ('a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae', '00000000-0000-4000-8000-00000000000a', 'admin', '2024-05-01 10:00:00+00', null),
  ('a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae', '00000000-0000-4000-8000-00000000000b', 'officer', '2024-05-01 11:00:00+00', null),
  ('a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae', '00000000-0000-4000-8000-00000000000c', 'applicant', '2024-05-01 12:00:00+00', '2024-05-04 10:00:00+00'),
  ('a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae', '00000000-0000-4000-8000-00000000000c', 'raider', '2024-05-05 10:00:00+00', null);

insert into guild_invites (id, guild_id, code, created_by_user_id, created_at, revoked_at) values
  ('00000000-0000-4000-8000-0000000000e1', 'a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae', 'old-code', '00000000-0000-4000-8000-00000000000a', '2024-05-01 10:00:00+00', '2024-05-02 10:00:00+00'),
  ('00000000-0000-4000-8000-0000000000e2', 'a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae', 'live-code', '00000000-0000-4000-8000-00000000000a', '2024-05-02 10:00:00+00', null);

insert into characters (id, user_id, name, region, server, class, race, spec, role, rank, notes, created_at, updated_at, deleted_at) values
  ('00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-00000000000a', 'Adamant', 'eu', 'spineshatter', 'Warrior', 'Orc', 'Protection', 'tank', 'main', 'late', '2024-05-01 10:00:00+00', '2024-05-03 10:00:00+00', null),
  ('00000000-0000-4000-8000-0000000000c2', '00000000-0000-4000-8000-00000000000b', 'Borîn', 'eu', 'spineshatter', 'Druid', 'Tauren', 'Feral', 'melee', 'alt', '', '2024-05-01 10:00:00+00', '2024-05-03 10:00:00+00', null),
  ('00000000-0000-4000-8000-0000000000c3', '00000000-0000-4000-8000-00000000000a', 'Adamant', 'eu', 'Spineshatter', 'Mage', 'Undead', 'Fire', 'ranged', 'alt', '', '2024-05-01 10:00:00+00', '2024-05-03 10:00:00+00', '2024-05-04 10:00:00+00');

-- The second is in the provider's own format, which the service cannot read.
insert into warcraftlogs_snapshots (character_id, gear, rankings, zone_id, metric, best_performance_average, total_kills, fetched_at) values
  ('00000000-0000-4000-8000-0000000000c1',
   '[{"id": 28963, "slot": 1, "quality": 4, "icon": "inv_helmet_96.jpg", "itemLevel": 120, "permanentEnchant": null, "temporaryEnchant": null, "gems": null}]',
   '[{"encounter_id": 50649, "encounter_name": "High King Maulgar", "rank_percent": 88.5, "median_percent": 70, "total_kills": 3, "fastest_kill_ms": 123456, "best_amount": 1234.5, "spec": "Protection"}]',
   1008, 'dps', 88.5, 3, '2024-06-01 10:00:00+00'),
  ('00000000-0000-4000-8000-0000000000c2', '{"items": []}', '[]', 1008, 'hps', null, 0, '2024-06-01 10:00:00+00');

insert into battlenet_snapshots (character_id, avatar_url, level, equipped_item_level, active_spec_name, faction, fetched_at) values
  ('00000000-0000-4000-8000-0000000000c1', 'https://render.worldofwarcraft.com/a.jpg', 70, 115, 'Protection', 'horde', '2024-06-01 10:00:00+00');

insert into security_audit_events (user_id, session_id, event_type, created_at, ip_address, metadata) values
  ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-0000000001aa', 'session_created', '2024-05-01 10:00:00+00', '203.0.113.7', '{"a": 1}'),
  ('00000000-0000-4000-8000-00000000000a', null, 'guild_created', '2024-05-01 10:00:00+00', null, null),
  (null, null, 'oauth_state_invalid', '2024-05-01 10:00:00+00', '2001:db8::1', '{}');
