-- Refreshes of a guild's whole roster. They alone answer the routes; the job engine's tables only drive the work.
create table guild_refreshes (
  id uuid primary key default gen_random_uuid(),
  guild_id uuid not null references guilds (id) on delete cascade,
  -- Null for the nightly ones.
  requested_by uuid references users (id) on delete set null,
  -- Null while it lives.
  outcome text check (outcome in ('done', 'cancelled', 'failed')),
  -- Counts what viewers can see change: the ids of its events.
  sequence bigint not null default 1,
  created_at timestamptz not null default now(),
  -- When something of it was last settled.
  moved_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint guild_refreshes_finished check ((outcome is null) = (finished_at is null))
);

create unique index guild_refreshes_one_live on guild_refreshes (guild_id) where finished_at is null;
create index guild_refreshes_guild on guild_refreshes (guild_id, created_at desc);
create index guild_refreshes_finished_at on guild_refreshes (finished_at);

create table guild_refresh_providers (
  refresh_id uuid not null references guild_refreshes (id) on delete cascade,
  provider text not null check (provider in ('warcraftlogs', 'battlenet')),
  requests integer not null default 0,
  points_left double precision,
  waiting_until timestamptz,
  waiting_for text check (waiting_for in ('reserve', 'limit', 'provider')),
  primary key (refresh_id, provider)
);

-- One character at one provider.
create table guild_refresh_parts (
  refresh_id uuid not null,
  provider text not null,
  entry_id uuid not null,
  character_id uuid not null,
  -- Null until it is settled, which happens once.
  outcome text check (outcome in ('done', 'fresh', 'failed')),
  error text,
  -- The event that told the outcome.
  sequence bigint,
  -- How many answers were kept of it that did not settle it, and what they told: where the next question finds the
  -- character's equipment.
  round smallint not null default 0,
  kept jsonb,
  primary key (refresh_id, provider, entry_id),
  constraint guild_refresh_parts_provider foreign key (refresh_id, provider)
    references guild_refresh_providers (refresh_id, provider) on delete cascade,
  constraint guild_refresh_parts_settled check ((outcome is null) = (sequence is null))
);
