drop index guild_invites_maker;
