-- Who asked for compositions is forgotten, too: the function of 20261130010101 with one line more.
create or replace function forget_user(
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
  update plan_compositions set requested_by = null where requested_by = person;
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
