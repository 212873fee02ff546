-- The roster of a guild as data: players, and their characters as the guild sees them. Members become players and their
-- characters entries. Everything here adds to the tables, so a server of the previous release goes on working: triggers
-- carry its changes of members and characters into the roster.

-- ── The game's words: what src/game/GameVersions.ts has, for all game versions together. `known` is false for words that were
-- ── stored before there was a list; they are kept.
create table game_classes (name text primary key, known boolean not null default true);
create table game_races (name text primary key, known boolean not null default true);
create table game_specs (
  class text not null references game_classes (name),
  spec text not null,
  known boolean not null default true,
  primary key (class, spec)
);

insert into game_races (name)
select unnest(string_to_array('Human,Orc,Dwarf,Night Elf,Undead,Tauren,Gnome,Troll,Goblin,Blood Elf,Draenei,Worgen,'
  'Pandaren,Nightborne,Highmountain Tauren,Void Elf,Lightforged Draenei,Zandalari Troll,Kul Tiran,Dark Iron Dwarf,'
  'Vulpera,Mag''har Orc,Mechagnome,Dracthyr,Earthen,Haranir', ','));

with listed (class, specs) as (values
  ('Warrior', 'Arms,Fury,Protection'),
  ('Paladin', 'Holy,Protection,Retribution'),
  ('Hunter', 'BeastMastery,Marksmanship,Survival'),
  ('Rogue', 'Assassination,Combat,Subtlety,Outlaw'),
  ('Priest', 'Discipline,Holy,Shadow'),
  ('Death Knight', 'Blood,Frost,Unholy'),
  ('Shaman', 'Elemental,Enhancement,Restoration'),
  ('Mage', 'Arcane,Fire,Frost'),
  ('Warlock', 'Affliction,Demonology,Destruction'),
  ('Monk', 'Brewmaster,Mistweaver,Windwalker'),
  ('Druid', 'Balance,Feral,Guardian,Restoration,Dreamstate'),
  ('Demon Hunter', 'Havoc,Vengeance,Devourer'),
  ('Evoker', 'Devastation,Preservation,Augmentation')
), classes as (
  insert into game_classes (name) select class from listed
)
insert into game_specs (class, spec) select class, unnest(string_to_array(specs, ',')) from listed;

-- ── Characters: one row in the world, with or without an owner. Writes wait from here on, reads do not until the end.
-- Exclusive, since a change locks a guild's row before it writes: with less, it and this would wait for each other.
lock table guilds, guild_memberships, users, characters in exclusive mode;

update characters set realm_slug = realm_key(server), name_key = name_key(name);

update characters set twin = true where id in (
  select id from (
    select id, row_number() over (partition by region, realm_slug, name_key order by created_at, id) as n
    from characters where deleted_at is null
  ) alike where n > 1);

create unique index characters_id_class on characters (id, class);
create unique index characters_one_in_the_world on characters (name_key, region, realm_slug)
  where deleted_at is null and not twin;

insert into game_classes (name, known) select distinct class, false from characters on conflict do nothing;
insert into game_specs (class, spec, known) select distinct class, spec, false from characters on conflict do nothing;
insert into game_races (name, known) select distinct race, false from characters on conflict do nothing;

alter table characters
  add constraint characters_class foreign key (class) references game_classes (name),
  add constraint characters_race foreign key (race) references game_races (name),
  add constraint characters_spec foreign key (class, spec) references game_specs (class, spec);

-- ── The roster.
create table rosters (
  guild_id uuid primary key references guilds (id) on delete cascade,
  -- Counts every change of what the roster shows, providers' data included…
  revision bigint not null default 1,
  -- …and this is its value at the last edit: who has seen that, overwrites nothing unseen.
  edited_revision bigint not null default 1,
  edited_in xid8
);

create table roster_players (
  id uuid primary key default gen_random_uuid(),
  guild_id uuid not null references guilds (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 64),
  discord_user_id text,
  user_id uuid references users (id) on delete set null,
  status text not null default 'active' check (status in ('active', 'trial', 'bench', 'inactive')),
  -- What the status was before the member left; it comes back with them.
  status_before text check (status_before in ('active', 'trial', 'bench')),
  note text check (char_length(note) <= 500),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint roster_players_of_guild unique (id, guild_id),
  -- Deferrable: checked when a statement is done, so that one statement can swap two.
  constraint roster_players_one_discord unique (guild_id, discord_user_id) deferrable,
  constraint roster_players_one_member unique (guild_id, user_id) deferrable,
  constraint roster_players_one_name exclude (guild_id with =, name_key(name) with =)
    where (discord_user_id is null) deferrable
);

create index roster_players_user on roster_players (user_id) where user_id is not null;

create table roster_entries (
  id uuid primary key default gen_random_uuid(),
  guild_id uuid not null,
  player_id uuid not null,
  character_id uuid not null,
  class text not null,
  spec text not null,
  role text not null check (role in ('tank', 'heal', 'melee', 'ranged')),
  rank text not null check (rank in ('main', 'alt')),
  off_specs text[] not null default '{}' check (cardinality(off_specs) <= 5),
  note text check (char_length(note) <= 500),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint roster_entries_player foreign key (player_id, guild_id)
    references roster_players (id, guild_id) on delete cascade,
  constraint roster_entries_character foreign key (character_id, class)
    references characters (id, class) on update cascade on delete cascade,
  constraint roster_entries_spec foreign key (class, spec) references game_specs (class, spec),
  constraint roster_entries_once unique (guild_id, character_id),
  constraint roster_entries_one_main exclude (player_id with =) where (rank = 'main') deferrable
);

create index roster_entries_player_id on roster_entries (player_id);
create index roster_entries_character_id on roster_entries (character_id);

-- Who changed what of whom. The names are those of the time.
create table roster_changes (
  id bigint generated always as identity primary key,
  guild_id uuid not null references guilds (id) on delete cascade,
  created_at timestamptz not null default clock_timestamp(),
  actor_id uuid references users (id) on delete set null,
  change text not null,
  player_id uuid not null,
  player_name text not null,
  character_id uuid,
  character_name text,
  fields jsonb not null default '[]'
);

create index roster_changes_guild on roster_changes (guild_id, id desc);
-- What a player who is gone was called.
create index roster_changes_player on roster_changes (player_id, id desc);

-- ── Members become players. An applicant is on trial; whoever has left is not on the roster.
insert into rosters (guild_id) select id from guilds;

create function player_name(global_name text, username text, member uuid) returns text
language sql immutable parallel safe as $$
  select coalesce(
    (select left(clean, 64) from (select btrim(normalize(regexp_replace(coalesce(global_name, ''),
       '[\u0001-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]', '', 'g'), NFC)) as clean) named
     where clean ~ '[[:alnum:]]'),
    nullif(left(btrim(username), 64), ''), 'Player ' || left(member::text, 8))
$$;

insert into roster_players (guild_id, name, discord_user_id, user_id, status, created_at)
select m.guild_id, player_name(p.global_name, p.username, m.user_id), i.discord_user_id, m.user_id,
  case when m.role = 'applicant' then 'trial' else 'active' end, m.created_at
from guild_memberships m
join users u on u.id = m.user_id and u.deleted_at is null
left join discord_identities i on i.user_id = m.user_id
left join discord_profiles p on p.discord_identity_id = i.id
where m.deleted_at is null;

insert into roster_entries (guild_id, player_id, character_id, class, spec, role, rank, created_at)
select p.guild_id, p.id, c.id, c.class, c.spec, c.role,
  case when c.rank = 'main'
    and row_number() over (partition by p.id, c.rank order by c.created_at, c.id) = 1 then 'main' else 'alt' end,
  c.created_at
from roster_players p
join characters c on c.user_id = p.user_id and c.deleted_at is null and not c.twin;

-- ── What keeps the roster true, whichever server writes.

-- The words of a server or seed that knows no list are kept. Our own writes say who makes them, and are held to it.
create function characters_words() returns trigger language plpgsql as $$
begin
  new.name_key := name_key(new.name);
  if new.realm_slug is null or (tg_op = 'UPDATE' and new.server <> old.server and new.realm_slug = old.realm_slug) then
    new.realm_slug := realm_key(new.server);
  end if;
  if coalesce(current_setting('roster.actor', true), '') = '' then
    insert into game_classes (name, known) values (new.class, false) on conflict do nothing;
    insert into game_specs (class, spec, known) values (new.class, new.spec, false) on conflict do nothing;
    if new.race is not null then
      insert into game_races (name, known) values (new.race, false) on conflict do nothing;
    end if;
    -- Nor does it know that two spellings of a realm are one.
    new.twin := new.twin or tg_op = 'INSERT' and exists (select from characters c
      where c.name_key = new.name_key and c.region = new.region and c.realm_slug = new.realm_slug
        and c.deleted_at is null and not c.twin);
  end if;
  return new;
end
$$;

create trigger characters_words before insert or update of name, server, realm_slug, class, spec, race on characters
  for each row execute function characters_words();

create function guilds_roster() returns trigger language plpgsql as $$
begin
  insert into rosters (guild_id) values (new.id);
  return null;
end
$$;

create trigger guilds_roster after insert on guilds for each row execute function guilds_roster();

-- An edit counts once a transaction.
create function roster_edited(guild uuid) returns void language sql as $$
  update rosters set revision = revision + 1, edited_revision = revision + 1, edited_in = pg_current_xact_id()
  where guild_id = guild and edited_in is distinct from pg_current_xact_id()
$$;

-- What the roster shows has changed, but nobody edited it.
create function roster_refreshed(guild_ids uuid[]) returns void language sql as $$
  update rosters set revision = revision + 1
  where guild_id in (select guild_id from rosters where guild_id = any (guild_ids) order by guild_id for no key update)
$$;

create function roster_fields(before jsonb, after jsonb) returns jsonb language sql immutable as $$
  select coalesce(
    jsonb_agg(jsonb_build_object('field', key, 'from', coalesce(before -> key, 'null'), 'to', value) order by key), '[]')
  from jsonb_each(after) where coalesce(before -> key, 'null') <> value
$$;

create function roster_actor() returns uuid language sql stable as $$
  select nullif(current_setting('roster.actor', true), '')::uuid
$$;

create function roster_players_changed() returns trigger language plpgsql as $$
declare
  guild uuid := coalesce(new.guild_id, old.guild_id);
  before jsonb := case when tg_op <> 'INSERT' then jsonb_build_object('name', old.name, 'status', old.status,
    'note', old.note, 'discord_user_id', old.discord_user_id, 'user_id', old.user_id) end;
  after jsonb := case when tg_op <> 'DELETE' then jsonb_build_object('name', new.name, 'status', new.status,
    'note', new.note, 'discord_user_id', new.discord_user_id, 'user_id', new.user_id) end;
begin
  -- With its guild goes its history.
  if tg_op = 'DELETE' and not exists (select from guilds where id = guild) then return old; end if;
  if before is distinct from after then
    perform roster_edited(guild);
    insert into roster_changes (guild_id, actor_id, change, player_id, player_name, fields)
    values (guild, roster_actor(),
      case tg_op when 'INSERT' then 'player_added' when 'DELETE' then 'player_removed' else 'player_changed' end,
      coalesce(new.id, old.id), coalesce(new.name, old.name),
      case when tg_op = 'DELETE' then '[]' else roster_fields(before, after) end);
  end if;
  return coalesce(new, old);
end
$$;

create trigger roster_players_changed after insert or update on roster_players
  for each row execute function roster_players_changed();
-- Before, so that the name is on record when the characters follow.
create trigger roster_players_removed before delete on roster_players
  for each row execute function roster_players_changed();

-- A Discord id links a player to the member who has it.
create function roster_players_link() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.discord_user_id is not distinct from old.discord_user_id then return new; end if;
  if tg_op = 'INSERT' and new.user_id is not null then return new; end if;
  new.user_id := (select m.user_id from live_members m join discord_identities i using (user_id)
    where m.guild_id = new.guild_id and i.discord_user_id = new.discord_user_id);
  return new;
end
$$;

create trigger roster_players_link before insert or update of discord_user_id on roster_players
  for each row execute function roster_players_link();

create function roster_entries_changed() returns trigger language plpgsql as $$
declare
  guild uuid := coalesce(new.guild_id, old.guild_id);
  player uuid := coalesce(new.player_id, old.player_id);
  moved uuid := coalesce(new.character_id, old.character_id);
  before jsonb := case when tg_op <> 'INSERT' then jsonb_build_object('player_id', old.player_id, 'class', old.class,
    'spec', old.spec, 'role', old.role, 'rank', old.rank, 'off_specs', old.off_specs, 'note', old.note) end;
  after jsonb := case when tg_op <> 'DELETE' then jsonb_build_object('player_id', new.player_id, 'class', new.class,
    'spec', new.spec, 'role', new.role, 'rank', new.rank, 'off_specs', new.off_specs, 'note', new.note) end;
begin
  if tg_op = 'DELETE' and not exists (select from guilds where id = guild) then return null; end if;
  if before is distinct from after then
    perform roster_edited(guild);
    insert into roster_changes (guild_id, actor_id, change, player_id, player_name, character_id, character_name, fields)
    values (guild, roster_actor(),
      case tg_op when 'INSERT' then 'character_added' when 'DELETE' then 'character_removed' else 'character_changed' end,
      player,
      coalesce((select name from roster_players where id = player),
        (select player_name from roster_changes where player_id = player order by id desc limit 1), ''),
      moved, (select name from characters where id = moved),
      case when tg_op = 'DELETE' then '[]' else roster_fields(before - 'player_id', after - 'player_id')
        || case when tg_op = 'UPDATE' and old.player_id <> new.player_id then jsonb_build_array(jsonb_build_object(
          'field', 'player', 'to', (select name from roster_players where id = new.player_id),
          'from', coalesce((select name from roster_players where id = old.player_id),
            (select player_name from roster_changes where player_id = old.player_id order by id desc limit 1))))
        else '[]' end
      end);
  end if;
  return null;
end
$$;

create trigger roster_entries_changed after insert or update or delete on roster_entries
  for each row execute function roster_entries_changed();

-- Off-specs belong to the class too; those of another class go with it.
create function roster_entries_off_specs() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.class <> old.class then
    new.off_specs := array(select o from unnest(new.off_specs) o
      where exists (select from game_specs where class = new.class and spec = o));
  elsif exists (select from unnest(new.off_specs) o
      where not exists (select from game_specs where class = new.class and spec = o)) then
    raise foreign_key_violation using message = 'an off-spec is none of the class', constraint = 'roster_entries_off_specs';
  end if;
  return new;
end
$$;

create trigger roster_entries_off_specs before insert or update of off_specs, class on roster_entries
  for each row execute function roster_entries_off_specs();

-- A member's own characters come on the roster as they are; those that are there stay under whom they are.
create function roster_add_characters(player roster_players) returns void language sql as $$
  insert into roster_entries (guild_id, player_id, character_id, class, spec, role, rank)
  select player.guild_id, player.id, c.id, c.class, c.spec, c.role,
    case when c.rank = 'main' and row_number() over (partition by c.rank order by c.created_at, c.id) = 1
      and not exists (select from roster_entries where player_id = player.id and rank = 'main')
    then 'main' else 'alt' end
  from characters c
  where c.user_id = player.user_id and c.deleted_at is null and not c.twin
  on conflict (guild_id, character_id) do nothing
$$;

-- Links a member to the player that waits for them by Discord id. Whoever is raider or more gets one if none does.
create function roster_join(guild uuid, member uuid) returns void language plpgsql as $$
declare
  member_role text;
  player roster_players;
begin
  -- The guild's row comes first, as in every change of a guild.
  perform from guilds where id = guild for update;
  select role into member_role from live_members where guild_id = guild and user_id = member;
  if member_role is null then return; end if;
  select * into player from roster_players where guild_id = guild and user_id = member;
  if player.id is null then
    update roster_players p
    set user_id = member, status = coalesce(status_before, status), status_before = null, updated_at = now()
    from discord_identities i
    where p.guild_id = guild and p.user_id is null and i.user_id = member and p.discord_user_id = i.discord_user_id
    returning p.* into player;
  end if;
  if member_role = 'applicant' then return; end if;
  if player.id is null then
    insert into roster_players (guild_id, name, discord_user_id, user_id)
    select guild, player_name(p.global_name, p.username, member),
      case when not exists (select from roster_players where guild_id = guild and discord_user_id = i.discord_user_id)
        then i.discord_user_id end, member
    from (values (1)) one left join discord_identities i on i.user_id = member
    left join discord_profiles p on p.discord_identity_id = i.id
    returning * into player;
  end if;
  perform roster_add_characters(player);
end
$$;

create function roster_leave(guild uuid, member uuid) returns void language sql as $$
  update roster_players set user_id = null, updated_at = now(), status = 'inactive',
    status_before = case when status = 'inactive' then status_before else status end
  where guild_id = guild and user_id = member
$$;

create function guild_memberships_roster() returns trigger language plpgsql as $$
begin
  if new.deleted_at is null then perform roster_join(new.guild_id, new.user_id);
  else perform roster_leave(new.guild_id, new.user_id);
  end if;
  return null;
end
$$;

create trigger guild_memberships_joined after insert on guild_memberships
  for each row when (new.deleted_at is null) execute function guild_memberships_roster();
create trigger guild_memberships_changed after update of role, deleted_at on guild_memberships
  for each row when (new.role <> old.role or (new.deleted_at is null) <> (old.deleted_at is null))
  execute function guild_memberships_roster();

create function users_roster() returns trigger language plpgsql as $$
declare
  guild uuid;
begin
  for guild in select m.guild_id from guild_memberships m where m.user_id = new.id and m.deleted_at is null order by 1 loop
    if new.deleted_at is null then perform roster_join(guild, new.id);
    else
      perform from guilds where id = guild for update;
      perform roster_leave(guild, new.id);
    end if;
  end loop;
  return null;
end
$$;

create trigger users_roster after update of deleted_at on users
  for each row when ((new.deleted_at is null) <> (old.deleted_at is null)) execute function users_roster();

-- At sign-in, whoever should have a player and has none gets one.
create function discord_identities_roster() returns trigger language plpgsql as $$
declare
  guild uuid;
begin
  for guild in
    select m.guild_id from live_members m
    where m.user_id = new.user_id
      and not exists (select from roster_players p where p.guild_id = m.guild_id and p.user_id = m.user_id)
      and (m.role <> 'applicant' or exists (select from roster_players p
        where p.guild_id = m.guild_id and p.user_id is null and p.discord_user_id = new.discord_user_id))
    order by 1
  loop
    perform roster_join(guild, new.user_id);
  end loop;
  return null;
end
$$;

create trigger discord_identities_roster after insert or update of last_login_at on discord_identities
  for each row execute function discord_identities_roster();

create function characters_roster() returns trigger language plpgsql as $$
declare
  player roster_players;
begin
  if new.deleted_at is not null then
    delete from roster_entries where character_id = new.id;
    return null;
  end if;
  if tg_op = 'UPDATE' and new.class <> old.class then
    update roster_entries e set spec = new.spec, role = new.role, updated_at = now()
    where character_id = new.id and not exists (select from game_specs s where s.class = new.class and s.spec = e.spec);
  end if;
  if new.user_id is null or new.twin then return null; end if;
  if tg_op = 'INSERT' or old.user_id is distinct from new.user_id or old.deleted_at is not null then
    for player in
      select p.* from roster_players p join live_members m on m.guild_id = p.guild_id and m.user_id = p.user_id
      where p.user_id = new.user_id and m.role <> 'applicant' order by p.guild_id
    loop
      perform roster_add_characters(player);
    end loop;
  end if;
  if tg_op = 'UPDATE' and (new.spec, new.role) is distinct from (old.spec, old.role) then
    update roster_entries e set spec = new.spec, role = new.role, updated_at = now()
    from roster_players p
    where e.character_id = new.id and p.id = e.player_id and p.user_id = new.user_id
      and (e.spec, e.role) is distinct from (new.spec, new.role);
  end if;
  if tg_op = 'UPDATE' and new.rank <> old.rank then
    update roster_entries e set rank = case when e.character_id = new.id then new.rank else 'alt' end, updated_at = now()
    from roster_players p, roster_entries own
    where p.user_id = new.user_id and own.player_id = p.id and own.character_id = new.id and e.player_id = p.id
      and (e.character_id = new.id or (e.rank = 'main' and new.rank = 'main'));
  end if;
  if tg_op = 'UPDATE' and (new.name, new.server, new.region, new.race)
      is distinct from (old.name, old.server, old.region, old.race) then
    perform roster_refreshed(array(select guild_id from roster_entries where character_id = new.id));
  end if;
  return null;
end
$$;

create trigger characters_roster after insert or update on characters
  for each row execute function characters_roster();

-- What providers and Discord say is shown on the roster, but is no edit of it.
create function snapshots_roster() returns trigger language plpgsql as $$
begin
  perform roster_refreshed(array(select guild_id from roster_entries where character_id = new.character_id));
  return null;
end
$$;

create trigger snapshots_roster after insert or update on character_warcraftlogs_snapshots
  for each row execute function snapshots_roster();
create trigger snapshots_roster after insert or update on character_battlenet_snapshots
  for each row execute function snapshots_roster();

create function discord_profiles_roster() returns trigger language plpgsql as $$
begin
  perform roster_refreshed(array(select p.guild_id from roster_players p
    join discord_identities i on i.user_id = p.user_id where i.id = new.discord_identity_id));
  return null;
end
$$;

create trigger discord_profiles_roster after update on discord_profiles
  for each row when ((new.username, new.global_name, new.avatar, new.discriminator)
    is distinct from (old.username, old.global_name, old.avatar, old.discriminator))
  execute function discord_profiles_roster();

-- Last, as readers wait for it.
alter table characters alter column realm_slug set not null, alter column name_key set not null;
