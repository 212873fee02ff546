import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { UserId } from "../auth/User.ts"
import type { GuildId } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { BnetCharacter } from "../refreshes/battlenet/BnetClient.ts"
import { change, read } from "../infra/Sql.ts"
import type { WclCharacter } from "../refreshes/warcraftlogs/WclClient.ts"
import type { BattlenetSnapshot, Character, CharacterDetail, CharacterId, WarcraftlogsSnapshot } from "./Character.ts"

interface CharacterRow extends Omit<Character, "created_at" | "updated_at" | "deleted_at"> {
  readonly created_at: Date
  readonly updated_at: Date
  readonly deleted_at: Date | null
}

interface DetailRow extends CharacterRow {
  readonly battlenet: BattlenetSnapshot | null
  readonly warcraftlogs: WarcraftlogsSnapshot | null
}

const toCharacter = <Row extends CharacterRow>(row: Row) => ({
  ...row,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  deleted_at: row.deleted_at?.toISOString() ?? null
})

/** PostgreSQL writes times inside JSON with an offset in place of `Z`. */
const toSnapshot = <S extends { readonly fetched_at: string }>(snapshot: S): S => ({
  ...snapshot,
  fetched_at: new Date(snapshot.fetched_at).toISOString()
})

const toDetail = (row: DetailRow): CharacterDetail => ({
  ...toCharacter(row),
  battlenet: row.battlenet && toSnapshot(row.battlenet),
  warcraftlogs: row.warcraftlogs && toSnapshot(row.warcraftlogs)
})

export class CharactersRepo extends Context.Service<
  CharactersRepo,
  {
    /** The live characters of a guild's members, by name; undefined when the user is no member. */
    readonly ofGuild: (
      guild: GuildId,
      user: UserId
    ) => Effect.Effect<ReadonlyArray<Character> | undefined, DependencyUnavailable>
    /** A character the user owns, or whose owner shares a guild with them. */
    readonly find: (id: CharacterId, user: UserId) => Effect.Effect<CharacterDetail | undefined, DependencyUnavailable>
    readonly findOwned: (id: CharacterId, user: UserId) => Effect.Effect<Character | undefined, DependencyUnavailable>
    /** Keeps the parts that could not be read as they were; undefined when the character is gone. */
    readonly storeWarcraftlogs: (
      id: CharacterId,
      found: WclCharacter
    ) => Effect.Effect<WarcraftlogsSnapshot | undefined, DependencyUnavailable>
    readonly storeBattlenet: (
      id: CharacterId,
      found: BnetCharacter
    ) => Effect.Effect<BattlenetSnapshot | undefined, DependencyUnavailable>
  }
>()("characters/CharactersRepo") {
  static readonly layer = Layer.effect(
    CharactersRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const columns = sql.literal(
        ["id", "user_id", "name", "region", "server", "class", "race", "spec", "role", "rank"]
          .concat("created_at", "updated_at", "deleted_at")
          .map((column) => `c.${column}`)
          .join(", ")
      )

      const ofGuild = (guild: GuildId, user: UserId) =>
        sql<CharacterRow | { readonly id: null }>`
          select ${columns}
          from guilds g
          join guild_memberships me on me.guild_id = g.id and me.user_id = ${user} and me.deleted_at is null
          left join (
            guild_memberships m
            join users u on u.id = m.user_id and u.deleted_at is null
            join characters c on c.user_id = m.user_id and c.deleted_at is null
          ) on m.guild_id = g.id and m.deleted_at is null
          where g.id = ${guild} and g.deleted_at is null
          order by lower(c.name), c.id`.pipe(
          read,
          Effect.map((rows) =>
            rows.length === 0 ? undefined : rows.filter((row): row is CharacterRow => row.id !== null).map(toCharacter)
          )
        )

      const find = (id: CharacterId, user: UserId) =>
        sql<DetailRow>`
          select ${columns},
            to_jsonb(b) - 'character_id' - 'battlenet_id' as battlenet, to_jsonb(w) - 'character_id' as warcraftlogs
          from characters c
          join users u on u.id = c.user_id and u.deleted_at is null
          left join character_battlenet_snapshots b on b.character_id = c.id
          left join character_warcraftlogs_snapshots w on w.character_id = c.id
          where c.id = ${id} and c.deleted_at is null
            and (c.user_id = ${user} or exists (
              select from guild_memberships mine
              join guild_memberships theirs on theirs.guild_id = mine.guild_id and theirs.deleted_at is null
              join guilds g on g.id = mine.guild_id and g.deleted_at is null
              where mine.user_id = ${user} and mine.deleted_at is null and theirs.user_id = c.user_id))`.pipe(
          read,
          Effect.map((rows) => (rows[0] === undefined ? undefined : toDetail(rows[0])))
        )

      const findOwned = (id: CharacterId, user: UserId) =>
        sql<CharacterRow>`
          select ${columns} from characters c
          where c.id = ${id} and c.user_id = ${user} and c.deleted_at is null`.pipe(
          read,
          Effect.map((rows) => (rows[0] === undefined ? undefined : toCharacter(rows[0])))
        )

      const storeWarcraftlogs = Effect.fn("CharactersRepo.storeWarcraftlogs")(function* (
        id: CharacterId,
        { gear, rankings, ...found }: WclCharacter
      ) {
        const rows = yield* change(sql<{ snapshot: WarcraftlogsSnapshot }>`
          insert into character_warcraftlogs_snapshots as old (character_id, gear, rankings, zone_id, metric,
            best_performance_average, median_performance_average, total_kills, partial, error)
          select id, coalesce(${json(gear)}::text::jsonb, '[]'), coalesce(${json(rankings)}::text::jsonb, '[]'),
            ${found.zone_id}::int, ${found.metric}, ${found.best_performance_average}::double precision,
            ${found.median_performance_average}::double precision, ${found.total_kills}::int,
            ${found.partial}::boolean, ${found.error}
          from characters where id = ${id} and deleted_at is null
          on conflict (character_id) do update set
            gear = coalesce(${json(gear)}::text::jsonb, old.gear), partial = excluded.partial, error = excluded.error,
            fetched_at = now()${
              rankings === undefined
                ? sql``
                : sql`,
            rankings = excluded.rankings, zone_id = excluded.zone_id, metric = excluded.metric,
            best_performance_average = excluded.best_performance_average,
            median_performance_average = excluded.median_performance_average, total_kills = excluded.total_kills`
            }
          returning to_jsonb(old) - 'character_id' as snapshot`)
        return rows[0] && toSnapshot(rows[0].snapshot)
      })

      const storeBattlenet = Effect.fn("CharactersRepo.storeBattlenet")(function* (
        id: CharacterId,
        found: BnetCharacter
      ) {
        const rows = yield* change(sql<{ snapshot: BattlenetSnapshot }>`
          insert into character_battlenet_snapshots as old (character_id, battlenet_id, avatar_url, level,
            equipped_item_level, active_spec_name, faction, error)
          select id, ${found.battlenet_id}::bigint, ${found.avatar_url}, ${found.level}::int,
            ${found.equipped_item_level}::int, ${found.active_spec_name}, ${found.faction}, ${found.error}
          from characters where id = ${id} and deleted_at is null
          on conflict (character_id) do update set
            battlenet_id = excluded.battlenet_id, level = excluded.level,
            equipped_item_level = excluded.equipped_item_level,
            avatar_url = ${found.unread.includes("avatar_url") ? sql`old.avatar_url` : sql`excluded.avatar_url`},
            active_spec_name = ${found.unread.includes("active_spec_name") ? sql`old.active_spec_name` : sql`excluded.active_spec_name`},
            faction = excluded.faction, error = excluded.error, fetched_at = now()
          returning to_jsonb(old) - 'character_id' - 'battlenet_id' as snapshot`)
        return rows[0] && toSnapshot(rows[0].snapshot)
      })

      return CharactersRepo.of({ ofGuild, find, findOwned, storeWarcraftlogs, storeBattlenet })
    })
  )
}

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value))
