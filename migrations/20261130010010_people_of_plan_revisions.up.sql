-- To find what refers to a person. A file of its own, as requests may hold other tables while they wait for this one.
create index plan_revisions_actor on plan_revisions (actor_id) where actor_id is not null;
