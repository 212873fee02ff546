-- Raid plans: who sits where, every write of a plan, and links that show it. Only new tables and triggers on them, so a
-- server of the previous release goes on working; what it removes from a roster stays seated, without its entry.
create table plans (
  id uuid primary key default gen_random_uuid(),
  -- In the order in which they were made.
  number bigint generated always as identity unique,
  guild_id uuid not null references guilds (id) on delete cascade,
  title text not null check (char_length(title) between 1 and 100),
  ruleset text not null check (char_length(ruleset) between 1 and 64),
  revision bigint not null default 1 check (revision > 0),
  created_by uuid references users (id) on delete set null,
  updated_by uuid references users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint plans_of_guild unique (id, guild_id)
);

create index plans_guild on plans (guild_id, number desc) where deleted_at is null;

create table plan_raids (
  plan_id uuid not null references plans (id) on delete cascade,
  raid smallint not null check (raid between 0 and 7),
  title text not null check (char_length(title) between 1 and 100),
  size smallint not null check (size in (10, 20, 25, 40)),
  starts_at timestamptz,
  zone text check (char_length(zone) between 1 and 100),
  primary key (plan_id, raid),
  constraint plan_raids_size unique (plan_id, raid, size)
);

-- What an entry of a roster must be for a seat to name it.
alter table roster_entries add constraint roster_entries_of_guild unique (id, guild_id);

create table plan_seats (
  plan_id uuid not null,
  guild_id uuid not null,
  entry_id uuid not null,
  character_id uuid not null,
  player_id uuid not null,
  raid smallint not null,
  size smallint not null,
  -- −1 is the bench, where the slot is the place in its order.
  "group" smallint not null,
  slot smallint not null,
  spec text not null,
  role text not null check (role in ('tank', 'heal', 'melee', 'ranged')),
  -- The entry while it is on the roster; both become null when it leaves.
  live_entry_id uuid,
  live_guild_id uuid,
  -- How the roster called it when it was last written: what is shown when it has left.
  name text not null,
  class text not null,
  rank text not null check (rank in ('main', 'alt')),
  player_name text not null,
  -- A second seat of one player in a raid, since the roster gave the character to them.
  doubled boolean not null default false,
  primary key (plan_id, entry_id),
  constraint plan_seats_plan foreign key (plan_id, guild_id) references plans (id, guild_id) on delete cascade,
  constraint plan_seats_raid foreign key (plan_id, raid, size) references plan_raids (plan_id, raid, size)
    on update cascade,
  constraint plan_seats_entry foreign key (live_entry_id, live_guild_id)
    references roster_entries (id, guild_id) on delete set null,
  constraint plan_seats_of_guild check (live_guild_id is null or (live_guild_id = guild_id and live_entry_id = entry_id)),
  constraint plan_seats_spec foreign key (class, spec) references game_specs (class, spec),
  constraint plan_seats_within check (case when "group" = -1 then slot between 0 and 99
    else slot between 0 and 4 and "group" >= 0 and "group" * 5 < size end),
  -- Deferrable: checked when a statement is done, so that one statement can swap two.
  constraint plan_seats_place unique (plan_id, raid, "group", slot) deferrable,
  constraint plan_seats_character unique (plan_id, character_id) deferrable,
  constraint plan_seats_player exclude (plan_id with =, raid with =, player_id with =) where (not doubled) deferrable
);

create index plan_seats_live on plan_seats (live_entry_id) where live_entry_id is not null;

-- Every write of a plan. Undone from the last to the first they lead back to each state in between.
create table plan_revisions (
  plan_id uuid not null references plans (id) on delete cascade,
  revision bigint not null,
  created_at timestamptz not null default clock_timestamp(),
  actor_id uuid references users (id) on delete set null,
  summary text not null check (char_length(summary) between 1 and 200),
  title jsonb,
  raids jsonb not null,
  moves jsonb not null,
  primary key (plan_id, revision)
);

create table plan_shares (
  id uuid primary key default gen_random_uuid(),
  plan_id uuid not null references plans (id) on delete cascade,
  token_hash text not null unique,
  created_by uuid references users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);

create index plan_shares_plan on plan_shares (plan_id) where revoked_at is null;

-- A trigger sees what was committed while it waited for the lock, so two at once cannot both be the last.
create function plans_limit() returns trigger language plpgsql as $$
begin
  perform from guilds where id = new.guild_id for update;
  if (select count(*) from plans where guild_id = new.guild_id and deleted_at is null) >= 500 then
    raise check_violation using message = 'a guild has at most 500 plans', constraint = 'plans_limit';
  end if;
  return new;
end
$$;

create trigger plans_limit before insert on plans for each row execute function plans_limit();

create function plan_shares_limit() returns trigger language plpgsql as $$
begin
  perform from plans where id = new.plan_id for update;
  if (select count(*) from plan_shares where plan_id = new.plan_id and revoked_at is null
      and (expires_at is null or expires_at > now())) >= 20 then
    raise check_violation using message = 'a plan has at most 20 links', constraint = 'plan_shares_limit';
  end if;
  return new;
end
$$;

create trigger plan_shares_limit before insert on plan_shares for each row execute function plan_shares_limit();
