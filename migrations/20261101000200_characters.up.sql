create table characters (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id) on delete cascade,
  name text not null,
  region text not null check (region in ('us', 'eu', 'kr', 'tw', 'cn')),
  -- The realm as a person writes it, or its slug.
  server text not null,
  class text not null,
  race text not null,
  spec text not null,
  role text not null check (role in ('tank', 'heal', 'melee', 'ranged')),
  rank text not null check (rank in ('main', 'alt')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create unique index characters_one_live on characters (region, lower(server), lower(name)) where deleted_at is null;
create index characters_user on characters (user_id) where deleted_at is null;

create table character_warcraftlogs_snapshots (
  character_id uuid primary key references characters (id) on delete cascade,
  gear jsonb not null default '[]',
  rankings jsonb not null default '[]',
  zone_id integer,
  metric text,
  best_performance_average double precision,
  median_performance_average double precision,
  total_kills integer,
  partial boolean not null default false,
  error text,
  fetched_at timestamptz not null default now()
);

create table character_battlenet_snapshots (
  character_id uuid primary key references characters (id) on delete cascade,
  battlenet_id bigint,
  avatar_url text,
  level integer,
  equipped_item_level integer,
  active_spec_name text,
  faction text,
  error text,
  fetched_at timestamptz not null default now()
);
