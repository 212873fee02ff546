import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import { read, Reads } from "../infra/Sql.ts"
import { jsonArray, jsonObject, taggedReader, versionOf } from "../infra/SqlJson.ts"
import { Character, CharacterDetail, type CharacterId } from "./Character.ts"
import { battlenetJson, warcraftlogsJson } from "./SnapshotSql.ts"

export class CharactersRepo extends Context.Service<
  CharactersRepo,
  {
    /** The live characters of a guild's members, by name. Undefined if the user is not a member. */
    readonly ofGuild: (
      guild: string,
      user: UserId,
      known: string
    ) => Effect.Effect<Tagged<{ readonly characters: ReadonlyArray<Character> }> | undefined, DependencyUnavailable>
    /** A character of the user, or of someone who shares a guild with them. */
    readonly find: (
      id: CharacterId,
      user: UserId,
      known: string
    ) => Effect.Effect<Tagged<{ readonly character: CharacterDetail }> | undefined, DependencyUnavailable>
    readonly findOwned: (id: CharacterId, user: UserId) => Effect.Effect<Character | undefined, DependencyUnavailable>
  }
>()("characters/CharactersRepo") {
  static readonly layer = Layer.effect(
    CharactersRepo,
    Effect.gen(function* () {
      const sql = yield* Reads

      const character = jsonObject(Character.fields, "c")
      const list = sql.literal(jsonArray(character, "lower(c.name), c.id"))
      const detail = sql.literal(
        jsonObject(CharacterDetail.fields, "c", {
          battlenet: `case when b.character_id is not null then ${battlenetJson("b")} end`,
          warcraftlogs: `case when w.character_id is not null then ${warcraftlogsJson("w")} end`
        })
      )

      const rows = sql`
        from live_members m join characters c on c.user_id = m.user_id and c.deleted_at is null
        where m.guild_id = asked.guild_id`
      const characters = taggedReader<{ readonly characters: ReadonlyArray<Character> }>(sql, {
        asked: sql`select guild_id from live_members where guild_id = ask.id and user_id = ask.user_id`,
        tag: sql`select ${sql.literal(versionOf("c.updated_at"))} ${rows}`,
        body: sql`select row_to_json(r) from (select ${list} as characters ${rows}) r`
      })

      const row = sql`
        from characters c
        left join character_battlenet_snapshots b on b.character_id = c.id
        left join character_warcraftlogs_snapshots w on w.character_id = c.id
        where c.id = asked.id`
      const details = taggedReader<{ readonly character: CharacterDetail }>(sql, {
        asked: sql`
          select c.id from characters c join users u on u.id = c.user_id and u.deleted_at is null
          where c.id = ask.id and c.deleted_at is null
            and (c.user_id = ask.user_id or exists (
              select from live_members mine join live_members theirs using (guild_id)
              where mine.user_id = ask.user_id and theirs.user_id = c.user_id))`,
        tag: sql`select ${sql.literal(versionOf("c.updated_at", "b.fetched_at", "w.fetched_at"))} ${row}`,
        body: sql`select row_to_json(r) from (select ${detail} as character ${row}) r`
      })

      const findOwned = (id: CharacterId, user: UserId) =>
        sql<{ readonly character: Character }>`
          select ${sql.literal(character)} as character from characters c
          where c.id = ${id} and c.user_id = ${user} and c.deleted_at is null`.pipe(
          read,
          Effect.map((rows) => rows[0]?.character)
        )

      return CharactersRepo.of({
        ofGuild: (id, user, known) => characters({ id, user, known }),
        find: (id, user, known) => details({ id, user, known }),
        findOwned
      })
    })
  )
}
