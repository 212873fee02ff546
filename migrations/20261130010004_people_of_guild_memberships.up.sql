-- To find what refers to a person. A file of its own, as requests may hold other tables while they wait for this one.
create index guild_memberships_ever on guild_memberships (user_id);
