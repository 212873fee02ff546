-- To find what refers to a person. A file of its own, as requests may hold other tables while they wait for this one.
create index user_sessions_user on user_sessions (user_id);
