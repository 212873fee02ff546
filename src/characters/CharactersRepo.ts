import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { read } from "../infra/Sql.ts"
import {
  type BattlenetSnapshot,
  type Character,
  type CharacterDetail,
  type CharacterId,
  toSnapshot,
  type WarcraftlogsSnapshot
} from "./Character.ts"

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

const toDetail = (row: DetailRow): CharacterDetail => ({
  ...toCharacter(row),
  battlenet: row.battlenet && toSnapshot(row.battlenet),
  warcraftlogs: row.warcraftlogs && toSnapshot(row.warcraftlogs)
})

export class CharactersRepo extends Context.Service<
  CharactersRepo,
  {
    /** The live characters of a guild's members, by name. Undefined if the user is not a member. */
    readonly ofGuild: (
      guild: string,
      user: UserId
    ) => Effect.Effect<ReadonlyArray<Character> | undefined, DependencyUnavailable>
    /** A character the user owns, or whose owner shares a guild with them. */
    readonly find: (id: CharacterId, user: UserId) => Effect.Effect<CharacterDetail | undefined, DependencyUnavailable>
    readonly findOwned: (id: CharacterId, user: UserId) => Effect.Effect<Character | undefined, DependencyUnavailable>
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

      const ofGuild = (guild: string, user: UserId) =>
        sql<CharacterRow | { readonly id: null }>`
          select ${columns}
          from live_members me
          left join (live_members m join characters c on c.user_id = m.user_id and c.deleted_at is null)
            on m.guild_id = me.guild_id
          where me.guild_id = ${guild} and me.user_id = ${user}
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
              select from live_members mine join live_members theirs using (guild_id)
              where mine.user_id = ${user} and theirs.user_id = c.user_id))`.pipe(
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

      return CharactersRepo.of({ ofGuild, find, findOwned })
    })
  )
}
