import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { change, read } from "../infra/Sql.ts"
import type { Guild, GuildPatch, GuildId, NewGuild } from "./Guild.ts"
import { type Asked, guildsSql } from "./GuildsSql.ts"

/** A guild as one of its members sees it; the invite only where they may see it. */
export type GuildView = Omit<Guild, "invite_url"> & { readonly invite_code: string | null }

export interface GuildRow extends Omit<GuildView, "created_at" | "updated_at" | "deleted_at" | "invite"> {
  readonly created_at: Date
  readonly updated_at: Date
  readonly deleted_at: Date | null
  readonly expires_at: Date | null
  readonly max_uses: number | null
  readonly uses: number | null
}

export const toGuild = ({ expires_at, max_uses, uses, ...row }: GuildRow): GuildView => ({
  ...row,
  ...(uses === null ? {} : { invite: { expires_at: expires_at?.toISOString() ?? null, max_uses, uses } }),
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  deleted_at: row.deleted_at?.toISOString() ?? null
})

export class GuildsRepo extends Context.Service<
  GuildsRepo,
  {
    readonly create: (guild: NewGuild, admin: UserId) => Effect.Effect<GuildView, DependencyUnavailable>
    /** Writes only what was sent; undefined when the guild is not there for the caller. */
    readonly update: (
      id: GuildId,
      caller: UserId,
      change: GuildPatch
    ) => Effect.Effect<(Asked & { readonly guild: GuildView | null }) | undefined, DependencyUnavailable>
    /** Soft; ends the live invite with it. */
    readonly remove: (id: GuildId, caller: UserId) => Effect.Effect<Asked | undefined, DependencyUnavailable>
    /** The guilds a user is a member of, newest first. */
    readonly list: (user: UserId) => Effect.Effect<ReadonlyArray<GuildView>, DependencyUnavailable>
    readonly find: (id: GuildId, user: UserId) => Effect.Effect<GuildView | undefined, DependencyUnavailable>
  }
>()("guilds/GuildsRepo") {
  static readonly layer = Layer.effect(
    GuildsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { changeGuild, event } = guildsSql(sql)

      /** The live guilds of a user; everything a member may read starts here. */
      const visible = (user: UserId) => sql`
        select g.id, g.name, g.realm, g.region, g.faction, g.game_version, g.created_at, g.updated_at, g.deleted_at,
          m.role as membership_role, i.code as invite_code, i.expires_at, i.max_uses, i.uses
        from guild_memberships m
        join guilds g on g.id = m.guild_id and g.deleted_at is null
        left join live_guild_invites i on i.guild_id = g.id and m.role in ('officer', 'admin')
        where m.user_id = ${user} and m.deleted_at is null`

      const nothing = sql`null::uuid as target_user_id, '{}'::jsonb as detail`

      const create = Effect.fn("GuildsRepo.create")(function* (guild: NewGuild, admin: UserId) {
        const created = yield* event(admin, "guild_created", sql`select id as guild_id, ${nothing} from made`)
        const rows = yield* change(sql<GuildRow>`
          with made as (
            insert into guilds (name, realm, region, faction, game_version)
            values (${guild.name}, ${guild.realm}, ${guild.region}, ${guild.faction}, ${guild.game_version})
            returning *
          ), joined as (
            insert into guild_memberships (guild_id, user_id, role) select id, ${admin}, 'admin' from made
          ), noted as (${created})
          select made.*, 'admin' as membership_role, null as invite_code, null as expires_at, null as max_uses,
            null as uses
          from made`)
        return toGuild(rows[0]!)
      })

      const update = Effect.fn("GuildsRepo.update")(function* (id: GuildId, user: UserId, fields: GuildPatch) {
        const updated = yield* event(
          user,
          "guild_updated",
          sql`select id as guild_id, null::uuid as target_user_id, ${JSON.stringify(fields)}::text::jsonb as detail
            from changed`
        )
        const rows = yield* changeGuild<Asked & GuildRow>(
          id,
          user,
          sql`changed as (
            update guilds set name = coalesce(${fields.name ?? null}, name), realm = coalesce(${fields.realm ?? null}, realm),
              region = coalesce(${fields.region ?? null}, region), faction = coalesce(${fields.faction ?? null}, faction),
              game_version = coalesce(${fields.game_version ?? null}, game_version), updated_at = now()
            where id = ${id} and exists (select from caller where role = 'admin')
            returning *
          ), noted as (${updated})
          select changed.*, caller.role as caller_role, caller.role as membership_role, i.code as invite_code,
            i.expires_at, i.max_uses, i.uses
          from caller left join changed on true left join live_guild_invites i on i.guild_id = changed.id`
        )
        const [row] = rows
        if (row === undefined) return undefined
        const { caller_role, ...guild } = row
        return { caller_role, guild: guild.id === null ? null : toGuild(guild) }
      })

      const remove = Effect.fn("GuildsRepo.remove")(function* (id: GuildId, user: UserId) {
        const deleted = yield* event(user, "guild_deleted", sql`select id as guild_id, ${nothing} from changed`)
        const rows = yield* changeGuild<Asked>(
          id,
          user,
          sql`changed as (
            update guilds set deleted_at = now(), updated_at = now()
            where id = ${id} and exists (select from caller where role = 'admin')
            returning id
          ), ended as (
            update guild_invites set revoked_at = now(), updated_at = now()
            where guild_id = (select id from changed) and revoked_at is null
          ), noted as (${deleted})
          select role as caller_role from caller`
        )
        return rows[0]
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

      return GuildsRepo.of({ create, update, remove, list, find })
    })
  )
}
