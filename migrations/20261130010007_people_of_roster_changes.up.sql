-- To find what refers to a person. A file of its own, as requests may hold other tables while they wait for this one.
create index roster_changes_actor on roster_changes (actor_id) where actor_id is not null;
create index roster_changes_fields on roster_changes using gin (fields jsonb_path_ops);
