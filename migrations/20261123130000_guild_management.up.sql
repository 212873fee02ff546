-- No end, unless one was asked for.
alter table guild_invites
  add column expires_at timestamptz,
  add column max_uses integer check (max_uses > 0),
  add column uses integer not null default 0,
  add constraint guild_invites_uses check (uses >= 0 and (max_uses is null or uses <= max_uses));

-- The history of a guild: what happened, by whom (user_id), to whom.
alter table security_audit_events
  add column guild_id uuid references guilds (id) on delete set null,
  add column target_user_id uuid references users (id) on delete set null;

create index security_audit_events_guild on security_audit_events (guild_id, created_at desc, id desc)
  where guild_id is not null;

create view live_guild_invites as
select id, guild_id, code, expires_at, max_uses, uses
from guild_invites
where revoked_at is null and (expires_at is null or expires_at > now()) and (max_uses is null or uses < max_uses);
