create table guilds (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  realm text not null,
  region text not null check (region in ('us', 'eu', 'kr', 'tw', 'cn')),
  faction text not null check (faction in ('alliance', 'horde')),
  game_version text not null check (game_version in ('classic1x', 'classic', 'classicann')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create table guild_memberships (
  id uuid primary key default gen_random_uuid(),
  guild_id uuid not null references guilds (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  role text not null check (role in ('applicant', 'raider', 'officer', 'admin')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create unique index guild_memberships_one_live on guild_memberships (guild_id, user_id) where deleted_at is null;
create index guild_memberships_user on guild_memberships (user_id) where deleted_at is null;

create table guild_invites (
  id uuid primary key default gen_random_uuid(),
  guild_id uuid not null references guilds (id) on delete cascade,
  code text not null unique,
  created_by_user_id uuid references users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revoked_at timestamptz
);

create unique index guild_invites_one_live on guild_invites (guild_id) where revoked_at is null;
