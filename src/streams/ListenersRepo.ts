import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { SessionId } from "../auth/Session.ts"
import { sessionLife } from "../auth/SessionLife.ts"
import type { GuildId } from "../guilds/Guild.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import { read, Reads } from "../infra/Sql.ts"

/** By which right somebody listens. */
export interface Right {
  readonly session: SessionId
  readonly guild: GuildId
}

export class ListenersRepo extends Context.Service<
  ListenersRepo,
  {
    /** Of these rights, by their place in the list, those that ended: the session is over, or the membership is. */
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
          from unnest(string_to_array(${rights.map(({ session }) => session).join(" ")}, ' ')::uuid[],
            string_to_array(${rights.map(({ guild }) => guild).join(" ")}, ' ')::uuid[])
            with ordinality listener(session_id, guild_id, n)
          where not exists (
            select from user_sessions s
            join discord_identities i on i.user_id = s.user_id and i.relogin_required_at is null
            join live_members m on m.user_id = s.user_id
            where s.id = listener.session_id and m.guild_id = listener.guild_id and ${live}
          )`.pipe(
          read,
          Effect.map((rows) => rows.map(({ n }) => n))
        )
      return ListenersRepo.of({ ended })
    })
  )
}
