drop table character_battlenet_snapshots;
drop table character_warcraftlogs_snapshots;
drop table characters;
