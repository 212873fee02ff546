drop view live_guild_invites;
drop index security_audit_events_guild;

alter table security_audit_events drop column target_user_id, drop column guild_id;

alter table guild_invites
  drop constraint guild_invites_uses, drop column uses, drop column max_uses, drop column expires_at;
