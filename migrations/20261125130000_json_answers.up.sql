-- A time as answers show it: RFC 3339 in UTC with `Z`, to the millisecond.
create function rfc3339(moment timestamptz) returns text
language sql stable parallel safe as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
