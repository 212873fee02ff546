import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { KeyScope } from "../auth/KeyScope.ts"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { read, Reads } from "../infra/Sql.ts"
import { jsonArray, jsonObject } from "../infra/SqlJson.ts"
import type { GuildId } from "./Guild.ts"
import { GuildKey } from "./GuildKey.ts"
import { type Asked, guildsSql, personJson } from "./GuildsSql.ts"

interface Made {
  readonly id: UserId
  readonly name: string
  readonly prefix: string
  readonly hash: string
  readonly scopes: ReadonlyArray<KeyScope>
  /** Until it ends. */
  readonly seconds: number | null
}

/** Null if the caller may not, or it is not there. */
type Changed = Asked & { readonly key: GuildKey | null }

/** The most live keys of a guild. The table's trigger has the same number. */
const most = 20

/** The keys of a guild. Undefined if the caller is not a member. */
export class GuildKeysRepo extends Context.Service<
  GuildKeysRepo,
  {
    /** The live ones, newest first; none if the caller is no admin. */
    readonly list: (
      guild: GuildId,
      caller: UserId
    ) => Effect.Effect<(Asked & { readonly keys: ReadonlyArray<GuildKey> }) | undefined, DependencyUnavailable>
    /** `full` if the guild has no room for another. */
    readonly create: (
      guild: GuildId,
      caller: UserId,
      made: Made
    ) => Effect.Effect<(Changed & { readonly full: boolean }) | undefined, DependencyUnavailable>
    readonly revoke: (
      guild: GuildId,
      caller: UserId,
      key: UserId
    ) => Effect.Effect<Changed | undefined, DependencyUnavailable>
  }
>()("guilds/GuildKeysRepo") {
  static readonly layer = Layer.effect(
    GuildKeysRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads
      const { caller, changeGuild, event } = guildsSql(sql)

      const json = (table: string) =>
        jsonObject(GuildKey.fields, table, { created_by: personJson(`${table}.created_by`) })
      const isLive = sql.literal("k.revoked_at is null and (k.expires_at is null or k.expires_at > now())")
      const detail = sql`jsonb_build_object('key_id', id, 'name', name, 'prefix', prefix, 'scopes', scopes)`

      const list = (guild: GuildId, user: UserId) =>
        reads<Asked & { readonly keys: ReadonlyArray<GuildKey> }>`
          with caller as (${caller(guild, user)})
          select caller.role as caller_role, (
            select ${sql.literal(jsonArray(json("k"), "k.created_at desc, k.id"))} from guild_keys k
            where caller.role = 'admin' and k.guild_id = ${guild} and ${isLive}) as keys
          from caller`.pipe(
          read,
          Effect.map((rows) => rows[0])
        )

      const create = Effect.fnUntraced(function* (guild: GuildId, user: UserId, made: Made) {
        const noted = yield* event(user, "guild_key_created", { guild: sql`guild_id`, detail, from: sql`made` })
        const rows = yield* changeGuild<Changed & { readonly full: boolean }>(
          guild,
          user,
          sql`room as (
            select (select count(*) from guild_keys k where k.guild_id = ${guild} and ${isLive}) < ${most}::int as free
          ), actor as (
            insert into users (id) select ${made.id}::uuid from caller, room where role = 'admin' and free returning id
          ), joined as (
            insert into guild_memberships (guild_id, user_id, role) select ${guild}, id, 'officer' from actor
          ), made as (
            insert into guild_keys (id, guild_id, name, prefix, token_hash, scopes, created_by, expires_at)
            select id, ${guild}, ${made.name}, ${made.prefix}, ${made.hash},
              array(select distinct unnest(string_to_array(${made.scopes.join(" ")}, ' ')) order by 1), ${user},
              now() + make_interval(secs => ${made.seconds}::double precision)
            from actor returning *
          ), noted as (${noted})
          select caller.role as caller_role, case when made.id is not null then ${sql.literal(json("made"))} end as key,
            not room.free as full
          from caller cross join room left join made on true`
        )
        return rows[0]
      })

      const revoke = Effect.fnUntraced(function* (guild: GuildId, user: UserId, key: UserId) {
        const noted = yield* event(user, "guild_key_revoked", { guild: sql`guild_id`, detail, from: sql`ended` })
        const rows = yield* changeGuild<Changed>(
          guild,
          user,
          sql`ended as (
            update guild_keys k set revoked_at = now() from caller
            where k.id = ${key} and k.guild_id = ${guild} and caller.role = 'admin' and ${isLive}
            returning k.*
          ), noted as (${noted})
          select caller.role as caller_role, case when ended.id is not null then ${sql.literal(json("ended"))} end as key
          from caller left join ended on true`
        )
        return rows[0]
      })

      return GuildKeysRepo.of({ list, create, revoke })
    })
  )
}
