-- A person as Discord shows them: the user's own picture, or the one of six that Discord shows in its place. One
-- expression without `from`, so that the planner puts it in place of the call.
create function discord_user(identity discord_identities, profile discord_profiles) returns json
language sql stable parallel safe as $$
  select (
    '{"id":' || to_json(identity.discord_user_id) || ',"username":' || to_json(profile.username)
    || ',"global_name":' || coalesce(to_json(profile.global_name)::text, 'null')
    || ',"avatar_url":' || to_json('https://cdn.discordapp.com/' || case
      when profile.avatar ~ '^\w+$' then
        'avatars/' || identity.discord_user_id || '/' || profile.avatar
          || case when starts_with(profile.avatar, 'a_') then '.gif' else '.png' end || '?size=128'
      else
        'embed/avatars/' || case
          when profile.discriminator ~ '^\d{1,4}$' and profile.discriminator::int > 0 then profile.discriminator::int % 5
          when identity.discord_user_id ~ '^\d{1,20}$' then
            div(identity.discord_user_id::numeric % 18446744073709551616, 4194304) % 6
          else 0
        end || '.png'
    end) || '}'
  )::json
$$;

-- Who is in a guild: the membership, the guild and the user are all live.
create view live_members as
select m.id, m.guild_id, m.user_id, m.role, m.created_at, m.updated_at
from guild_memberships m
join guilds g on g.id = m.guild_id and g.deleted_at is null
join users u on u.id = m.user_id and u.deleted_at is null
where m.deleted_at is null;
