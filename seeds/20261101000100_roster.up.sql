-- The invented people of the demo guild and their characters: the same as in src/demo/sim/roster.ts.
-- Whoever and whatever is already there is found, not doubled.

-- A sign-in at the same moment waits, so that it cannot make the same users.
lock table discord_identities in share row exclusive mode;

create temporary table seed_players (discord_user_id text, username text primary key, global_name text) on commit drop;

insert into seed_players (discord_user_id, username, global_name) values
  ('900000000000000001', 'aldra.sim', 'Aldra'),
  ('900000000000000002', 'borin.sim', 'Borin'),
  ('900000000000000003', 'cyra.sim', 'Cyra'),
  ('900000000000000004', 'dorvek.sim', 'Dorvek'),
  ('900000000000000005', 'elunis.sim', 'Élunis'),
  ('900000000000000006', 'farrag.sim', 'Farrag'),
  ('900000000000000007', 'grimkor.sim', 'Grimkor'),
  ('900000000000000008', 'hazzul.sim', 'Hazzul'),
  ('900000000000000009', 'ishara.sim', null),
  ('900000000000000010', 'jorgun.sim', 'Jorgun'),
  ('900000000000000011', 'kaelith.sim', 'Kaelith'),
  ('900000000000000012', 'lokmar.sim', 'Lokmar'),
  ('900000000000000013', 'mirelle.sim', 'Mirelle'),
  ('900000000000000014', 'nazrok.sim', 'Nazrok'),
  ('900000000000000015', 'oshawa.sim', 'Oshawa'),
  ('900000000000000016', 'pyrelia.sim', 'Pyrélia'),
  ('900000000000000017', 'quorra.sim', 'Quorra'),
  ('900000000000000018', 'rasko.sim', 'Раско'),
  ('900000000000000019', 'sulwen.sim', 'Sulwen'),
  ('900000000000000020', 'thazrik.sim', 'Thazrik'),
  ('900000000000000021', 'umbriel.sim', 'Ümbriel ⚔️'),
  ('900000000000000022', 'varkan.sim', 'Varkan'),
  ('900000000000000023', 'wulfgrim.sim', 'Wulfgrim'),
  ('900000000000000024', 'xandris.sim', 'Xandris'),
  ('900000000000000025', 'yarrowen.sim', 'Yarrowen'),
  ('900000000000000026', 'zorbash.sim', 'Zorbash'),
  ('900000000000000027', 'chernov.sim', 'Чернов'),
  ('900000000000000028', 'brannoc.sim', 'Brannoc'),
  ('900000000000000029', 'delmora.sim', null),
  ('900000000000000030', 'fenrisk.sim', 'Fenrisk'),
  ('900000000000000031', 'hollowmere.sim', 'Hollowmere'),
  ('900000000000000032', 'ketterin.sim', 'Ketterin'),
  (null, 'Oldmossback', null),
  (null, 'Silverquill', null);

create temporary table seed_characters (
  username text not null references seed_players (username),
  name text not null,
  class text not null,
  race text,
  spec text not null,
  role text not null,
  rank text not null
) on commit drop;

insert into seed_characters (username, name, class, race, spec, role, rank) values
  ('aldra.sim', 'Aldrakh', 'Warrior', 'Orc', 'Protection', 'tank', 'main'),
  ('aldra.sim', 'Aldrasong', 'Priest', 'Undead', 'Holy', 'heal', 'alt'),
  ('borin.sim', 'Borînhoof', 'Druid', 'Tauren', 'Feral', 'tank', 'main'),
  ('borin.sim', 'Borintide', 'Shaman', 'Tauren', 'Restoration', 'heal', 'alt'),
  ('cyra.sim', 'Cyrandel', 'Mage', 'Blood Elf', 'Arcane', 'ranged', 'main'),
  ('cyra.sim', 'Cyrabloom', 'Druid', 'Tauren', 'Restoration', 'heal', 'alt'),
  ('cyra.sim', 'Cyrashade', 'Rogue', 'Blood Elf', 'Combat', 'melee', 'alt'),
  ('cyra.sim', 'Cyrawisp', 'Warlock', 'Blood Elf', 'Demonology', 'ranged', 'alt'),
  ('dorvek.sim', 'Dorvekka', 'Shaman', 'Troll', 'Enhancement', 'melee', 'main'),
  ('dorvek.sim', 'Dorvelune', 'Paladin', 'Blood Elf', 'Holy', 'heal', 'alt'),
  ('elunis.sim', 'Élunisse', 'Paladin', 'Blood Elf', 'Holy', 'heal', 'main'),
  ('elunis.sim', 'Elunefang', 'Hunter', 'Blood Elf', 'Survival', 'ranged', 'alt'),
  ('farrag.sim', 'Farragash', 'Warrior', 'Orc', 'Fury', 'melee', 'main'),
  ('farrag.sim', 'Farrahex', 'Warlock', 'Orc', 'Affliction', 'ranged', 'alt'),
  ('grimkor.sim', 'Grimkôr', 'Rogue', 'Undead', 'Combat', 'melee', 'main'),
  ('grimkor.sim', 'Grimlight', 'Priest', 'Undead', 'Discipline', 'heal', 'alt'),
  ('hazzul.sim', 'Hazzulan', 'Hunter', 'Troll', 'BeastMastery', 'ranged', 'main'),
  ('hazzul.sim', 'Hazzumend', 'Priest', 'Troll', 'Holy', 'heal', 'alt'),
  ('ishara.sim', 'Isharae', 'Priest', 'Blood Elf', 'Shadow', 'ranged', 'main'),
  ('ishara.sim', 'Ishablade', 'Rogue', 'Blood Elf', 'Assassination', 'melee', 'alt'),
  ('jorgun.sim', 'Jörgunn', 'Shaman', 'Orc', 'Elemental', 'ranged', 'main'),
  ('jorgun.sim', 'Jorghorn', 'Warrior', 'Tauren', 'Protection', 'tank', 'alt'),
  ('kaelith.sim', 'Kaelithra', 'Paladin', 'Blood Elf', 'Protection', 'tank', 'main'),
  ('kaelith.sim', 'Kaelfrost', 'Mage', 'Blood Elf', 'Frost', 'ranged', 'alt'),
  ('lokmar.sim', 'Lokmarra', 'Warlock', 'Orc', 'Destruction', 'ranged', 'main'),
  ('lokmar.sim', 'Loktusk', 'Hunter', 'Orc', 'Marksmanship', 'ranged', 'alt'),
  ('mirelle.sim', 'Mirêlle', 'Priest', 'Blood Elf', 'Holy', 'heal', 'main'),
  ('mirelle.sim', 'Mirebolt', 'Mage', 'Undead', 'Fire', 'ranged', 'alt'),
  ('nazrok.sim', 'Nazrokh', 'Warrior', 'Undead', 'Arms', 'melee', 'main'),
  ('nazrok.sim', 'Nazmojo', 'Shaman', 'Troll', 'Restoration', 'heal', 'alt'),
  ('oshawa.sim', 'Oshawahe', 'Druid', 'Tauren', 'Restoration', 'heal', 'main'),
  ('oshawa.sim', 'Oshatotem', 'Shaman', 'Tauren', 'Enhancement', 'melee', 'alt'),
  ('pyrelia.sim', 'Pyrélia', 'Mage', 'Blood Elf', 'Fire', 'ranged', 'main'),
  ('pyrelia.sim', 'Pyrebrand', 'Paladin', 'Blood Elf', 'Retribution', 'melee', 'alt'),
  ('quorra.sim', 'Quorrash', 'Warlock', 'Undead', 'Affliction', 'ranged', 'main'),
  ('quorra.sim', 'Quorrafang', 'Druid', 'Tauren', 'Feral', 'melee', 'alt'),
  ('rasko.sim', 'Раскогром', 'Shaman', 'Orc', 'Restoration', 'heal', 'main'),
  ('rasko.sim', 'Раскоклык', 'Warrior', 'Orc', 'Fury', 'melee', 'alt'),
  ('sulwen.sim', 'Sülwen', 'Hunter', 'Blood Elf', 'Survival', 'ranged', 'main'),
  ('sulwen.sim', 'Sulwhisper', 'Priest', 'Blood Elf', 'Shadow', 'ranged', 'alt'),
  ('thazrik.sim', 'Thazrik', 'Rogue', 'Troll', 'Subtlety', 'melee', 'main'),
  ('thazrik.sim', 'Thazvoodoo', 'Mage', 'Troll', 'Frost', 'ranged', 'alt'),
  ('umbriel.sim', 'Ûmbriel', 'Warlock', 'Blood Elf', 'Destruction', 'ranged', 'main'),
  ('umbriel.sim', 'Umbrastep', 'Rogue', 'Undead', 'Assassination', 'melee', 'alt'),
  ('varkan.sim', 'Varkanosh', 'Druid', 'Tauren', 'Balance', 'ranged', 'main'),
  ('varkan.sim', 'Varkanox', 'Warrior', 'Tauren', 'Arms', 'melee', 'alt'),
  ('wulfgrim.sim', 'Wulfgrîm', 'Hunter', 'Orc', 'BeastMastery', 'ranged', 'main'),
  ('wulfgrim.sim', 'Wulfspark', 'Shaman', 'Orc', 'Elemental', 'ranged', 'alt'),
  ('xandris.sim', 'Xandrisse', 'Paladin', 'Blood Elf', 'Retribution', 'melee', 'main'),
  ('xandris.sim', 'Xandrune', 'Mage', 'Blood Elf', 'Arcane', 'ranged', 'alt'),
  ('yarrowen.sim', 'Yarrowen', 'Priest', 'Undead', 'Discipline', 'heal', 'main'),
  ('yarrowen.sim', 'Yarrowgrim', 'Warlock', 'Undead', 'Demonology', 'ranged', 'alt'),
  ('zorbash.sim', 'Zorbashk', 'Warrior', 'Orc', 'Fury', 'melee', 'main'),
  ('zorbash.sim', 'Zorbadin', 'Paladin', 'Blood Elf', 'Protection', 'tank', 'alt'),
  ('chernov.sim', 'Чернолап', 'Druid', 'Tauren', 'Feral', 'melee', 'main'),
  ('chernov.sim', 'Чернозуб', 'Hunter', 'Troll', 'Marksmanship', 'ranged', 'alt'),
  ('brannoc.sim', 'Brannokk', 'Mage', 'Troll', 'Frost', 'ranged', 'main'),
  ('brannoc.sim', 'Brannbark', 'Druid', 'Tauren', 'Balance', 'ranged', 'alt'),
  ('delmora.sim', 'Delmôra', 'Shaman', 'Troll', 'Restoration', 'heal', 'main'),
  ('delmora.sim', 'Delmoratus', 'Rogue', 'Orc', 'Combat', 'melee', 'alt'),
  ('fenrisk.sim', 'Fenriska', 'Rogue', 'Orc', 'Combat', 'melee', 'main'),
  ('fenrisk.sim', 'Fenrime', 'Warlock', 'Orc', 'Destruction', 'ranged', 'alt'),
  ('hollowmere.sim', 'Hollowmere', 'Priest', 'Undead', 'Shadow', 'ranged', 'main'),
  ('hollowmere.sim', 'Hollowhoof', 'Warrior', null, 'Protection', 'tank', 'alt'),
  ('ketterin.sim', 'Ketterîn', 'Mage', null, 'Fire', 'ranged', 'main'),
  ('Oldmossback', 'Mossbackk', 'Druid', 'Tauren', 'Restoration', 'heal', 'main'),
  ('Oldmossback', 'Mosshunter', 'Hunter', 'Tauren', 'Survival', 'ranged', 'alt'),
  ('Silverquill', 'Silverquill', 'Paladin', null, 'Holy', 'heal', 'main');

-- Without a Discord id there is no user to own anything; without a race a character is incomplete.
delete from seed_characters
where race is null or username in (select username from seed_players where discord_user_id is null);

delete from seed_players where discord_user_id is null;

with absent as (
  select gen_random_uuid() as user_id, discord_user_id
  from seed_players
  where discord_user_id not in (select discord_user_id from discord_identities)
), made_users as (
  insert into users (id) select user_id from absent
)
insert into discord_identities (user_id, discord_user_id)
select user_id, discord_user_id from absent;

create temporary table seed_users on commit drop as
select identity.user_id, identity.id as identity_id, player.username, player.global_name
from seed_players player
join discord_identities identity on identity.discord_user_id = player.discord_user_id;

-- A member must be a live user.
update users set deleted_at = null, updated_at = now()
where deleted_at is not null and id in (select user_id from seed_users);

-- A profile that is there came from Discord and knows better.
insert into discord_profiles (discord_identity_id, username, global_name)
select identity_id, username, global_name from seed_users
on conflict (discord_identity_id) do nothing;

-- Of several ended memberships the last one comes back, as raider whatever it was.
update guild_memberships membership set deleted_at = null, role = 'raider', updated_at = now()
from (
  select distinct on (user_id) id
  from guild_memberships
  where guild_id = 'a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae' and user_id in (select user_id from seed_users)
  order by user_id, deleted_at desc nulls first
) latest
where membership.id = latest.id and membership.deleted_at is not null;

-- Leaders keep their role.
insert into guild_memberships (guild_id, user_id, role)
select 'a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae', user_id, 'raider' from seed_users
on conflict (guild_id, user_id) where deleted_at is null
do update set role = 'raider', updated_at = now()
where guild_memberships.role = 'applicant';

-- A character that lives under another user stays there.
insert into characters (user_id, name, region, server, class, race, spec, role, rank)
select owner.user_id, seed.name, 'eu', 'spineshatter', seed.class, seed.race, seed.spec, seed.role, seed.rank
from seed_characters seed
join seed_users owner on owner.username = seed.username
on conflict (region, lower(server), lower(name)) where deleted_at is null
do update set
  class = excluded.class, race = excluded.race, spec = excluded.spec,
  role = excluded.role, rank = excluded.rank, updated_at = now()
where characters.user_id = excluded.user_id
  and (characters.class, characters.race, characters.spec, characters.role, characters.rank)
    is distinct from (excluded.class, excluded.race, excluded.spec, excluded.role, excluded.rank);
