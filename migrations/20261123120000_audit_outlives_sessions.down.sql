update security_audit_events e set session_id = null
where session_id is not null and not exists (select from user_sessions s where s.id = e.session_id);

alter table security_audit_events
  add constraint security_audit_events_session_id_fkey
  foreign key (session_id) references user_sessions (id) on delete set null;
