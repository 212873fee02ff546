import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { avatarUrl } from "../auth/Avatar.ts"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { read } from "../infra/Sql.ts"
import type { GuildId, Member, GuildRole } from "./Guild.ts"
import { type Asked, guildsSql } from "./GuildsSql.ts"

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

/** What came of changing a member: who asked, whether somebody is there, and whether they are the last admin. */
export interface MemberChange extends Asked {
  readonly found: boolean
  readonly last_admin: boolean
  /** Null when nothing was changed. */
  readonly member: Member | null
}

interface ChangeRow extends Asked, MemberRow {
  readonly found: boolean
  readonly last_admin: boolean
}

export class MembersRepo extends Context.Service<
  MembersRepo,
  {
    /** Oldest first; empty when the user is no member. */
    readonly list: (guild: GuildId, user: UserId) => Effect.Effect<ReadonlyArray<Member>, DependencyUnavailable>
    readonly setRole: (
      guild: GuildId,
      caller: UserId,
      target: UserId,
      role: typeof GuildRole.Type
    ) => Effect.Effect<MemberChange | undefined, DependencyUnavailable>
    /** Ends the membership of somebody else, as an admin, or one's own. */
    readonly remove: (
      guild: GuildId,
      caller: UserId,
      target: UserId
    ) => Effect.Effect<MemberChange | undefined, DependencyUnavailable>
  }
>()("guilds/MembersRepo") {
  static readonly layer = Layer.effect(
    MembersRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { changeGuild, event } = guildsSql(sql)

      const list = (id: GuildId, user: UserId) =>
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

      /** The member to change, and whether the guild would be without an admin when they no longer were one. */
      const target = (guild: GuildId, user: UserId) => sql`
        target as (
          select m.id, m.user_id, m.role, m.role = 'admin' and not exists (
            select from guild_memberships other join users u on u.id = other.user_id and u.deleted_at is null
            where other.guild_id = ${guild} and other.deleted_at is null and other.role = 'admin' and other.id <> m.id
          ) as last_admin
          from guild_memberships m
          where m.guild_id = ${guild} and m.user_id = ${user} and m.deleted_at is null
        )`

      const outcome = sql`
        select caller.role as caller_role, target.id is not null as found, coalesce(target.last_admin, false) as last_admin,
          changed.user_id, changed.role, changed.created_at, changed.updated_at,
          d.discord_user_id, p.username, p.global_name, p.avatar, p.discriminator
        from caller left join target on true left join changed on true
        left join discord_identities d on d.user_id = changed.user_id
        left join discord_profiles p on p.discord_identity_id = d.id`

      const toChange = ([row]: ReadonlyArray<ChangeRow>): MemberChange | undefined =>
        row && {
          caller_role: row.caller_role,
          found: row.found,
          last_admin: row.last_admin,
          member: row.user_id === null ? null : toMember(row)
        }

      const setRole = Effect.fn("MembersRepo.setRole")(function* (
        guild: GuildId,
        caller: UserId,
        user: UserId,
        role: typeof GuildRole.Type
      ) {
        const changed = yield* event(
          caller,
          "guild_role_changed",
          sql`select changed.guild_id, changed.user_id as target_user_id,
              jsonb_build_object('from', target.role, 'to', changed.role) as detail
            from changed join target using (id) where target.role <> changed.role`
        )
        const rows = yield* changeGuild<ChangeRow>(
          guild,
          caller,
          sql`${target(guild, user)}, changed as (
            update guild_memberships m
            set role = ${role}, updated_at = case when m.role = ${role} then m.updated_at else now() end
            from target
            where m.id = target.id and exists (select from caller where role = 'admin')
              and (${role} = 'admin' or not target.last_admin)
            returning m.*
          ), noted as (${changed}) ${outcome}`
        )
        return toChange(rows)
      })

      const remove = Effect.fn("MembersRepo.remove")(function* (guild: GuildId, caller: UserId, user: UserId) {
        const left = yield* event(
          caller,
          caller === user ? "guild_left" : "guild_member_removed",
          sql`select guild_id, user_id as target_user_id, jsonb_build_object('role', role) as detail from changed`
        )
        const rows = yield* changeGuild<ChangeRow>(
          guild,
          caller,
          sql`${target(guild, user)}, changed as (
            update guild_memberships m set deleted_at = now(), updated_at = now()
            from target, caller
            where m.id = target.id and (caller.role = 'admin' or caller.id = target.id) and not target.last_admin
            returning m.*
          ), noted as (${left}) ${outcome}`
        )
        return toChange(rows)
      })

      return MembersRepo.of({ list, setRole, remove })
    })
  )
}
