import { Context, Effect, Layer } from "effect"
import { actorJson } from "../auth/ActorSql.ts"
import type { UserId } from "../auth/User.ts"
import type { GuildId } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import type { JsonText } from "../http/JsonText.ts"
import { read, Reads } from "../infra/Sql.ts"
import { jsonObject, taggedReader } from "../infra/SqlJson.ts"
import { type Roster, RosterChange } from "./Roster.ts"
import { entriesJson, entryJoins, playersJson } from "./RosterSql.ts"

type RosterJson = { readonly roster: Roster }
export type HistoryPage = {
  readonly changes: ReadonlyArray<typeof RosterChange.Type>
  readonly next_cursor: string | null
}

/** Reads of a guild's roster, for its members. Undefined if the caller is none. */
export class RosterRepo extends Context.Service<
  RosterRepo,
  {
    /** In one statement; the tag is the revision. */
    readonly roster: (
      guild: GuildId,
      caller: UserId,
      known: string
    ) => Effect.Effect<Tagged<RosterJson> | undefined, DependencyUnavailable>
    /** A page of the history, newest first, from before that change. */
    readonly history: (
      guild: GuildId,
      caller: UserId,
      limit: number,
      before: string | undefined
    ) => Effect.Effect<JsonText<HistoryPage> | undefined, DependencyUnavailable>
  }
>()("roster/RosterRepo") {
  static readonly layer = Layer.effect(
    RosterRepo,
    Effect.gen(function* () {
      const sql = yield* Reads
      const rosters = taggedReader<RosterJson>(sql, {
        asked: sql`select guild_id from live_members where guild_id = ask.id and user_id = ask.user_id`,
        tag: sql`select revision::text from rosters where guild_id = asked.guild_id`,
        body: sql`
          select json_build_object('roster', json_build_object('revision', asked.tag::bigint, 'players', coalesce((
            select json_agg(${sql.literal(playersJson)} order by lower(p.name), p.id)
            from roster_players p left join (
              select e.player_id, ${sql.literal(entriesJson)} as characters
              from roster_entries e ${sql.literal(entryJoins())}
              where e.guild_id = asked.guild_id group by e.player_id
            ) h on h.player_id = p.id
            where p.guild_id = asked.guild_id), '[]')))`
      })

      const change = sql.literal(
        jsonObject(RosterChange.fields, "h", {
          id: "h.id::text",
          actor: actorJson("h.actor_id"),
          player: "json_build_object('id', h.player_id, 'name', h.player_name)",
          character: `case when h.character_id is not null then
            json_build_object('id', h.character_id, 'name', h.character_name) end`
        })
      )

      // One extra row shows whether there is a next page.
      const history = (guild: GuildId, user: UserId, limit: number, before: string | undefined) =>
        sql<{ readonly body: JsonText<HistoryPage> }>`
          with asked as (
            select guild_id from live_members where guild_id = ${guild} and user_id = ${user}
          ), page as (
            select h.*, row_number() over (order by h.id desc) as n
            from asked join roster_changes h on h.guild_id = asked.guild_id
            where h.id < coalesce(${before ?? null}::bigint, 9223372036854775807)
            order by h.id desc limit ${limit + 1}
          )
          select convert_to(json_build_object(
            'changes', coalesce((select json_agg(${change} order by h.id desc) from page h where h.n <= ${limit}), '[]'),
            'next_cursor', (select id::text from page where n = ${limit} and exists (select from page where n > ${limit}))
          )::text, 'UTF8') as body from asked`.pipe(
          read,
          Effect.map((rows) => rows[0]?.body)
        )

      return RosterRepo.of({ roster: (id, user, known) => rosters({ id, user, known }), history })
    })
  )
}
