drop index guild_memberships_ever;
