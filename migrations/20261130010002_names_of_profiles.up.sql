-- To tell which names of a roster are a profile's, which go with the account.
alter table roster_players add column name_of_profile boolean not null default false;

-- Names that members brought along before this was noted: nobody gave another since, or it still is the profile's.
update roster_players p set name_of_profile = true
where not exists (select from roster_changes h where h.player_id = p.id and h.fields @> '[{"field": "name"}]')
  or exists (
    select from discord_identities i join discord_profiles d on d.discord_identity_id = i.id
    where (i.user_id = p.user_id or i.discord_user_id = p.discord_user_id)
      and p.name = player_name(d.global_name, d.username, i.user_id));

-- A name that somebody gives a player is the guild's.
create function roster_players_named() returns trigger language plpgsql as $$
begin
  if new.name <> old.name then new.name_of_profile := false; end if;
  return new;
end
$$;

create trigger roster_players_named before update of name on roster_players
  for each row execute function roster_players_named();

-- As before, but it notes whose name it gives.
create or replace function roster_join(guild uuid, member uuid) returns void language plpgsql as $$
declare
  member_role text;
  player roster_players;
begin
  -- The guild's row comes first, as in every change of a guild.
  perform from guilds where id = guild for update;
  select role into member_role from live_members where guild_id = guild and user_id = member;
  if member_role is null then return; end if;
  select * into player from roster_players where guild_id = guild and user_id = member;
  if player.id is null then
    update roster_players p
    set user_id = member, status = coalesce(status_before, status), status_before = null, updated_at = now()
    from discord_identities i
    where p.guild_id = guild and p.user_id is null and i.user_id = member and p.discord_user_id = i.discord_user_id
    returning p.* into player;
  end if;
  if member_role = 'applicant' then return; end if;
  if player.id is null then
    insert into roster_players (guild_id, name, discord_user_id, user_id, name_of_profile)
    select guild, player_name(p.global_name, p.username, member),
      case when not exists (select from roster_players where guild_id = guild and discord_user_id = i.discord_user_id)
        then i.discord_user_id end, member, true
    from (values (1)) one left join discord_identities i on i.user_id = member
    left join discord_profiles p on p.discord_identity_id = i.id
    returning * into player;
  end if;
  perform roster_add_characters(player);
end
$$;

create index roster_players_discord on roster_players (discord_user_id) where discord_user_id is not null;
