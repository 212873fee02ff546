-- The token's hash under the secret before, while SESSION_HMAC_SECRET is changed: replicas that know only that one find
-- the session by it.
alter table user_sessions add column previous_token_hash text;

-- Empty but for such sessions.
create unique index user_sessions_previous_token_hash on user_sessions (previous_token_hash)
  where previous_token_hash is not null;
