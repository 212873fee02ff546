import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { change, read, Reads } from "../infra/Sql.ts"
import { type Guild, type GuildId, type GuildPatch, NewGuild } from "./Guild.ts"
import { type Asked, guildsSql } from "./GuildsSql.ts"

/** A guild as one of its members sees it, with the invite only if their role may see it. */
export type GuildView = Omit<Guild, "invite_url"> & { readonly invite_code: string | null }

export interface GuildRow extends Omit<GuildView, "created_at" | "updated_at" | "deleted_at" | "invite"> {
  readonly created_at: Date
  readonly updated_at: Date
  readonly deleted_at: Date | null
  readonly expires_at: Date | null
  readonly max_uses: number | null
  readonly uses: number | null
}

/** The columns of a guild that the API returns, and those of its invite. */
const guildColumns = ["id", ...Object.keys(NewGuild.fields), "created_at", "updated_at", "deleted_at"]
const inviteColumns = ["expires_at", "max_uses", "uses"]

/** All columns of a `GuildRow` except the role. Takes the statement's names for the guild and, if any, the invite. */
export const guildColumnsOf = (guild: string, invite?: string) =>
  [
    ...guildColumns.map((column) => `${guild}.${column}`),
    invite === undefined ? "null as invite_code" : `${invite}.code as invite_code`,
    ...inviteColumns.map((column) => (invite === undefined ? `null as ${column}` : `${invite}.${column}`))
  ].join(", ")

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
    /** Writes only the given fields. Undefined if the caller is not a member. */
    readonly update: (
      id: GuildId,
      caller: UserId,
      change: GuildPatch
    ) => Effect.Effect<(Asked & { readonly guild: GuildView | null }) | undefined, DependencyUnavailable>
    /** Soft delete; also ends the live invite. */
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
      const reads = yield* Reads
      const { changeGuild, event } = guildsSql(sql)

      /** The live guilds of a user, the base of every read. */
      const visible = (user: UserId) => sql`
        select ${sql.literal(guildColumnsOf("g", "i"))}, m.role as membership_role
        from live_members m
        join guilds g on g.id = m.guild_id
        left join live_guild_invites i on i.guild_id = g.id and m.role in ('officer', 'admin')
        where m.user_id = ${user}`

      const create = Effect.fnUntraced(function* (guild: NewGuild, admin: UserId) {
        const created = yield* event(admin, "guild_created", { guild: sql`id`, from: sql`made` })
        const rows = yield* change(sql<GuildRow>`
          with made as (insert into guilds ${sql.insert(guild)} returning *), joined as (
            insert into guild_memberships (guild_id, user_id, role) select id, ${admin}, 'admin' from made
          ), noted as (${created})
          select ${sql.literal(guildColumnsOf("made"))}, 'admin' as membership_role from made`)
        return toGuild(rows[0]!)
      })

      const update = Effect.fnUntraced(function* (id: GuildId, user: UserId, patch: GuildPatch) {
        const updated = yield* event(user, "guild_updated", {
          guild: sql`id`,
          detail: sql`${JSON.stringify(patch)}::text::jsonb`,
          from: sql`changed`
        })
        const fields = Object.keys(patch).length === 0 ? sql`` : sql`, ${sql.update(patch)}`
        const rows = yield* changeGuild<Asked & GuildRow>(
          id,
          user,
          sql`changed as (
            update guilds set updated_at = now()${fields}
            where id = ${id} and exists (select from caller where role = 'admin')
            returning *
          ), noted as (${updated})
          select ${sql.literal(guildColumnsOf("changed", "i"))}, caller.role as caller_role,
            caller.role as membership_role
          from caller left join changed on true left join live_guild_invites i on i.guild_id = changed.id`
        )
        const [row] = rows
        if (row === undefined) return undefined
        const { caller_role, ...guild } = row
        return { caller_role, guild: guild.id === null ? null : toGuild(guild) }
      })

      const remove = Effect.fnUntraced(function* (id: GuildId, user: UserId) {
        const deleted = yield* event(user, "guild_deleted", { guild: sql`id`, from: sql`changed` })
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
        reads<GuildRow>`${visible(user)} order by g.created_at desc, g.id`.pipe(
          read,
          Effect.map((rows) => rows.map(toGuild))
        )

      const find = (id: GuildId, user: UserId) =>
        reads<GuildRow>`${visible(user)} and g.id = ${id}`.pipe(
          read,
          Effect.map((rows) => (rows[0] === undefined ? undefined : toGuild(rows[0])))
        )

      return GuildsRepo.of({ create, update, remove, list, find })
    })
  )
}
