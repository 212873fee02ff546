import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { read, Reads } from "../infra/Sql.ts"
import type { GuildId, GuildPreview } from "./Guild.ts"
import { guildColumnsOf, type GuildRow, type GuildView, toGuild } from "./GuildsRepo.ts"
import { type Asked, guildsSql } from "./GuildsSql.ts"

/** The limits of an invite: seconds from now, and how many users can accept it; null means no limit. */
export interface InviteLimits {
  readonly seconds: number | null
  readonly maxUses: number | null
}

interface InviteRow {
  readonly guild_id: GuildId | null
  readonly code: string
  readonly expires_at: Date | null
  readonly max_uses: number | null
  readonly uses: number
}

export class InvitesRepo extends Context.Service<
  InvitesRepo,
  {
    /** Ends the live code, if any, and stores this one. Undefined if the caller is not a member. */
    readonly rotate: (
      guild: GuildId,
      caller: UserId,
      code: string,
      limits: InviteLimits
    ) => Effect.Effect<(Asked & InviteRow) | undefined, DependencyUnavailable>
    readonly revoke: (guild: GuildId, caller: UserId) => Effect.Effect<Asked | undefined, DependencyUnavailable>
    readonly preview: (code: string) => Effect.Effect<GuildPreview | undefined, DependencyUnavailable>
    /** Joins as applicant. `joined` is false if the user is already a member; undefined if the code is not live. */
    readonly accept: (
      code: string,
      user: UserId
    ) => Effect.Effect<{ readonly joined: boolean; readonly guild: GuildView } | undefined, DependencyUnavailable>
  }
>()("guilds/InvitesRepo") {
  static readonly layer = Layer.effect(
    InvitesRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads
      const { changeGuild, event, inTurn } = guildsSql(sql)

      const ended = (guild: GuildId) => sql`
        ended as (
          update guild_invites set revoked_at = now(), updated_at = now()
          where guild_id = ${guild} and revoked_at is null and exists (select from caller where role = 'admin')
          returning guild_id
        )`

      const rotate = Effect.fnUntraced(function* (
        guild: GuildId,
        user: UserId,
        code: string,
        { seconds, maxUses }: InviteLimits
      ) {
        const rotated = yield* event(user, "guild_invite_rotated", { guild: sql`guild_id`, from: sql`made` })
        // Counting the ended rows makes PostgreSQL end the old code before it inserts the new: only one may be live.
        const rows = yield* changeGuild<Asked & InviteRow>(
          guild,
          user,
          sql`${ended(guild)}, made as (
            insert into guild_invites (guild_id, code, created_by_user_id, expires_at, max_uses)
            select ${guild}, ${code}, ${user},
              now() + make_interval(secs => ${seconds}::double precision), ${maxUses}::int
            from caller, (select count(*) from ended) before
            where caller.role = 'admin'
            returning guild_id, code, expires_at, max_uses, uses
          ), noted as (${rotated})
          select caller.role as caller_role, made.* from caller left join made on true`
        )
        return rows[0]
      })

      const revoke = Effect.fnUntraced(function* (guild: GuildId, user: UserId) {
        const revoked = yield* event(user, "guild_invite_revoked", { guild: sql`guild_id`, from: sql`ended` })
        const rows = yield* changeGuild<Asked>(
          guild,
          user,
          sql`${ended(guild)}, noted as (${revoked}) select role as caller_role from caller`
        )
        return rows[0]
      })

      const preview = (code: string) =>
        reads<GuildPreview>`
          select g.name, g.realm, g.region, g.faction
          from live_guild_invites i join guilds g on g.id = i.guild_id and g.deleted_at is null
          where i.code = ${code}`.pipe(
          read,
          Effect.map((rows) => rows[0])
        )

      const accept = Effect.fnUntraced(function* (code: string, user: UserId) {
        const joined = yield* event(user, "guild_joined", {
          guild: sql`guild_id`,
          target: sql`user_id`,
          from: sql`joined`
        })
        const rows = yield* inTurn(
          sql`select from guilds where id = (select guild_id from live_guild_invites where code = ${code}) for update`,
          sql<GuildRow & { readonly joined: boolean }>`
            with invite as (
              select i.id as invite_id, g.* from live_guild_invites i
              join guilds g on g.id = i.guild_id and g.deleted_at is null where i.code = ${code}
            ), joined as (
              insert into guild_memberships (guild_id, user_id, role)
              select id, ${user}, 'applicant' from invite
              on conflict (guild_id, user_id) where deleted_at is null do nothing
              returning guild_id, user_id
            ), counted as (
              update guild_invites set uses = uses + 1, updated_at = now()
              where id = (select invite_id from invite) and exists (select from joined)
            ), noted as (${joined})
            select ${sql.literal(guildColumnsOf("invite"))}, 'applicant' as membership_role,
              exists (select from joined) as joined
            from invite`
        )
        const [row] = rows
        if (row === undefined) return undefined
        const { joined: isNew, ...guild } = row
        return { joined: isNew, guild: toGuild(guild) }
      })

      return InvitesRepo.of({ rotate, revoke, preview, accept })
    })
  )
}
