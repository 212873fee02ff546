-- A key lets a program act for one guild. It is a user without a Discord identity, and a member of that guild as an
-- officer: whatever asks whether somebody may, and tells who did something, asks and tells it of keys as well.
create table guild_keys (
  id uuid primary key references users (id) on delete cascade,
  guild_id uuid not null references guilds (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 64),
  prefix text not null,
  token_hash text not null unique,
  scopes text[] not null check (cardinality(scopes) > 0
    and scopes <@ array['roster:read', 'roster:write', 'plans:read', 'plans:write', 'refresh']),
  created_by uuid references users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);

create index guild_keys_guild on guild_keys (guild_id) where revoked_at is null;
create index guild_keys_maker on guild_keys (created_by);

-- A trigger sees what was committed while it waited for the lock, so two at once cannot both be the last.
create function guild_keys_limit() returns trigger language plpgsql as $$
begin
  perform from guilds where id = new.guild_id for update;
  if (select count(*) from guild_keys where guild_id = new.guild_id and revoked_at is null
      and (expires_at is null or expires_at > now())) >= 20 then
    raise check_violation using message = 'a guild has at most 20 keys', constraint = 'guild_keys_limit';
  end if;
  return new;
end
$$;

create trigger guild_keys_limit before insert on guild_keys for each row execute function guild_keys_limit();

-- With the key ends its membership, so that a statement under way finds no right either.
create function guild_keys_revoked() returns trigger language plpgsql as $$
begin
  update guild_memberships set deleted_at = now(), updated_at = now() where user_id = new.id and deleted_at is null;
  return null;
end
$$;

create trigger guild_keys_revoked after update of revoked_at on guild_keys for each row
  when (old.revoked_at is null and new.revoked_at is not null) execute function guild_keys_revoked();

-- A key ends when its maker leaves the guild or is no admin any more, for good: whoever returns makes another.
create function guild_keys_without_maker() returns trigger language plpgsql as $$
begin
  with ended as (
    update guild_keys set revoked_at = now()
    where guild_id = old.guild_id and created_by = old.user_id and revoked_at is null
    returning id, guild_id, name, prefix
  )
  insert into security_audit_events (event_type, created_at, guild_id, metadata)
  select 'guild_key_revoked', clock_timestamp(), guild_id,
    jsonb_build_object('key_id', id, 'name', name, 'prefix', prefix, 'reason', 'maker_is_no_admin')
  from ended;
  return null;
end
$$;

create trigger guild_keys_without_maker after update of role, deleted_at on guild_memberships for each row
  when (old.role = 'admin' and old.deleted_at is null and (new.role <> 'admin' or new.deleted_at is not null))
  execute function guild_keys_without_maker();
create trigger guild_keys_without_maker_either after delete on guild_memberships for each row
  when (old.role = 'admin' and old.deleted_at is null) execute function guild_keys_without_maker();
