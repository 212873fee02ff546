alter table oauth_states drop column session_id, drop column return_to;
