-- Battle.net's id of the character before it was replaced: with it, the character is itself again.
alter table character_battlenet_snapshots add column former_battlenet_id bigint;
