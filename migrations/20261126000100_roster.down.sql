-- The roster goes, with its history. What members own stays as it is; for the rest there is no place.
do $$
begin
  if exists (select from characters where user_id is null)
    or exists (select from roster_players where note is not null or (user_id is null and status <> 'inactive'))
    or exists (select from roster_entries where note is not null or off_specs <> '{}')
  then
    raise exception 'the rosters hold characters without an owner, players who are no members, notes or off-specs, which would be lost; export the rosters and remove those first';
  end if;
end
$$;

drop trigger discord_profiles_roster on discord_profiles;
drop trigger snapshots_roster on character_battlenet_snapshots;
drop trigger snapshots_roster on character_warcraftlogs_snapshots;
drop trigger characters_roster on characters;
drop trigger characters_words on characters;
drop trigger discord_identities_roster on discord_identities;
drop trigger users_roster on users;
drop trigger guild_memberships_changed on guild_memberships;
drop trigger guild_memberships_joined on guild_memberships;
drop trigger guilds_roster on guilds;

drop function roster_add_characters(roster_players);
drop table roster_changes, roster_entries, roster_players, rosters;
drop function roster_entries_off_specs, roster_entries_changed, roster_players_changed, roster_players_link, roster_actor, roster_fields,
  roster_refreshed, roster_edited, roster_join, roster_leave, player_name, guilds_roster, characters_words,
  characters_roster, guild_memberships_roster, users_roster, discord_identities_roster, snapshots_roster,
  discord_profiles_roster;

drop index characters_one_in_the_world, characters_id_class;
alter table characters
  drop constraint characters_spec, drop constraint characters_race, drop constraint characters_class,
  alter column name_key drop not null, alter column realm_slug drop not null;
update characters set twin = false, name_key = null, realm_slug = null;

drop table game_specs, game_races, game_classes;
