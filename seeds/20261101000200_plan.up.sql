-- A plan of the demo guild: the mains of its roster in a raid of 25, with two seats free.

create temporary table seed_seats (name text primary key, "group" smallint not null, slot smallint not null) on commit drop;

-- −1 is the bench.
insert into seed_seats (name, "group", slot) values
  ('Aldrakh', 0, 0), ('Farragash', 0, 1), ('Grimkôr', 0, 2), ('Fenriska', 0, 3), ('Раскогром', 0, 4),
  ('Borînhoof', 1, 0), ('Zorbashk', 1, 1), ('Xandrisse', 1, 2), ('Dorvekka', 1, 3), ('Hazzulan', 1, 4),
  ('Cyrandel', 2, 0), ('Pyrélia', 2, 1), ('Quorrash', 2, 2), ('Jörgunn', 2, 3), ('Varkanosh', 2, 4),
  ('Lokmarra', 3, 0), ('Isharae', 3, 1), ('Ûmbriel', 3, 2), ('Kaelithra', 3, 3),
  ('Élunisse', 4, 0), ('Mirêlle', 4, 1), ('Oshawahe', 4, 2), ('Yarrowen', 4, 3),
  ('Sülwen', -1, 0), ('Thazrik', -1, 1);

-- Whoever is no longer on the guild's roster is left out.
create temporary table seed_plan on commit drop as
select g.id as guild_id, 'b7c0a3de-54f1-4b1c-9a55-0d5f7ac1e2b3'::uuid as plan_id, (
  select identity.user_id from discord_identities identity
  join guild_memberships m on m.user_id = identity.user_id and m.guild_id = g.id and m.deleted_at is null
  where identity.discord_user_id = '900000000000000001'
) as user_id
from guilds g
where g.id = 'a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae' and g.game_version = 'classicann'
  and not exists (select from plans where id = 'b7c0a3de-54f1-4b1c-9a55-0d5f7ac1e2b3')
  and (select count(*) from plans p where p.guild_id = g.id and p.deleted_at is null) < 500;

insert into plans (id, guild_id, title, ruleset, created_by, updated_by)
select plan_id, guild_id, 'Wednesday', 'tbc-anniversary@1', user_id, user_id from seed_plan;

insert into plan_raids (plan_id, raid, title, size, zone)
select plan_id, 0, 'Gruul''s Lair', 25, 'Gruul''s Lair' from seed_plan;

insert into plan_seats (plan_id, guild_id, entry_id, character_id, player_id, raid, size, "group", slot, spec, role,
  live_entry_id, live_guild_id, name, class, rank, player_name)
select distinct on (e.player_id) s.plan_id, s.guild_id, e.id, c.id, p.id, 0, 25, seat."group",
  case when seat."group" = -1 then (row_number() over (partition by seat."group" order by seat.slot) - 1)::smallint
    else seat.slot end,
  e.spec, e.role, e.id, s.guild_id, c.name, e.class, e.rank, p.name
from seed_plan s
join roster_entries e on e.guild_id = s.guild_id
join characters c on c.id = e.character_id and c.deleted_at is null
join roster_players p on p.id = e.player_id and p.status <> 'inactive'
join seed_seats seat on seat.name = c.name
order by e.player_id, seat."group" desc, seat.slot;

insert into plan_revisions (plan_id, revision, actor_id, summary, raids, moves, title)
select s.plan_id, 1, s.user_id, 'Made with ' || count(seat.entry_id) || ' characters.',
  jsonb_build_array(jsonb_build_object('raid', 0, 'from', null, 'to', jsonb_build_object('title', r.title, 'size', r.size,
    'starts_at', null, 'zone', r.zone))),
  coalesce(jsonb_agg(jsonb_build_object('entry_id', seat.entry_id, 'name', seat.name, 'from', null, 'to',
    jsonb_build_object('raid', 0, 'group', nullif(seat."group", -1), 'slot', seat.slot, 'spec', seat.spec))
    order by seat."group", seat.slot) filter (where seat.entry_id is not null), '[]'),
  jsonb_build_object('from', null, 'to', 'Wednesday')
from seed_plan s join plan_raids r on r.plan_id = s.plan_id left join plan_seats seat on seat.plan_id = s.plan_id
group by s.plan_id, s.user_id, r.title, r.size, r.zone;
