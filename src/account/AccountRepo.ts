import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { auditEvents } from "../audit/AuditEvents.ts"
import type { UserId } from "../auth/User.ts"
import type { DependencyUnavailable } from "../http/ApiError.ts"
import type { JsonText } from "../http/JsonText.ts"
import { change } from "../infra/Sql.ts"
import type { Orphan } from "./Account.ts"
import type { AccountExport } from "./AccountExport.ts"
import { exportSql } from "./ExportSql.ts"

/** What became of a deletion; the rest is null unless it says otherwise. */
export interface Forgotten {
  readonly outcome: "done" | "unknown" | "mismatch" | "last_admin"
  /** Those without another admin, if there are any. */
  readonly guilds: ReadonlyArray<Orphan> | null
  /** The hashes of the tokens that ended, when it is done. */
  readonly sessions: ReadonlyArray<string> | null
  /** A sealed token of the person's at Discord, which are erased here when it is done; null if there was none. */
  readonly token: string | null
  /** The end of what is kept, when it is done. */
  readonly events_until: Date | null
}

/** Something of the person was written at the same time, or another change got the locks first. */
const again = new Set(["40001", "40P01"])

export class AccountRepo extends Context.Service<
  AccountRepo,
  {
    /** All that is stored about a person, with an event that says so. Undefined if there is no such account any more. */
    readonly exported: (user: UserId) => Effect.Effect<JsonText<AccountExport> | undefined, DependencyUnavailable>
    /** Deletes an account if the confirmation is its username. Events without a name stay for so many days. */
    readonly forget: (
      user: UserId,
      confirmation: string,
      keptDays: number
    ) => Effect.Effect<Forgotten, DependencyUnavailable>
  }
>()("account/AccountRepo") {
  static readonly layer = Layer.effect(
    AccountRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      // Not on a connection that others share: it can be long.
      const exported = Effect.fn("AccountRepo.exported")(function* (user: UserId) {
        const noted = yield* auditEvents(sql, { type: "account_exported", user: sql`id`, from: sql`me` })
        const rows = yield* change(sql<{ readonly body: JsonText<AccountExport> }>`
          with me as materialized (
            select u.id, i.discord_user_id from users u join discord_identities i on i.user_id = u.id
            where u.id = ${user} and u.deleted_at is null
          ), noted as (${noted})
          select convert_to((${sql.literal(exportSql)})::text, 'UTF8') as body from me`)
        return rows[0]?.body
      })

      const forget = Effect.fn("AccountRepo.forget")(function* (user: UserId, confirmation: string, days: number) {
        const rows = yield* change(
          sql<Forgotten>`
            with access as materialized (
              select coalesce(t.refresh_token_ciphertext, t.access_token_ciphertext) as token
              from discord_oauth_tokens t join discord_identities i on i.id = t.discord_identity_id
              where i.user_id = ${user}
            )
            select f.*, access.token
            from forget_user(${user}, ${confirmation}, make_interval(days => ${days}::int)) f
            left join access on true`.pipe(
            Effect.retry({
              times: 3,
              while: ({ reason }) => again.has(String((reason.cause as { readonly code?: unknown }).code))
            })
          )
        )
        return rows[0]!
      })

      return AccountRepo.of({ exported, forget })
    })
  )
}
