import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import { type DependencyUnavailable, InvalidRequest } from "../http/ApiError.ts"
import type { Tagged } from "../http/ETag.ts"
import type { AdminRequired, GuildId, GuildNotFound } from "./Guild.ts"
import { GuildHistoryRepo, type HistoryPage } from "./GuildHistoryRepo.ts"
import { asAdmin } from "./Guilds.ts"

const readCursor = (cursor: string) => {
  const [, at, id] = /^([\d :.+-]{19,35})\|([0-9a-f-]{36})$/.exec(Buffer.from(cursor, "base64").toString()) ?? []
  return at === undefined || id === undefined ? undefined : { at, id }
}

/** A guild's history, for its admins. */
export class GuildHistory extends Context.Service<
  GuildHistory,
  {
    /** A page, newest first, with the cursor of the next page if there is one. */
    readonly page: (
      guild: GuildId,
      caller: UserId,
      options: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
      known: string
    ) => Effect.Effect<Tagged<HistoryPage>, GuildNotFound | AdminRequired | InvalidRequest | DependencyUnavailable>
  }
>()("guilds/GuildHistory") {
  static readonly layer = Layer.effect(
    GuildHistory,
    Effect.gen(function* () {
      const repo = yield* GuildHistoryRepo
      return GuildHistory.of({
        page: Effect.fnUntraced(function* (guild, caller, { limit = 50, cursor }, known) {
          const after = cursor === undefined ? undefined : readCursor(cursor)
          if (cursor !== undefined && after === undefined) {
            const fields = [{ field: "query.cursor", reason: "is not a cursor of this history" }]
            return yield* new InvalidRequest({ details: { fields } })
          }
          return yield* Effect.flatMap(repo.page(guild, caller, limit, after, known), asAdmin)
        })
      })
    })
  ).pipe(Layer.provide(GuildHistoryRepo.layer))
}
