drop table guild_refresh_parts, guild_refresh_providers, guild_refreshes;
