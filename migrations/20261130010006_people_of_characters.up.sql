-- To find what refers to a person. A file of its own, as requests may hold other tables while they wait for this one.
create index characters_owner on characters (user_id) where user_id is not null;
