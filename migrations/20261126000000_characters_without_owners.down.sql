-- A race that nobody told was no race before either.
update characters set race = '' where race is null;

alter table characters
  drop column twin, drop column name_key, drop column realm_slug,
  alter column race set not null, alter column user_id set not null;

drop function realm_key, name_key;
