-- The demo guild, with those who lead it when it is made here: a guild that exists keeps its own leaders.

-- A sign-in at the same moment waits, so that it cannot make the same users.
lock table discord_identities in share row exclusive mode;

with made as (
  insert into guilds (id, name, realm, region, faction, game_version)
  values ('a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae', 'Ashen Vanguard', 'Spineshatter', 'eu', 'horde', 'classicann')
  on conflict (id) do nothing
  returning id
), leaders (discord_user_id, username, global_name, role) as (values
  ('900000000000000001', 'aldra.sim', 'Aldra', 'admin'),
  ('900000000000000002', 'borin.sim', 'Borin', 'officer'),
  ('900000000000000004', 'dorvek.sim', 'Dorvek', 'officer'),
  ('900000000000000005', 'elunis.sim', 'Élunis', 'officer')
), found as (
  select
    made.id as guild_id,
    leaders.*,
    identity.id is null as absent,
    coalesce(identity.id, gen_random_uuid()) as identity_id,
    coalesce(identity.user_id, gen_random_uuid()) as user_id
  from made
  cross join leaders
  left join discord_identities identity on identity.discord_user_id = leaders.discord_user_id
), made_users as (
  insert into users (id) select user_id from found where absent
), made_identities as (
  insert into discord_identities (id, user_id, discord_user_id)
  select identity_id, user_id, discord_user_id from found where absent
), made_profiles as (
  insert into discord_profiles (discord_identity_id, username, global_name)
  select identity_id, username, global_name from found
  on conflict (discord_identity_id) do nothing
)
insert into guild_memberships (guild_id, user_id, role)
select guild_id, user_id, role from found;
