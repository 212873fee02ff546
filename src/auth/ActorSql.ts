/** The SQL of what tells of a key: null for the id of a person. */
export const actorKeyJson = (column: string) =>
  `(select json_build_object('name', k.name, 'prefix', k.prefix) from guild_keys k where k.id = ${column})`

/** The SQL of an `Actor`, from a column with a user's id; null without one. */
export const actorJson = (column: string) =>
  `case when ${column} is not null then json_build_object('user_id', ${column}, 'discord', (
    select discord_user(i, d) from discord_identities i
    join discord_profiles d on d.discord_identity_id = i.id where i.user_id = ${column}),
    'key', ${actorKeyJson(column)}) end`
