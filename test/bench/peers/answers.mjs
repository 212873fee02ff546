/* Rows of PostgreSQL as the bodies that our service answers. */

const cdn = "https://cdn.discordapp.com"

const avatarUrl = (id, avatar, discriminator) => {
  if (avatar !== null && avatar !== "")
    return `${cdn}/avatars/${encodeURIComponent(id)}/${encodeURIComponent(avatar)}.${avatar.startsWith("a_") ? "gif" : "png"}?size=128`
  const legacy = /^\d{1,4}$/.test(discriminator ?? "") ? Number(discriminator) : 0
  return `${cdn}/embed/avatars/${legacy > 0 ? legacy % 5 : Number((BigInt(id) >> 22n) % 6n)}.png`
}

const discordOf = (row) => ({
  id: row.discord_user_id,
  username: row.username,
  global_name: row.global_name,
  avatar_url: avatarUrl(row.discord_user_id, row.avatar, row.discriminator)
})

export const sessionOf = (row) => ({
  user: { id: row.user_id, created_at: row.user_created_at.toISOString(), discord: discordOf(row) },
  session: {
    id: row.id,
    created_at: row.created_at.toISOString(),
    last_seen_at: row.last_seen_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    user_agent: row.user_agent,
    login_location: row.login_location,
    current_location: row.current_location,
    is_current: true
  }
})

export const guildOf = (row, origin) => ({
  id: row.id,
  name: row.name,
  realm: row.realm,
  region: row.region,
  faction: row.faction,
  game_version: row.game_version,
  ...(row.invite_code === null ? {} : { invite_url: `${origin}/guild-invites/${row.invite_code}` }),
  ...(row.uses === null
    ? {}
    : { invite: { expires_at: row.expires_at?.toISOString() ?? null, max_uses: row.max_uses, uses: row.uses } }),
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  deleted_at: row.deleted_at?.toISOString() ?? null,
  membership_role: row.membership_role
})

export const memberOf = (row) => ({
  user_id: row.user_id,
  role: row.role,
  discord: discordOf(row),
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString()
})

/** The row is ours alone, so its times are written over. */
export const characterOf = (row) => {
  row.created_at = row.created_at.toISOString()
  row.updated_at = row.updated_at.toISOString()
  row.deleted_at = row.deleted_at?.toISOString() ?? null
  return row
}

const bare = (word) => word.replaceAll(/[\s'’_-]+/g, "").toLowerCase()

const month = 30 * 86_400_000

const identityOf = ({ gone_since, replaced_at }) => {
  if (gone_since !== null && Date.now() - new Date(gone_since) >= month) return "gone"
  return replaced_at === null ? null : "replaced"
}

const entryOf = (row) => ({
  entry_id: row.entry_id,
  id: row.id,
  name: row.name,
  region: row.region,
  server: row.server,
  class: row.class,
  race: row.race,
  spec: row.spec,
  role: row.role,
  rank: row.rank,
  off_specs: row.off_specs,
  note: row.note,
  summary: {
    warcraftlogs: row.w_fetched_at && {
      best_performance_average: row.best_performance_average,
      median_performance_average: row.median_performance_average,
      error: row.w_error,
      fetched_at: row.w_fetched_at.toISOString(),
      rankings_fetched_at: row.rankings_fetched_at?.toISOString() ?? null,
      gear_fetched_at: row.gear_fetched_at?.toISOString() ?? null
    },
    battlenet: row.b_fetched_at && {
      equipped_item_level: row.equipped_item_level,
      level: row.level,
      class: row.b_class,
      race: row.b_race,
      differs: [
        ...(row.b_class !== null && bare(row.b_class) !== bare(row.class) ? ["class"] : []),
        ...(row.b_race !== null && row.race !== null && bare(row.b_race) !== bare(row.race) ? ["race"] : [])
      ],
      identity: identityOf(row),
      error: row.b_error,
      fetched_at: row.b_fetched_at.toISOString()
    }
  },
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString()
})

/** A row for each entry, those of a player together. */
export const rosterOf = (rows) => {
  const players = []
  for (const row of rows) {
    if (players.at(-1)?.id !== row.player_id)
      players.push({
        id: row.player_id,
        name: row.player_name,
        discord_user_id: row.player_discord,
        status: row.status,
        note: row.player_note,
        user_id: row.user_id,
        discord: row.discord_user_id === null ? null : discordOf(row),
        characters: [],
        created_at: row.player_created_at.toISOString(),
        updated_at: row.player_updated_at.toISOString()
      })
    if (row.entry_id !== null) players.at(-1).characters.push(entryOf(row))
  }
  return { revision: Number(rows[0].revision), players }
}

/** PostgreSQL writes times inside JSON with an offset in place of `Z`. */
export const detailOf = (row) => {
  characterOf(row)
  for (const snapshot of [row.battlenet, row.warcraftlogs]) {
    for (const key of ["fetched_at", "rankings_fetched_at", "gear_fetched_at"])
      if (snapshot?.[key]) snapshot[key] = new Date(snapshot[key]).toISOString()
  }
  if (row.battlenet !== null) {
    const { gone_since, replaced_at, ...shown } = row.battlenet
    row.battlenet = { ...shown, identity: identityOf({ gone_since, replaced_at }) }
  }
  return row
}
