-- To find what refers to a person. A file of its own, as requests may hold other tables while they wait for this one.
create index guild_invites_maker on guild_invites (created_by_user_id) where created_by_user_id is not null;
