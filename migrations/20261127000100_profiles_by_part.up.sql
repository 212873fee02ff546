-- What Battle.net has as class and race, and whether it is still the same character.
alter table character_battlenet_snapshots
  add column class text,
  add column race text,
  -- Since when Battle.net knows no such character.
  add column gone_since timestamptz,
  -- When its id was first seen to be another one.
  add column replaced_at timestamptz;

drop trigger snapshots_roster on character_battlenet_snapshots;

update character_battlenet_snapshots set gone_since = fetched_at where battlenet_id is null and error is not null;

create trigger snapshots_added after insert on character_battlenet_snapshots
  referencing new table as changed for each statement execute function snapshots_refreshed();
create trigger snapshots_changed after update on character_battlenet_snapshots
  referencing new table as changed for each statement execute function snapshots_refreshed();
