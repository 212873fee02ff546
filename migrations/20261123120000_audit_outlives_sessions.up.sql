-- The sweep removes dead sessions; their events keep saying which session they were about, and no session's end is held
-- up by a search for its events.
alter table security_audit_events drop constraint security_audit_events_session_id_fkey;
