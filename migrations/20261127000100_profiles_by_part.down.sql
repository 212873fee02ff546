drop trigger snapshots_added on character_battlenet_snapshots;
drop trigger snapshots_changed on character_battlenet_snapshots;

create trigger snapshots_roster after insert or update on character_battlenet_snapshots
  for each row execute function snapshots_roster();

alter table character_battlenet_snapshots
  drop column class,
  drop column race,
  drop column gone_since,
  drop column replaced_at;
