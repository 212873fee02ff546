drop trigger guild_keys_without_maker on guild_memberships;
drop trigger guild_keys_without_maker_either on guild_memberships;
-- Nobody may go on with the right of a key that is gone.
update guild_memberships set deleted_at = now(), updated_at = now()
where deleted_at is null and user_id in (select id from guild_keys);
drop table guild_keys;
drop function guild_keys_limit(), guild_keys_revoked(), guild_keys_without_maker();
