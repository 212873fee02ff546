drop table guild_invites;
drop table guild_memberships;
drop table guilds;
