-- Removes those of the roster who never signed in, with all they own. Whoever has is a real person by now, and stays.
delete from users
using discord_identities identity
where identity.user_id = users.id
  and identity.last_login_at is null
  and identity.discord_user_id in (
    select (900000000000000000 + number)::text from generate_series(1, 32) number
  );
