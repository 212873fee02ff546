-- Rosters show the new columns, so each is another revision.
select roster_refreshed(array(select guild_id from rosters));
