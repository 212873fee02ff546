drop index user_sessions_user;
