-- What effects of a ruleset are worth to a guild, in place of the ruleset's own values: by effect, then by whom it helps.
create table guild_ruleset_overrides (
  guild_id uuid not null references guilds (id) on delete cascade,
  ruleset text not null check (char_length(ruleset) between 1 and 64),
  revision bigint not null default 1 check (revision > 0),
  "values" jsonb not null check (jsonb_typeof("values") = 'object'),
  updated_by uuid references users (id) on delete set null,
  updated_at timestamptz not null default now(),
  primary key (guild_id, ruleset)
);
