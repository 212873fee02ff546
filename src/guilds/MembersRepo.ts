import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { read } from "../infra/Sql.ts"
import type { GuildId, Member, GuildRole } from "./Guild.ts"
import { type Asked, guildsSql } from "./GuildsSql.ts"

interface MemberRow extends Omit<Member, "created_at" | "updated_at"> {
  readonly created_at: Date
  readonly updated_at: Date
}

const toMember = (row: MemberRow): Member => ({
  user_id: row.user_id,
  role: row.role,
  discord: row.discord,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString()
})

/** The outcome of changing a member. `found` says whether there is such a member. */
export interface MemberChange extends Asked {
  readonly found: boolean
  readonly last_admin: boolean
  /** Null if nothing was changed. */
  readonly member: Member | null
}

interface ChangeRow extends Asked, MemberRow {
  readonly found: boolean
  readonly last_admin: boolean
}

export class MembersRepo extends Context.Service<
  MembersRepo,
  {
    /** Oldest first; empty if the user is not a member. */
    readonly list: (guild: GuildId, user: UserId) => Effect.Effect<ReadonlyArray<Member>, DependencyUnavailable>
    readonly setRole: (
      guild: GuildId,
      caller: UserId,
      target: UserId,
      role: typeof GuildRole.Type
    ) => Effect.Effect<MemberChange | undefined, DependencyUnavailable>
    /** Ends a membership: any if the caller is an admin, otherwise only their own. */
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
          select m.user_id, m.role, m.created_at, m.updated_at, discord_user(i, p) as discord
          from live_members me
          join live_members m using (guild_id)
          join discord_identities i on i.user_id = m.user_id
          join discord_profiles p on p.discord_identity_id = i.id
          where me.guild_id = ${id} and me.user_id = ${user}
          order by m.created_at, m.id`.pipe(
          read,
          Effect.map((rows) => rows.map(toMember))
        )

      /** The member to change, and whether they are the guild's last admin. */
      const target = (guild: GuildId, user: UserId) => sql`
        target as (
          select m.id, m.user_id, m.role, m.role = 'admin' and not exists (
            select from live_members other
            where other.guild_id = ${guild} and other.role = 'admin' and other.id <> m.id
          ) as last_admin
          from live_members m
          where m.guild_id = ${guild} and m.user_id = ${user}
        )`

      const outcome = sql`
        select caller.role as caller_role, target.id is not null as found, coalesce(target.last_admin, false) as last_admin,
          changed.user_id, changed.role, changed.created_at, changed.updated_at, discord_user(i, p) as discord
        from caller left join target on true left join changed on true
        left join discord_identities i on i.user_id = changed.user_id
        left join discord_profiles p on p.discord_identity_id = i.id`

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
        const changed = yield* event(caller, "guild_role_changed", {
          guild: sql`changed.guild_id`,
          target: sql`changed.user_id`,
          detail: sql`jsonb_build_object('from', target.role, 'to', changed.role)`,
          from: sql`changed join target using (id) where target.role <> changed.role`
        })
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
        const left = yield* event(caller, caller === user ? "guild_left" : "guild_member_removed", {
          guild: sql`guild_id`,
          target: sql`user_id`,
          detail: sql`jsonb_build_object('role', role)`,
          from: sql`changed`
        })
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
