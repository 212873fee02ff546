-- The fields of a roster's change without a person: their ids become null, and what they were called becomes `instead`.
create function roster_fields_without(fields jsonb, ids text[], names text[], instead text) returns jsonb
language sql immutable parallel safe as $$
  select coalesce(jsonb_agg(f.field || (
    select jsonb_object_agg(side, case
      when f.field ->> 'field' in ('discord_user_id', 'user_id') and f.field ->> side = any (ids) then 'null'
      when f.field ->> 'field' in ('name', 'player') and f.field ->> side = any (names) then to_jsonb(instead)
      else f.field -> side end)
    from unnest(array['from', 'to']) side) order by f.n), '[]')
  from jsonb_array_elements(fields) with ordinality f(field, n)
$$;

-- Which addresses and browsers a person was seen with, by their sessions, sign-ins and events.
create function places_of(person uuid) returns table (ip inet, agent text) language sql stable as $$
  select login_ip_address, user_agent from user_sessions where user_id = person
  union select current_ip_address, user_agent from user_sessions where user_id = person
  union select o.ip_address, o.user_agent from user_sessions s join oauth_states o on o.session_id = s.id
    where s.user_id = person
  union select ip_address, user_agent from security_audit_events where user_id = person
$$;

-- Frees the players who are a person, everywhere on rosters, plans and in their history. A name that came with their
-- profile goes; one that an officer typed is the guild's and stays, and then the history knows the player by that alone.
create function forget_players(person uuid, discord text, profile_names text[], theirs uuid[]) returns void
language plpgsql as $$
declare
  ids text[] := array[person::text, discord];
  mentions jsonb[] := array(
    select jsonb_build_array(jsonb_build_object('field', field, side, id))
    from (values ('user_id', person::text), ('discord_user_id', discord)) v(field, id), unnest(array['from', 'to']) side);
  player record;
  called text;
  former text[];
begin
  for player in
    select id, guild_id, name, name_of_profile, discord_user_id
    from roster_players where user_id = person or discord_user_id = discord
    union
    -- Those whose link was taken off, unless they are somebody else by now, and those who are gone.
    select h.player_id, h.guild_id, coalesce(p.name, ''), coalesce(p.name_of_profile, true), null
    from unnest(mentions) m(field) join roster_changes h on h.fields @> m.field
    left join roster_players p on p.id = h.player_id
    where p.id is null or (p.user_id is null and p.discord_user_id is null)
    union
    select h.player_id, h.guild_id, '', true, null from roster_changes h
    where h.guild_id = any (theirs) and h.player_name = any (profile_names)
      and not exists (select from roster_players p where p.id = h.player_id)
    order by guild_id, id
  loop
    called := case
      when player.name_of_profile or player.name = any (profile_names) then
        'Player ' || left(gen_random_uuid()::text, 8)
      -- Without a Discord id a name must be the only one of its kind.
      when player.discord_user_id is not null and exists (
        select from roster_players o where o.guild_id = player.guild_id and o.id <> player.id
          and o.discord_user_id is null and name_key(o.name) = name_key(player.name)) then
        left(player.name, 55) || ' ' || left(gen_random_uuid()::text, 8)
      else player.name end;
    former := array_remove(profile_names || player.name
      || array(select distinct player_name from roster_changes where player_id = player.id), called);

    update roster_players set name = called, discord_user_id = null, user_id = null, updated_at = now()
    where id = player.id;
    update plan_seats set player_name = called
    where player_id = player.id and player_name <> called
      and plan_id in (select id from plans where guild_id = player.guild_id);
    update roster_changes set player_name = called, fields = roster_fields_without(fields, ids, former, called)
    where player_id = player.id;
    update roster_changes set fields = roster_fields_without(fields, ids, former, called)
    where id in (
      select h.id from unnest(former) name, unnest(array['from', 'to']) side, roster_changes h
      where h.guild_id = player.guild_id
        and h.fields @> jsonb_build_array(jsonb_build_object('field', 'player', side, name)));
  end loop;
  update roster_changes set fields = roster_fields_without(fields, ids, '{}', null)
  where id in (select h.id from unnest(mentions) m(field) join roster_changes h on h.fields @> m.field);
end
$$;

/*
 * Deletes an account, once the person has confirmed it by their Discord username. `outcome`: `done`, `unknown` (there is no
 * such account any more), `mismatch`, or `last_admin` with the guilds that have no other admin. When it is done, `sessions`
 * has the hashes of the tokens that ended, and `events_until` the end of the events that are kept, for as long as `kept`.
 *
 * Locks: the person's sign-in, their guilds in order, the plans there, their user, and then the rows. Whatever refers to the
 * person and is written at the same time is there before the user's row can be deleted, and then all begins again (40001);
 * or it comes after, and fails by its foreign key.
 */
create function forget_user(
  person uuid, confirmation text, kept interval,
  out outcome text, out guilds json, out sessions text[], out events_until timestamptz
) language plpgsql as $$
declare
  pseudonym uuid := gen_random_uuid();
  identity record;
  places jsonb;
  theirs uuid[];
begin
  perform pg_advisory_xact_lock(hashtextextended('discord:' || discord_user_id, 0))
  from discord_identities where user_id = person;

  select i.discord_user_id as discord, p.username,
    array_remove(array[p.username, p.global_name, player_name(p.global_name, p.username, person)], null) as names
  into identity
  from users u join discord_identities i on i.user_id = u.id
  left join discord_profiles p on p.discord_identity_id = i.id
  where u.id = person and u.deleted_at is null;
  if not found then outcome := 'unknown'; return; end if;
  if confirmation is distinct from identity.username then outcome := 'mismatch'; return; end if;

  theirs := array(
    select guild_id from guild_memberships where user_id = person
    union select guild_id from roster_players where user_id = person or discord_user_id = identity.discord);
  perform from guilds g where g.id = any (theirs) order by g.id for no key update;

  select json_agg(json_build_object('id', g.id, 'name', g.name) order by g.name, g.id) into forget_user.guilds
  from live_members m join guilds g on g.id = m.guild_id
  where m.user_id = person and m.role = 'admin' and not exists (
    select from live_members o where o.guild_id = m.guild_id and o.role = 'admin' and o.user_id <> person);
  if forget_user.guilds is not null then outcome := 'last_admin'; return; end if;

  perform from plans p
  where p.guild_id = any (theirs) and (p.deleted_at is null or p.created_by = person or p.updated_by = person)
  order by p.id for update;
  perform from users where id = person for no key update;

  -- A trigger takes whoever leaves a guild off its roster. A guild that was founded or joined meanwhile was not asked about.
  update guild_memberships set deleted_at = now()
  where user_id = person and deleted_at is null and guild_id = any (theirs);
  delete from guild_memberships where user_id = person and guild_id = any (theirs);
  perform forget_players(person, identity.discord, identity.names, theirs);

  -- A character that a roster holds stays, as nobody's.
  delete from characters c
  where c.user_id = person and not exists (select from roster_entries e where e.character_id = c.id);
  update characters set user_id = null, updated_at = now() where user_id = person;

  update roster_changes set actor_id = null where actor_id = person;
  update plans set created_by = nullif(created_by, person), updated_by = nullif(updated_by, person)
  where created_by = person or updated_by = person;
  update plan_revisions set actor_id = null where actor_id = person;
  update plan_shares set created_by = null where created_by = person;
  update guild_refreshes set requested_by = null where requested_by = person;
  update guild_ruleset_overrides set updated_by = null where updated_by = person;
  update guild_invites set created_by_user_id = null where created_by_user_id = person;
  -- What is shown of plans and rosters names nobody any more.
  perform roster_refreshed(theirs);

  -- Nobody signed in yet when these were written; who it was shows only in where they came from.
  places := (select coalesce(jsonb_agg(p), '[]') from places_of(person) p where p.ip is not null);
  update security_audit_events e set ip_address = null, user_agent = null
  from jsonb_to_recordset(places) as p(ip inet, agent text)
  where e.user_id is null and e.ip_address = p.ip and e.user_agent is not distinct from p.agent;
  delete from oauth_states o using user_sessions s where o.session_id = s.id and s.user_id = person;
  update oauth_states o set ip_address = null, user_agent = null
  from jsonb_to_recordset(places) as p(ip inet, agent text)
  where o.ip_address = p.ip and o.user_agent is not distinct from p.agent;

  update security_audit_events set user_id = null, user_pseudonym = pseudonym, session_id = null, ip_address = null,
    user_agent = null, metadata = metadata - 'character_id', kept_until = created_at + kept
  where user_id = person;
  update security_audit_events set target_user_id = null, target_pseudonym = pseudonym,
    metadata = metadata - 'character_id', kept_until = created_at + kept
  where target_user_id = person;
  insert into security_audit_events (event_type, user_pseudonym, created_at, kept_until)
  values ('account_deleted', pseudonym, now(), now() + kept) returning kept_until into events_until;

  select coalesce(array_agg(hash), '{}') into forget_user.sessions
  from user_sessions s, unnest(array[s.token_hash, s.previous_token_hash]) hash
  where s.user_id = person and hash is not null;
  delete from user_sessions where user_id = person;
  delete from discord_identities where user_id = person;

  -- Waits for those who have just written something that refers to the person.
  perform from users where id = person for update;
  if exists (select from guild_memberships where user_id = person)
    or exists (select from security_audit_events where user_id = person)
    or exists (select from security_audit_events where target_user_id = person)
    or exists (select from roster_players where user_id = person or discord_user_id = identity.discord)
    or exists (select from characters where user_id = person)
    or exists (select from user_sessions where user_id = person)
  then
    raise serialization_failure using message = 'something was written about the person meanwhile';
  end if;
  delete from users where id = person;
  outcome := 'done';
end
$$;
