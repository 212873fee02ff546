drop view live_members;
drop function discord_user(discord_identities, discord_profiles);
