-- Parses and gear each know when they were read, and more of what Warcraft Logs tells is kept. Only one table that
-- requests read is locked here; the next one is another migration, as requests lock the two in either order.
alter table character_warcraftlogs_snapshots
  add column all_stars jsonb not null default '[]',
  add column difficulty integer,
  add column size integer,
  add column partition integer,
  add column rankings_fetched_at timestamptz,
  add column gear_fetched_at timestamptz;

drop trigger snapshots_roster on character_warcraftlogs_snapshots;

-- What was stored before is as old as the last answer; nothing was killed in no time.
update character_warcraftlogs_snapshots set
  rankings_fetched_at = fetched_at,
  gear_fetched_at = fetched_at,
  rankings = (
    select coalesce(jsonb_agg(
      '{"all_stars": null}' || r || case when r -> 'total_kills' = '0' then '{"fastest_kill_ms": null}' else '{}'::jsonb end
      order by n), '[]')
    from jsonb_array_elements(rankings) with ordinality of(r, n))
where jsonb_typeof(rankings) = 'array';

-- For the previous release, which does not write them.
alter table character_warcraftlogs_snapshots
  alter column rankings_fetched_at set default now(),
  alter column gear_fetched_at set default now();

-- One change for a guild, however many of its characters are refreshed in one statement.
create function snapshots_refreshed() returns trigger language plpgsql as $$
begin
  perform roster_refreshed(array(
    select distinct e.guild_id from changed join roster_entries e on e.character_id = changed.character_id));
  return null;
end
$$;

create trigger snapshots_added after insert on character_warcraftlogs_snapshots
  referencing new table as changed for each statement execute function snapshots_refreshed();
create trigger snapshots_changed after update on character_warcraftlogs_snapshots
  referencing new table as changed for each statement execute function snapshots_refreshed();
