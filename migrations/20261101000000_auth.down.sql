drop table security_audit_events;
drop table oauth_states;
drop table user_sessions;
drop table discord_oauth_tokens;
drop table discord_profiles;
drop table discord_identities;
drop table users;
