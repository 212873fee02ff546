import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { sessionLife } from "../auth/SessionLife.ts"
import type { GuildId } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { read, Reads } from "../infra/Sql.ts"

/** By which right somebody listens. */
export interface Right {
  /** The id of a session or a key. */
  readonly right: string
  readonly guild: GuildId
}

export class ListenersRepo extends Context.Service<
  ListenersRepo,
  {
    /** Of these rights, by their place in the list, those that ended: the session or the key is over, or the membership is. */
    readonly ended: (rights: ReadonlyArray<Right>) => Effect.Effect<ReadonlyArray<number>, DependencyUnavailable>
  }
>()("streams/ListenersRepo") {
  static readonly layer = Layer.effect(
    ListenersRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reads = yield* Reads
      const { live } = sessionLife(sql, "s")
      const ended = (rights: ReadonlyArray<Right>) =>
        reads<{ readonly n: number }>`
          select listener.n::int - 1 as n
          from unnest(string_to_array(${rights.map(({ right }) => right).join(" ")}, ' ')::uuid[],
            string_to_array(${rights.map(({ guild }) => guild).join(" ")}, ' ')::uuid[])
            with ordinality listener(right_id, guild_id, n)
          where not exists (
            select from user_sessions s
            join discord_identities i on i.user_id = s.user_id and i.relogin_required_at is null
            join live_members m on m.user_id = s.user_id
            where s.id = listener.right_id and m.guild_id = listener.guild_id and ${live}
          ) and not exists (
            select from guild_keys k join live_members m on m.user_id = k.id and m.guild_id = k.guild_id
            where k.id = listener.right_id and k.guild_id = listener.guild_id
              and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
          )`.pipe(
          read,
          Effect.map((rows) => rows.map(({ n }) => n))
        )
      return ListenersRepo.of({ ended })
    })
  )
}
