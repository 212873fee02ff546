-- To find what refers to a person. A file of its own, as requests may hold other tables while they wait for this one.
create index guild_refreshes_asker on guild_refreshes (requested_by) where requested_by is not null;
