-- The database of the earlier service, as an installation may look: its own types, triggers, and names of constraints and
-- indexes; some columns that ours lacks, and none of those that only ours has.

create type guild_role as enum ('applicant', 'raider', 'officer', 'admin');
create type raid_region as enum ('us', 'eu', 'kr', 'tw', 'cn');
create domain discord_snowflake as varchar(20) check (value ~ '^\d+$');

create function touch_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at = now();
  return new;
end $$;

create table _sqlx_migrations (
  version bigint primary key,
  description text not null,
  installed_on timestamptz not null default now(),
  success boolean not null,
  checksum bytea not null,
  execution_time bigint not null
);

create table users (
  id uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  theme varchar(16) not null default 'dark',
  constraint pk_users primary key (id)
);
create index idx_users_deleted_at on users (deleted_at);
create trigger trg_users_updated_at before update on users for each row execute function touch_updated_at();

create table discord_identities (
  id uuid constraint pk_discord_identities primary key,
  user_id uuid not null constraint uq_identity_user unique constraint fk_identity_user references users (id),
  discord_user_id discord_snowflake not null constraint uq_identity_discord unique,
  last_login_at timestamptz,
  last_profile_refresh_at timestamptz,
  relogin_required_at timestamptz,
  relogin_reason varchar(64),
  created_at timestamptz default now(),
  updated_at timestamptz
);

create table discord_profiles (
  discord_identity_id uuid primary key references discord_identities (id),
  username varchar(32) not null,
  discriminator varchar(4),
  global_name varchar(64),
  avatar varchar(64),
  bot boolean,
  system boolean,
  mfa_enabled boolean,
  banner varchar(64),
  accent_color integer,
  locale varchar(16),
  verified boolean,
  flags bigint,
  premium_type smallint,
  public_flags bigint,
  avatar_decoration_data json,
  collectibles jsonb,
  primary_guild text,
  email varchar(320)
);

create table discord_oauth_tokens (
  id bigserial primary key,
  discord_identity_id uuid not null unique references discord_identities (id) on delete cascade,
  access_token_ciphertext text not null,
  refresh_token_ciphertext text not null,
  token_type varchar(32) not null,
  scope varchar(255) not null,
  expires_at timestamp not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table user_sessions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  token_hash varchar(64) not null,
  csrf_token_hash varchar(64) not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason varchar(64),
  login_ip_address inet,
  login_location_country varchar(2),
  login_location_region varchar(64),
  login_location_city varchar(128),
  current_ip_address inet,
  current_location_country varchar(2),
  current_location_region varchar(64),
  current_location_city varchar(128),
  user_agent varchar(512)
);
create unique index idx_user_sessions_token_hash on user_sessions (token_hash);
create unique index idx_user_sessions_csrf_token_hash on user_sessions (csrf_token_hash);
create index user_sessions_live on user_sessions (user_id) where revoked_at is null;

create table oauth_states (
  state_hash varchar(64) primary key,
  provider varchar(16) not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  ip_address inet,
  user_agent text
);

create table security_audit_events (
  id bigserial primary key,
  user_id uuid references users (id) on delete set null,
  session_id uuid references user_sessions (id) on delete set null,
  event_type varchar(64) not null,
  created_at timestamptz not null default now(),
  ip_address inet,
  user_agent text,
  metadata jsonb
);
create index idx_security_audit_events_user on security_audit_events (user_id, created_at);

create table guilds (
  id uuid primary key,
  name varchar(64) not null,
  realm varchar(64) not null,
  region raid_region not null,
  faction varchar(16) not null,
  game_version varchar(16) not null,
  motto text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create trigger trg_guilds_updated_at before update on guilds for each row execute function touch_updated_at();

create table guild_memberships (
  guild_id uuid not null references guilds (id),
  user_id uuid not null references users (id),
  role guild_role not null default 'applicant',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create index idx_guild_memberships_guild on guild_memberships (guild_id);

create table guild_invites (
  id uuid primary key,
  guild_id uuid not null references guilds (id),
  code varchar(32) not null unique,
  created_by_user_id uuid references users (id),
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

create table characters (
  id uuid primary key,
  user_id uuid not null references users (id),
  name varchar(64) not null,
  region raid_region not null,
  server varchar(64) not null,
  class varchar(32) not null,
  race varchar(32) not null,
  spec varchar(32) not null,
  role varchar(16) not null,
  rank varchar(16) not null,
  notes text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create table warcraftlogs_snapshots (
  id bigserial primary key,
  character_id uuid not null unique references characters (id) on delete cascade,
  gear jsonb not null,
  rankings jsonb not null,
  zone_id integer,
  metric varchar(8),
  best_performance_average real,
  median_performance_average real,
  total_kills bigint,
  error text,
  fetched_at timestamptz not null
);

create table battlenet_snapshots (
  character_id uuid primary key references characters (id) on delete cascade,
  avatar_url text,
  level smallint,
  equipped_item_level smallint,
  active_spec_name varchar(64),
  faction varchar(16),
  error text,
  fetched_at timestamptz not null
);

create table seed_history (
  name varchar(255) primary key,
  checksum varchar(128) not null,
  applied_at timestamptz not null default now()
);
