-- To find what refers to a person. A file of its own, as requests may hold other tables while they wait for this one.
create index guild_ruleset_overrides_writer on guild_ruleset_overrides (updated_by) where updated_by is not null;
