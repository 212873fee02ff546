create table users (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create table discord_identities (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null unique references users (id) on delete cascade,
  discord_user_id text not null unique,
  last_login_at timestamptz,
  last_profile_refresh_at timestamptz,
  relogin_required_at timestamptz,
  relogin_reason text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Discord's numbers can exceed 32 bits, so they are bigint.
create table discord_profiles (
  id uuid primary key default gen_random_uuid(),
  discord_identity_id uuid not null unique references discord_identities (id) on delete cascade,
  username text not null,
  discriminator text,
  global_name text,
  avatar text,
  bot boolean,
  system boolean,
  mfa_enabled boolean,
  banner text,
  accent_color bigint,
  locale text,
  verified boolean,
  flags bigint,
  premium_type bigint,
  public_flags bigint,
  avatar_decoration_data jsonb,
  collectibles jsonb,
  primary_guild jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table discord_oauth_tokens (
  id uuid primary key default gen_random_uuid(),
  discord_identity_id uuid not null unique references discord_identities (id) on delete cascade,
  access_token_ciphertext text not null,
  refresh_token_ciphertext text,
  token_type text not null,
  scope text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table user_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id) on delete cascade,
  token_hash text not null unique,
  csrf_token_hash text not null unique,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  login_ip_address inet,
  login_location_country text,
  login_location_region text,
  login_location_city text,
  current_ip_address inet,
  current_location_country text,
  current_location_region text,
  current_location_city text,
  user_agent text
);

create index user_sessions_live on user_sessions (user_id, last_seen_at desc) where revoked_at is null;

create table oauth_states (
  id uuid primary key default gen_random_uuid(),
  state_hash text not null unique,
  -- The browser that began the sign-in; a state from before this column has none and matches no browser.
  browser_hash text,
  provider text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  ip_address inet,
  user_agent text
);

create index oauth_states_expiry on oauth_states (expires_at);

create table security_audit_events (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references users (id) on delete set null,
  session_id uuid references user_sessions (id) on delete set null,
  event_type text not null,
  created_at timestamptz not null default now(),
  ip_address inet,
  user_agent text,
  metadata jsonb not null default '{}'
);

create index security_audit_events_user on security_audit_events (user_id, created_at desc);
create index security_audit_events_age on security_audit_events (created_at);
