import { Context, Effect, Layer } from "effect"
import type { UserId } from "../auth/User.ts"
import { type DependencyUnavailable, InvalidRequest } from "../http/ApiError.ts"
import type { AdminRequired, GuildEvent, GuildId, GuildNotFound } from "./Guild.ts"
import { GuildHistoryRepo, type Position } from "./GuildHistoryRepo.ts"
import { asAdmin } from "./Guilds.ts"

const write = ({ at, id }: Position) => Buffer.from(`${at}|${id}`).toString("base64url")

const readCursor = (cursor: string) => {
  const [, at, id] = /^([\d :.+-]{19,35})\|([0-9a-f-]{36})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? []
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
      options: { readonly limit?: number | undefined; readonly cursor?: string | undefined }
    ) => Effect.Effect<
      { readonly events: ReadonlyArray<GuildEvent>; readonly next_cursor: string | null },
      GuildNotFound | AdminRequired | InvalidRequest | DependencyUnavailable
    >
  }
>()("guilds/GuildHistory") {
  static readonly layer = Layer.effect(
    GuildHistory,
    Effect.gen(function* () {
      const repo = yield* GuildHistoryRepo
      return GuildHistory.of({
        page: Effect.fnUntraced(function* (guild, caller, { limit = 50, cursor }) {
          const after = cursor === undefined ? undefined : readCursor(cursor)
          if (cursor !== undefined && after === undefined) {
            const fields = [{ field: "query.cursor", reason: "is not a cursor of this history" }]
            return yield* new InvalidRequest({ details: { fields } })
          }
          // One extra row shows whether there is a next page.
          const { events } = yield* Effect.flatMap(repo.page(guild, caller, limit + 1, after), asAdmin)
          const shown = events.slice(0, limit)
          const last = events.length > limit ? shown.at(-1) : undefined
          return { events: shown, next_cursor: last === undefined ? null : write(last) }
        })
      })
    })
  ).pipe(Layer.provide(GuildHistoryRepo.layer))
}
