-- Empty but while the secret is changed. Apart from the column, so that sessions can be read meanwhile.
create unique index user_sessions_previous_token_hash on user_sessions (previous_token_hash)
  where previous_token_hash is not null;
