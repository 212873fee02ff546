import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { avatarUrl } from "../auth/Avatar.ts"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { RequestInfo } from "../http/RequestInfo.ts"
import { change, read } from "../infra/Sql.ts"
import type { Guild, GuildId, Member, NewGuild } from "./Guild.ts"

/** A guild as one of its members sees it; `invite_code` only where they may see it. */
export type GuildView = Omit<Guild, "invite_url"> & { readonly invite_code: string | null }

interface GuildRow extends Omit<GuildView, "created_at" | "updated_at" | "deleted_at"> {
  readonly created_at: Date
  readonly updated_at: Date
  readonly deleted_at: Date | null
}

const toGuild = (row: GuildRow): GuildView => ({
  ...row,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  deleted_at: row.deleted_at?.toISOString() ?? null
})

interface MemberRow extends Omit<Member, "discord" | "created_at" | "updated_at"> {
  readonly created_at: Date
  readonly updated_at: Date
  readonly discord_user_id: string
  readonly username: string
  readonly global_name: string | null
  readonly avatar: string | null
  readonly discriminator: string | null
}

const toMember = (row: MemberRow): Member => ({
  user_id: row.user_id,
  role: row.role,
  discord: {
    id: row.discord_user_id,
    username: row.username,
    global_name: row.global_name,
    avatar_url: avatarUrl({ id: row.discord_user_id, avatar: row.avatar, discriminator: row.discriminator })
  },
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString()
})

export class GuildsRepo extends Context.Service<
  GuildsRepo,
  {
    readonly create: (guild: NewGuild, admin: UserId) => Effect.Effect<GuildView, DependencyUnavailable>
    /** The guilds a user is a member of, newest first. */
    readonly list: (user: UserId) => Effect.Effect<ReadonlyArray<GuildView>, DependencyUnavailable>
    readonly find: (id: GuildId, user: UserId) => Effect.Effect<GuildView | undefined, DependencyUnavailable>
    /** Oldest first; empty when the user is no member. */
    readonly members: (id: GuildId, user: UserId) => Effect.Effect<ReadonlyArray<Member>, DependencyUnavailable>
  }
>()("guilds/GuildsRepo") {
  static readonly layer = Layer.effect(
    GuildsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      /** The live guilds of a user; everything a member may read starts here. */
      const visible = (user: UserId) => sql`
        select g.id, g.name, g.realm, g.region, g.faction, g.game_version, g.created_at, g.updated_at, g.deleted_at,
          m.role as membership_role, i.code as invite_code
        from guild_memberships m
        join guilds g on g.id = m.guild_id and g.deleted_at is null
        left join guild_invites i on i.guild_id = g.id and i.revoked_at is null and m.role in ('officer', 'admin')
        where m.user_id = ${user} and m.deleted_at is null`

      const create = Effect.fn("GuildsRepo.create")(function* (guild: NewGuild, admin: UserId) {
        const { ip, userAgent, id } = yield* RequestInfo
        const rows = yield* change(sql<GuildRow>`
          with made as (
            insert into guilds (name, realm, region, faction, game_version)
            values (${guild.name}, ${guild.realm}, ${guild.region}, ${guild.faction}, ${guild.game_version})
            returning *
          ), joined as (
            insert into guild_memberships (guild_id, user_id, role) select id, ${admin}, 'admin' from made
          ), audited as (
            insert into security_audit_events (user_id, event_type, ip_address, user_agent, metadata)
            select ${admin}, 'guild_created', ${ip}::inet, ${userAgent},
              jsonb_build_object('request_id', ${id}::text, 'guild_id', id)
            from made
          )
          select id, name, realm, region, faction, game_version, created_at, updated_at, deleted_at,
            'admin' as membership_role, null as invite_code
          from made`)
        return toGuild(rows[0]!)
      })

      const list = (user: UserId) =>
        sql<GuildRow>`${visible(user)} order by g.created_at desc, g.id`.pipe(
          read,
          Effect.map((rows) => rows.map(toGuild))
        )

      const find = (id: GuildId, user: UserId) =>
        sql<GuildRow>`${visible(user)} and g.id = ${id}`.pipe(
          read,
          Effect.map((rows) => (rows[0] === undefined ? undefined : toGuild(rows[0])))
        )

      const members = (id: GuildId, user: UserId) =>
        sql<MemberRow>`
          select m.user_id, m.role, m.created_at, m.updated_at,
            d.discord_user_id, p.username, p.global_name, p.avatar, p.discriminator
          from guilds g
          join guild_memberships me on me.guild_id = g.id and me.user_id = ${user} and me.deleted_at is null
          join guild_memberships m on m.guild_id = g.id and m.deleted_at is null
          join users u on u.id = m.user_id and u.deleted_at is null
          join discord_identities d on d.user_id = u.id
          join discord_profiles p on p.discord_identity_id = d.id
          where g.id = ${id} and g.deleted_at is null
          order by m.created_at, m.id`.pipe(
          read,
          Effect.map((rows) => rows.map(toMember))
        )

      return GuildsRepo.of({ create, list, find, members })
    })
  )
}
