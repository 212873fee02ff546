-- One form for names and realms, whatever the database's own locale.
do $$
declare
  rule text := coalesce(
    (select 'pg_catalog.' || quote_ident(collname) from pg_collation where collname = 'pg_c_utf8'),
    (select 'pg_catalog.' || quote_ident(collname) from pg_collation
     where collname = 'und-x-icu' and collencoding in (-1, pg_char_to_encoding(getdatabaseencoding()))),
    'pg_catalog."default"');
begin
  -- Case is ignored, accents count.
  execute format('create function name_key(name text) returns text language sql immutable parallel safe
    return lower(btrim(normalize(name, NFC)) collate %s) collate "C"', rule);
  -- As in src/game/Realm.ts: what a realm's name makes its slug, unless a realm list knows better.
  execute format('create function realm_key(realm text) returns text language sql immutable parallel safe
    return regexp_replace(btrim(translate(lower(normalize(realm, NFC) collate %s), %L, ''    '')), ''[[:space:]-]+'', ''-'', ''g'') collate "C"',
    rule, '()（）''’‘ʼ＇`´');
end
$$;

-- A character need not have an owner, nor a race that is known. Done before the roster comes, as only this keeps readers
-- waiting, and for a moment.
alter table characters
  alter column user_id drop not null,
  alter column race drop not null,
  add column realm_slug text,
  add column name_key text,
  -- A character that was stored twice under two spellings of its realm, before this was noticed; both owners keep it.
  add column twin boolean not null default false;
