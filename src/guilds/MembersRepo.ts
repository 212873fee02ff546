import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import { Reads } from "../infra/Sql.ts"
import { jsonArray, jsonObject, taggedReader, versionOf } from "../infra/SqlJson.ts"
import { type GuildId, type GuildRole, Member } from "./Guild.ts"
import { type Asked, guildsSql } from "./GuildsSql.ts"

/** The outcome of changing a member. `found` says whether there is such a member. */
export interface MemberChange extends Asked {
  readonly found: boolean
  readonly last_admin: boolean
  /** Null if nothing was changed. */
  readonly member: Member | null
}

export class MembersRepo extends Context.Service<
  MembersRepo,
  {
    /** Oldest first. Undefined if the user is not a member. */
    readonly list: (
      guild: GuildId,
      user: UserId,
      known: string
    ) => Effect.Effect<Tagged<{ readonly members: ReadonlyArray<Member> }> | undefined, DependencyUnavailable>
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
      const reads = yield* Reads
      const { changeGuild, event } = guildsSql(sql)

      const member = (table: string) => jsonObject(Member.fields, table, { discord: "discord_user(i, p)" })

      const rows = sql`
        from live_members m
        join discord_identities i on i.user_id = m.user_id
        join discord_profiles p on p.discord_identity_id = i.id
        where m.guild_id = asked.guild_id`
      const members = taggedReader<{ readonly members: ReadonlyArray<Member> }>(reads, {
        asked: sql`select guild_id from live_members where guild_id = ask.id and user_id = ask.user_id`,
        tag: sql`select ${sql.literal(versionOf("m.updated_at", "p.updated_at"))} ${rows}`,
        body: sql`
          select row_to_json(r) from (
            select ${sql.literal(jsonArray(member("m"), "m.created_at, m.id"))} as members ${rows}) r`
      })
      const list = (id: GuildId, user: UserId, known: string) => members({ id, user, known })

      /** The member to change, and whether they are the guild's last admin. A key is none: it is revoked. */
      const target = (guild: GuildId, user: UserId) => sql`
        target as (
          select m.id, m.user_id, m.role, m.role = 'admin' and not exists (
            select from live_members other
            where other.guild_id = ${guild} and other.role = 'admin' and other.id <> m.id
          ) as last_admin
          from live_members m
          where m.guild_id = ${guild} and m.user_id = ${user}
            and not exists (select from guild_keys k where k.id = m.user_id)
        )`

      const outcome = sql`
        select caller.role as caller_role, target.id is not null as found, coalesce(target.last_admin, false) as last_admin,
          case when changed.id is not null then ${sql.literal(member("changed"))} end as member
        from caller left join target on true left join changed on true
        left join discord_identities i on i.user_id = changed.user_id
        left join discord_profiles p on p.discord_identity_id = i.id`

      const setRole = Effect.fnUntraced(function* (
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
        const rows = yield* changeGuild<MemberChange>(
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
        return rows[0]
      })

      const remove = Effect.fnUntraced(function* (guild: GuildId, caller: UserId, user: UserId) {
        const left = yield* event(caller, caller === user ? "guild_left" : "guild_member_removed", {
          guild: sql`guild_id`,
          target: sql`user_id`,
          detail: sql`jsonb_build_object('role', role)`,
          from: sql`changed`
        })
        const rows = yield* changeGuild<MemberChange>(
          guild,
          caller,
          sql`${target(guild, user)}, changed as (
            update guild_memberships m set deleted_at = now(), updated_at = now()
            from target, caller
            where m.id = target.id and (caller.role = 'admin' or caller.id = target.id) and not target.last_admin
            returning m.*
          ), noted as (${left}) ${outcome}`
        )
        return rows[0]
      })

      return MembersRepo.of({ list, setRole, remove })
    })
  )
}
