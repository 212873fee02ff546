drop index security_audit_events_kept, security_audit_events_target, security_audit_events_nobody;
-- Whose events they are nobody can tell either way; they then end with all others.
alter table security_audit_events
  drop column kept_until, drop column target_pseudonym, drop column user_pseudonym;
