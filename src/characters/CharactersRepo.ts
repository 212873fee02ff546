import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import { Reads, sharedRead } from "../infra/Sql.ts"
import { jsonArray, jsonObject, taggedReader, versionOf } from "../infra/SqlJson.ts"
import { Character, CharacterDetail, type CharacterId } from "./Character.ts"
import { battlenetJson, warcraftlogsJson } from "./SnapshotSql.ts"

export class CharactersRepo extends Context.Service<
  CharactersRepo,
  {
    /** The characters on a guild's roster, as it sees them, by name. Undefined if the user is not a member. */
    readonly ofGuild: (
      guild: string,
      user: UserId,
      known: string
    ) => Effect.Effect<Tagged<{ readonly characters: ReadonlyArray<Character> }> | undefined, DependencyUnavailable>
    /** A character of the user, of someone who shares a guild with them, or on the roster of a guild of theirs. */
    readonly find: (
      id: CharacterId,
      user: UserId,
      known: string
    ) => Effect.Effect<Tagged<{ readonly character: CharacterDetail }> | undefined, DependencyUnavailable>
    /**
     * A character that the user may refresh, in the role that they give it: their own, or one on a roster they lead.
     * Null if they may only look at it, undefined if not even that.
     */
    readonly findRefreshable: (
      id: CharacterId,
      user: UserId
    ) => Effect.Effect<Character | null | undefined, DependencyUnavailable>
  }
>()("characters/CharactersRepo") {
  static readonly layer = Layer.effect(
    CharactersRepo,
    Effect.gen(function* () {
      const sql = yield* Reads

      const view = jsonObject(Character.fields, "c", { spec: "e.spec", role: "e.role", rank: "e.rank" })
      const list = sql.literal(jsonArray(view, "lower(c.name), c.id"))
      const detail = sql.literal(
        jsonObject(CharacterDetail.fields, "c", {
          battlenet: `case when b.character_id is not null then ${battlenetJson("b")} end`,
          warcraftlogs: `case when w.character_id is not null then ${warcraftlogsJson("w")} end`
        })
      )

      const rows = sql`
        from roster_players p
        join roster_entries e on e.player_id = p.id
        join characters c on c.id = e.character_id and c.deleted_at is null
        where p.guild_id = asked.guild_id and p.status <> 'inactive'`
      const characters = taggedReader<{ readonly characters: ReadonlyArray<Character> }>(sql, {
        asked: sql`select guild_id from live_members where guild_id = ask.id and user_id = ask.user_id`,
        tag: sql`select ${sql.literal(versionOf("c.updated_at", "e.updated_at"))} ${rows}`,
        body: sql`select row_to_json(r) from (select ${list} as characters ${rows}) r`
      })

      const row = sql`
        from characters c
        left join character_battlenet_snapshots b on b.character_id = c.id
        left join character_warcraftlogs_snapshots w on w.character_id = c.id
        where c.id = asked.id`
      /** Whether the user `ask.user_id` may look at a character `c`. */
      const visible = sql`
        ((c.user_id = ask.user_id or exists (
            select from live_members mine join live_members theirs using (guild_id)
            where mine.user_id = ask.user_id and theirs.user_id = c.user_id))
          and exists (select from users u where u.id = c.user_id and u.deleted_at is null)
          or exists (
            select from live_members mine join roster_entries e using (guild_id)
            where mine.user_id = ask.user_id and e.character_id = c.id))`
      const details = taggedReader<{ readonly character: CharacterDetail }>(sql, {
        asked: sql`
          select c.id from characters c
          where c.id = ask.id and c.deleted_at is null and ${visible}`,
        tag: sql`select ${sql.literal(versionOf("c.updated_at", "b.fetched_at", "w.fetched_at", "w.gear_fetched_at"))} ${row}`,
        body: sql`select row_to_json(r) from (select ${detail} as character ${row}) r`
      })

      interface Asked {
        readonly id: CharacterId
        readonly user: UserId
      }
      // A hundred presses of one button are one statement.
      const refreshable = sharedRead((asks: ReadonlyArray<Asked>) => {
        const list = (texts: ReadonlyArray<string>) => sql`string_to_array(${texts.join("\n")}, chr(10))::uuid[]`
        return sql<{ readonly n: number; readonly character: Character | null }>`
          select ask.n::int as n, case when c.user_id = ask.user_id or e.role is not null then
            ${sql.literal(jsonObject(Character.fields, "c", { role: "coalesce(e.role, c.role)" }))} end as character
          from unnest(${list(asks.map(({ id }) => id))}, ${list(asks.map(({ user }) => user))})
            with ordinality ask(id, user_id, n)
          join characters c on c.id = ask.id and c.deleted_at is null
          left join lateral (
            select e.role from roster_entries e join live_members m using (guild_id)
            where e.character_id = c.id and m.user_id = ask.user_id and m.role in ('officer', 'admin')
              and c.user_id is distinct from ask.user_id
            order by e.created_at limit 1
          ) e on true
          where ${visible}`.pipe(
          Effect.map((rows) => {
            const found = new Map(rows.map(({ n, character }) => [n, character]))
            return asks.map((_, at) => found.get(at + 1))
          })
        )
      })

      return CharactersRepo.of({
        ofGuild: (id, user, known) => characters({ id, user, known }),
        find: (id, user, known) => details({ id, user, known }),
        findRefreshable: (id, user) => refreshable({ id, user })
      })
    })
  )
}
