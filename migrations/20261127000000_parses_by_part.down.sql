drop trigger snapshots_added on character_warcraftlogs_snapshots;
drop trigger snapshots_changed on character_warcraftlogs_snapshots;
drop function snapshots_refreshed();

create trigger snapshots_roster after insert or update on character_warcraftlogs_snapshots
  for each row execute function snapshots_roster();

alter table character_warcraftlogs_snapshots
  drop column all_stars,
  drop column difficulty,
  drop column size,
  drop column partition,
  drop column rankings_fetched_at,
  drop column gear_fetched_at;
