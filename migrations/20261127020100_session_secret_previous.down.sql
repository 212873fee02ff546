alter table user_sessions drop column previous_token_hash;
