drop index guild_refreshes_asker;
