select roster_refreshed(array(select guild_id from rosters));
