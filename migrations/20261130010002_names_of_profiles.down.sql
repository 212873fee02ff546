drop index roster_players_discord;
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
    insert into roster_players (guild_id, name, discord_user_id, user_id)
    select guild, player_name(p.global_name, p.username, member),
      case when not exists (select from roster_players where guild_id = guild and discord_user_id = i.discord_user_id)
        then i.discord_user_id end, member
    from (values (1)) one left join discord_identities i on i.user_id = member
    left join discord_profiles p on p.discord_identity_id = i.id
    returning * into player;
  end if;
  perform roster_add_characters(player);
end
$$;

drop trigger roster_players_named on roster_players;
drop function roster_players_named();
alter table roster_players drop column name_of_profile;
