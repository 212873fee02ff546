-- The token's hash under the secret before, while SESSION_HMAC_SECRET is changed: replicas that know only that one find
-- the session by it.
alter table user_sessions add column previous_token_hash text;
