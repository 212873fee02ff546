-- Compositions of a plan's raids: what was asked for, how far it is, and its answer. A new table alone, so a server of the
-- previous release goes on working.
create table plan_compositions (
  id uuid primary key,
  plan_id uuid not null,
  guild_id uuid not null,
  parent_id uuid references plan_compositions (id) on delete set null,
  requested_by uuid,
  -- The plan's, when it was asked for.
  revision bigint not null,
  wishes jsonb not null,
  -- The raids, the guild's values and who was offered, by their ids: no person's name.
  problem jsonb not null,
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'stopped', 'lost')),
  stop_asked boolean not null default false,
  stage text check (stage in ('greedy', 'annealing', 'relaxing', 'proving')),
  value bigint,
  bound bigint,
  proof text check (proof in ('lp', 'mip')),
  ended_by text check (ended_by in ('optimal', 'work', 'time', 'cancel')),
  -- The best so far: places with the entry on each, the bench's group is −1.
  seats jsonb,
  parts jsonb,
  why jsonb,
  -- Counts what viewers can see change: the ids of its events.
  sequence bigint not null default 1,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  -- Its server says every few seconds that it lives; one that does not for 15 s is lost.
  beat_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint plan_compositions_plan foreign key (plan_id, guild_id) references plans (id, guild_id) on delete cascade,
  constraint plan_compositions_finished check ((state in ('queued', 'running')) = (finished_at is null))
);

create index plan_compositions_plan on plan_compositions (plan_id, created_at desc);
create index plan_compositions_parent on plan_compositions (parent_id) where parent_id is not null;
create index plan_compositions_live on plan_compositions (beat_at) where finished_at is null;
create index plan_compositions_finished_at on plan_compositions (finished_at);
create index plan_compositions_asker on plan_compositions (requested_by) where requested_by is not null;
