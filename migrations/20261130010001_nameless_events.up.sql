-- Events of an account that was deleted carry one pseudonym, and end when it was told that they would.
alter table security_audit_events
  add column user_pseudonym uuid,
  add column target_pseudonym uuid,
  add column kept_until timestamptz;

create index security_audit_events_kept on security_audit_events (kept_until) where kept_until is not null;
create index security_audit_events_target on security_audit_events (target_user_id) where target_user_id is not null;
create index security_audit_events_nobody on security_audit_events (ip_address)
  where user_id is null and ip_address is not null;
